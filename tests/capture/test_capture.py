"""The room as the kernel sees it: short names, each imported when it is asked for."""

import subprocess
import sys
from pathlib import Path

import pytest

from keepframe import capture
from keepframe.stage.contract import read_contract

CLIP = Path(__file__).parents[2] / "examples" / "lobby.mp4"


@pytest.mark.parametrize("name", capture.__all__)
def test_every_short_name_is_a_source_with_a_memory_or_a_live_one(name):
    """That is what the kernel reads from its signature."""
    source = getattr(capture, name)
    contract = read_contract(source, name)

    assert (contract.kind, contract.per) == ("source", "camera")
    assert contract.has_memory != (source.is_live is True)


def test_another_name_is_no_source():
    """As of any module."""
    with pytest.raises(AttributeError, match=r"module 'keepframe\.capture' has no attribute 'lidar'"):
        _ = capture.lidar


def test_the_decoder_is_not_imported_before_a_video_is_read():
    """A stage that looks for its own name here does not wait for it, nor does who only loads a pipeline with a video."""
    code = (
        "import pathlib, sys, keepframe.capture as c; c.folder, c.video; print('av' in sys.modules); "
        f"next(c.video(path=pathlib.Path({str(CLIP)!r}))()); print('av' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert ended.stdout.split() == ["False", "True"]
