"""The package itself: light to import, and what it offers under its own name."""

import subprocess
import sys

import pytest

import keepframe


def test_importing_keepframe_imports_nothing_heavy():
    """What is heavy comes when it is asked for."""
    code = "import sys, keepframe; print([m for m in ('cv2', 'av', 'numpy', 'zmq', 'click') if m in sys.modules], keepframe.Keeper)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[] <class 'keepframe.keeper.keeper.Keeper'>"


@pytest.mark.parametrize("name", ["Keeper", "compare", "metrics", "testing"])
def test_what_is_for_everybody_is_found_in_the_package(name):
    """`import keepframe` is enough to write keepframe.metrics.ssim(a, b)."""
    assert getattr(keepframe, name)


def test_another_name_is_an_attribute_error():
    """As of every module."""
    with pytest.raises(AttributeError, match="has no attribute 'keeper_of_bees'"):
        _ = keepframe.keeper_of_bees
