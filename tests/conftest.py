"""
What every test leaves as it found it.

Loading a pipeline makes its folder's modules importable; running it sets the environment of its processes, and what this one
writes of what happens: all for good.
"""

import gc
import logging
import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from keepframe.run.logs import Lines

settings.register_profile(
    "keepframe", deadline=None
)  # what is right does not depend on how busy the machine is
settings.load_profile("keepframe")


COMPUTING = ("metrics", "preprocess", "score", "stage", "wire")
"""The rooms whose slow tests only compute: nothing in them has to be ready by a deadline, so they may share the machine."""


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items):
    """Mark what .ci/run may run on all cores, though it is slow."""
    for item in items:
        if item.path.parent.name in COMPUTING and item.get_closest_marker("slow"):
            item.add_marker("computes")


def pytest_collection_finish():
    """The thousands of collected tests stay until the end: Python's collector need not look through them again and again."""
    gc.freeze()


@pytest.fixture(autouse=True)
def _environment_is_left_as_it_was():
    """Such as how processes write what happens."""
    before = dict(os.environ)
    yield
    if os.environ != before:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(autouse=True)
def _log_is_left_as_it_was():
    """Else what it has left out, of all tests since, is told behind the summary."""
    yield
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, Lines)]:
        root.removeHandler(handler)
        handler.close()


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
