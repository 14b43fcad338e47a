"""Smooth pictures, as cameras give them, for the tests of this room."""

import os

import cv2
import numpy as np
import pytest

from keepframe.picture.owned_slots import OwnedSlots
from keepframe.picture.slots import Slots, read_only


def smooth(height, width, low=0, high=255, *, seed=0):
    """A gray picture without edges: a field of 3x3 values, interpolated."""
    coarse = np.random.default_rng(seed).uniform(low, high, (3, 3)).astype(np.float32)
    field = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip(np.rint(field), low, high).astype(np.uint8)


def colored(height, width, *, seed=0):
    """A smooth BGR picture."""
    return np.dstack([smooth(height, width, 20, 235, seed=seed + i) for i in range(3)])


@pytest.fixture
def photo():
    """A smooth BGR picture of 96x128 with some texture, so that its JPEG has a few KB."""
    grain = np.random.default_rng(5).normal(0, 8, (96, 128, 3))
    return np.clip(colored(96, 128) + grain, 0, 255).astype(np.uint8)


@pytest.fixture
def make_smooth():
    """Smooth gray pictures on request."""
    return smooth


@pytest.fixture
def make_colored():
    """Smooth BGR pictures on request."""
    return colored


@pytest.fixture
def fd():
    """A picture store of 8 slots and 64 KB."""
    fd = Slots.create(1 << 16, 8)
    yield fd
    os.close(fd)


@pytest.fixture
def owner(fd):
    """The store as its owner has it."""
    return OwnedSlots(fd)


@pytest.fixture
def reader(fd, owner):
    """The store as a reader has it."""
    readers_fd = read_only(fd)
    yield Slots(readers_fd)
    os.close(readers_fd)
