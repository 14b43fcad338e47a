"""What the tests of this folder share: short folders for sockets, a pipeline, a seat in it; running.py beside this can be imported."""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from keepframe.config import load
from keepframe.run.control import Control
from keepframe.run.hand import Hand
from keepframe.run.process import Seat

sys.path.insert(0, str(Path(__file__).parent))

TEXT = '[cameras.lobby]\nsource = "synthetic"\ncount = 5\n'


@pytest.fixture
def short():
    """A folder whose path leaves room for the names of sockets."""
    with tempfile.TemporaryDirectory(prefix="kf", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def sockets(short, monkeypatch):
    """Runtime folders are made in here."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
    return short


@pytest.fixture
def loaded(tmp_path, monkeypatch):
    """Load a pipeline from its text; one without a camera gets one."""
    monkeypatch.setattr(sys, "path", list(sys.path))  # loading adds the pipeline's folder

    def load_text(text="", *sets):
        path = tmp_path / "pipeline.toml"
        path.write_text(text if "cameras" in text else TEXT + text, encoding="utf-8")
        return load(path, sets)

    return load_text


@pytest.fixture
def seat(loaded, short):
    """A seat in a pipeline of this text for a process of this name, without a supervisor."""
    hands = []
    threads = cv2.getNumThreads()

    def make(name, text="", **more):
        hands.append(Hand(Hand.create()))
        return replace(Seat(loaded(text), name, short, Control(None), hands[-1]), **more)

    yield make
    for hand in hands:
        hand.close()
    cv2.setNumThreads(threads)
