"""Frames, scenes and user's metrics the score tests start from."""

import sys
import types

import cv2
import numpy as np
import pytest

from keepframe.frame import Frame


@pytest.fixture
def flat():
    """Return a function that makes a frame of one level all over: its seq, the level, the shape of its working image."""

    def make(seq, level, shape=(8, 8)):
        return Frame(camera="door", stream=2, seq=seq).with_image(np.full(shape, level, np.uint8))

    return make


@pytest.fixture(scope="session")
def leaves():
    """Return a function that makes pictures of a texture that sways by up to two pixels, (48, 64), with a little noise."""

    def make(count, seed=0):
        rng = np.random.default_rng(seed)
        wide = cv2.GaussianBlur(rng.integers(20, 140, (64, 80)).astype(np.float32), (0, 0), 1.0)
        for _ in range(count):
            x, y = rng.integers(6, 11, 2)
            picture = wide[y : y + 48, x : x + 64] + rng.normal(0, 1.0, (48, 64))
            yield np.clip(picture, 0, 255).astype(np.uint8)

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
