"""Whole pipelines whose score is much slower than a camera: with `latest` the newest pictures win, with `block` the source waits."""

from collections import defaultdict

import pytest
from running import begin, is_sound, write

from keepframe.archive.reading import Reader

TIMED = '''
import time

import numpy as np

from keepframe.frame import Frame
from keepframe.picture import Picture


def paced(*, count: int = 1, every: float = 1.0):
    """A picture, and no other one sooner than so many seconds later: a camera that never hurries after a pause."""
    for n in range(count):
        yield Frame(picture=Picture.of(np.full((72, 96), n % 256, np.uint8)), time_ns=time.time_ns())
        time.sleep(every)


def timed(frame, *, seconds: float = 0.1):
    """Take so long for each frame; note when it began."""
    begun_ns = time.time_ns()
    time.sleep(seconds)
    return frame.with_note("begun_ns", begun_ns)
'''
CAMERA = """
[cameras.{name}]
source = "timed:paced"
policy = "{policy}"
count = {count}
every = {every}
"""
STAGES = """
[stages.capture]
store = {{ frames = 8 }}
[stages.score]
inputs = ["capture"]
use = "timed:timed"
seconds = {seconds}
[stages.archive]
inputs = ["score"]
use = "archive"
"""


def pipeline(folder, policy, seconds, **cameras):
    """A pipeline of such cameras, each so many pictures at such intervals in seconds."""
    said = [
        CAMERA.format(name=name, policy=policy, count=count, every=every)
        for name, (count, every) in cameras.items()
    ]
    write(folder, "".join(said) + STAGES.format(seconds=seconds))
    (folder / "stages" / "timed.py").write_text(TIMED)
    return folder


def rows_of(folder):
    """The rows of each camera, in order."""
    found = defaultdict(list)
    with Reader(folder / "archive") as reader:
        for row in reader.rows():
            found[row.camera].append(row)
    return found


@pytest.mark.slow
def test_with_latest_a_slow_camera_loses_nothing_to_a_fast_one(tmp_path, sockets):
    """Each frame begins a service per camera after it was captured, on a busy machine twice that; the rest of the fast one's are gaps."""
    folder = pipeline(tmp_path, "latest", 0.1, fast=(150, 0.02), slow=(6, 0.6))

    assert begin(folder).end() == 0
    assert is_sound(folder)

    found = rows_of(folder)
    outcomes = {name: {row.outcome for row in rows} for name, rows in found.items()}
    begun = sorted(
        row.notes["begun_ns"] for rows in found.values() for row in rows if "begun_ns" in row.notes
    )
    waited = [
        sum(row.time_ns < at < row.notes["begun_ns"] for at in begun)
        for rows in found.values()
        for row in rows
        if "begun_ns" in row.notes
    ]
    gaps = [row.count for row in found["fast"] if row.outcome == "dropped"]

    assert outcomes == {"fast": {"kept", "dropped"}, "slow": {"kept"}}
    assert {name: sum(row.count for row in rows) for name, rows in found.items()} == {"fast": 150, "slow": 6}
    assert sum(gaps) > 75
    assert len(gaps) < sum(gaps) / 2
    assert max(waited) <= 2 * len(found)


@pytest.mark.slow
def test_with_block_nothing_is_lost_and_no_more_is_held_than_the_store_has_room_for(tmp_path, sockets):
    """Two cameras that could give everything at once wait for the score."""
    folder = pipeline(tmp_path, "block", 0.02, fast=(50, 0.001), slow=(30, 0.001))
    running, held = begin(folder), []
    running.wait_until(
        lambda: held.append(running.in_flight()) or running.settled() >= 60, "most are settled"
    )

    assert running.end() == 0
    assert is_sound(folder)

    found = rows_of(folder)

    assert {name: [row.seq for row in rows] for name, rows in found.items()} == {
        "fast": list(range(50)),
        "slow": list(range(30)),
    }
    assert {row.outcome for rows in found.values() for row in rows} == {"kept"}
    assert 8 <= max(held) <= 2 * 8
