"""Frames and user's metrics the score tests start from."""

import sys
import types

import numpy as np
import pytest

from keepframe.frame import Frame


@pytest.fixture
def flat():
    """Return a function that makes a frame of one level all over: its seq, the level, the shape of its working image."""

    def make(seq, level, shape=(8, 8)):
        return Frame(camera="door", stream=2, seq=seq).with_image(np.full(shape, level, np.uint8))

    return make


@pytest.fixture
def mine(monkeypatch):
    """Return a function that puts a function into the module `mine` of a user and gives its import string."""
    module = types.ModuleType("mine")
    monkeypatch.setitem(sys.modules, "mine", module)

    def put(function):
        module.distance = function
        return "mine:distance"

    return put
