from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from samples import FULL, items

from keepframe.wire.item_header import _misfit
from keepframe.wire.modest import is_modest

EVERYDAY = replace(FULL, part="", source="clip.mp4")


@given(items())
def test_what_is_modest_fits(item):
    """A frame that is let pass at a glance is one that the reader believes."""
    if len(item.frames) == 1 and item.count == 1 and is_modest(item.frames[0]):
        assert _misfit(item) == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"notes": {"text": "x" * 5000}},
        {"notes": {f"note{i}": "x" * 100 for i in range(40)}},
        {"notes": {f"note{i}": i for i in range(65)}},
        {"notes": {"nothing": float("nan")}},
        {"notes": {"much": 2**70}},
        {"notes": {"list": [1, 2]}},
        {"notes": {1: "key"}},
        {"scores": {"ssim": float("inf")}},
        {"scores": {"ssim": "high"}},
        {"threshold": float("nan")},
        {"threshold": np.float32(1)},
        {"reason": "ж" * 513},
        {"source": "caf\udce9"},
        {"part": "0." * 20},
        {"time_ns": 2**63},
        {"time_ns": 1.5},
        {"index": -1},
        {"stream": -1},
        {"outcome": "lost"},
        {"picture": replace(FULL.picture, matrix="bt2020")},
    ],
)
def test_whatever_is_out_of_the_common_is_looked_at_closely(changes):
    """What might not fit is not let pass at a glance."""
    assert not is_modest(replace(EVERYDAY, **changes))


def test_a_frame_of_everyday_is_modest():
    """One with picture, working image, a score and some notes is."""
    assert is_modest(EVERYDAY)
