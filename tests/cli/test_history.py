from pathlib import Path

import pytest

from keepframe.archive import Row
from keepframe.cli.history import chosen, newest

ROWS = [
    Row(camera=camera, stream=0, seq=n, outcome="unchanged", time_ns=(n + late) * 10**9)
    for camera, late in (("a", 0), ("b", 100))
    for n in range(10)
]


def test_each_camera_has_its_own_newest_hours():
    """By its own pictures, not by the clock."""
    assert [(row.camera, row.seq) for row in newest(ROWS, "1s")] == [("a", 8), ("a", 9), ("b", 8), ("b", 9)]
    assert newest(ROWS, None) == ROWS


def test_one_camera_is_chosen_by_name():
    """An unknown one is told with those there are."""
    assert {row.camera for row in chosen(ROWS, "b", Path("archive"))} == {"b"}
    assert chosen(ROWS, None, Path("archive")) == ROWS
    with pytest.raises(LookupError, match="archive: no camera 'c'; known: a, b"):
        chosen(ROWS, "c", Path("archive"))


def test_what_is_no_duration_is_told_under_the_options_name():
    """It is the option that is wrong, not a camera's interval."""
    with pytest.raises(ValueError, match=r"^--last: expected a duration"):
        newest(ROWS, "soon")
