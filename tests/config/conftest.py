import sys
from pathlib import Path

import pytest

from keepframe.config import load
from keepframe.errors import ConfigError

sys.path.insert(0, str(Path(__file__).parent))

CAMERA = '[cameras.lobby]\nsource = "video"\npath = "clip.mp4"\n'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder for a pipeline; what a test makes importable there is forgotten after it."""
    known = set(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    for name in set(sys.modules) - known:
        if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in str(sys.modules[name].__file__):
            del sys.modules[name]


@pytest.fixture
def loaded(folder):
    """Load a pipeline from its text; one without a camera gets one."""

    def load_text(text="", *sets, only=None):
        path = folder / "pipeline.toml"
        path.write_text(text if "cameras" in text else CAMERA + text, encoding="utf-8")
        return load(path, sets, only=only)

    return load_text


@pytest.fixture
def problems(loaded):
    """What is wrong with a pipeline, as a list."""

    def find_problems(text="", *sets, only=None):
        with pytest.raises(ConfigError) as caught:
            loaded(text, *sets, only=only)
        return caught.value.problems

    return find_problems
