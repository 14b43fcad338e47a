"""
What every test leaves as it found it.

Loading a pipeline makes its folder's modules importable, and running it sets the environment of its processes: both for good.
"""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile(
    "keepframe", deadline=None
)  # what is right does not depend on how busy the machine is
settings.load_profile("keepframe")


@pytest.fixture(autouse=True)
def _environment_is_left_as_it_was():
    """Such as how processes write what happens."""
    before = dict(os.environ)
    yield
    if os.environ != before:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(autouse=True)
def _imports_are_left_as_they_were(tmp_path_factory):
    """The search path, and no module of a test's own folder: the next test has modules of the same names."""
    path, temporary, before = list(sys.path), tmp_path_factory.getbasetemp(), set(sys.modules)
    yield
    sys.path[:] = path
    for name in sys.modules.keys() - before:
        file = getattr(sys.modules[name], "__file__", None)
        if file and Path(file).is_relative_to(temporary):
            del sys.modules[name]
