"""The room's door: what it offers, each imported when it is asked for."""

import subprocess
import sys

import pytest

from keepframe import run


@pytest.mark.parametrize("name", run.__all__)
def test_every_name_that_is_offered_is_there(name):
    """A function or a class that bears that name."""
    assert getattr(run, name).__name__ == name


def test_another_name_is_none():
    """As of any module."""
    with pytest.raises(AttributeError, match=r"module 'keepframe\.run' has no attribute 'start'"):
        _ = run.start


def test_a_child_does_not_import_the_supervisor():
    """Every process would pay for it, at every start."""
    code = (
        "import sys, keepframe.run as run\nrun.run_process\nprint('keepframe.run.supervisor' in sys.modules)\n"
        "run.supervise\nprint('keepframe.run.supervisor' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert ended.stdout.split() == ["False", "True"]
