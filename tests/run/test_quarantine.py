"""Frames that kill their process in real pipelines: they lie in quarantine, and the next start tries them again."""

import numpy as np
import pytest
from running import begin, is_sound, left_behind, rows, run, write

from keepframe.archive import Archive, quarantine
from keepframe.archive.quarantine import RETRY_OF
from keepframe.archive.reading import Reader
from keepframe.config import load
from keepframe.frame import Frame, Item
from keepframe.picture import Picture
from keepframe.stage import read_source

pytestmark = pytest.mark.slow

COUNT = 60
PICTURE = Picture.of(np.full((240, 320), 90, np.uint8))
CAMERA = '[cameras.a]\nsource = "synthetic"\n'
FINITE = f"{CAMERA}count = {COUNT}\n"
DEADLY = '[stages.preprocess]\nsteps = [{{ use = "mine:slow", seconds = {} }}, {{ use = "mine:deadly", seq = {} }}, {{ use = "grayscale" }}]\n'
HARMLESS = "--set=stages.preprocess.steps=[{ use = 'grayscale' }]"


def in_quarantine(folder):
    """The names of the frames in quarantine."""
    return [entry.row.name for entry in quarantine.entries(folder / "archive")]


def streams(folder):
    """How many rows each stream has."""
    counted = {}
    for row in rows(folder):
        counted[row[1]] = counted.get(row[1], 0) + 1
    return counted


def reasons(folder):
    """Why each stream ended; None while it has no end."""
    with Reader(folder / "archive") as reader:
        return {s.stream: s.reason if s.frames is not None else None for s in reader.streams()}


def test_poison_lies_in_quarantine_with_its_exact_picture_and_goes_through_once_it_may(tmp_path):
    """Its bytes are the source's; tried again it gets a row in a stream of its own, and nothing else changes."""
    folder = write(tmp_path, FINITE + DEADLY.format(0.001, 17))
    assert run(folder) == 1
    (entry,) = quarantine.entries(folder / "archive")
    before = rows(folder)
    frame = quarantine.read(folder / "archive", entry)
    use = load(folder / "pipeline.toml").cameras["a"].source
    shots = read_source(use.bound.contract, use.options, "a")
    original = next(shot.frame for number, shot in enumerate(shots) if number == 17)

    assert (entry.row.name, entry.killed) == ("a/0/17", "preprocess")
    assert bytes(frame.picture.handle.data()) == bytes(original.picture.handle.data())

    quarantine.mark(folder / "archive", ["a/0/17"])
    assert run(folder, HARMLESS) == 0
    again = [row for row in rows(folder) if row[1] == 1]

    assert [row for row in rows(folder) if row[1] == 0] == before
    assert [(row[2], row[7][RETRY_OF]) for row in again] == [(0, "a/0/17")]
    assert reasons(folder) == {0: "", 1: ""}
    assert in_quarantine(folder) == []
    assert is_sound(folder)
    assert left_behind(folder) == ([], [], [])


def test_what_kills_again_when_tried_again_stays_in_quarantine(tmp_path):
    """It fails in its new stream too, costs no other frame, and is tried no third time by itself."""
    folder = write(tmp_path, FINITE + DEADLY.format(0.001, 0))
    assert run(folder) == 1
    quarantine.mark(folder / "archive", [])
    assert run(folder) == 1
    assert run(folder) == 0

    assert [row[:4] for row in rows(folder) if row[3] == "failed"] == [
        ("a", 0, 0, "failed"),
        ("a", 1, 0, "failed"),
    ]
    assert streams(folder) == {0: COUNT, 1: 1}
    assert in_quarantine(folder) == ["a/0/0"]
    assert is_sound(folder)


def test_an_unfinished_stream_goes_on_under_its_own_numbers_before_anything_is_tried_again(tmp_path):
    """A finite source that was drained half-way keeps its stream; the retried frame comes after its end."""
    folder = write(tmp_path, FINITE + DEADLY.format(0.1, 3) + "[stages.capture]\nstore = { frames = 10 }\n")
    running = begin(folder)
    running.wait_until(lambda: running.settled() > 5, "the poison is settled")
    running.process.terminate()
    assert running.end() in (0, 1)
    assert reasons(folder) == {0: None}

    quarantine.mark(folder / "archive", [])
    assert run(folder, HARMLESS) in (0, 1)

    assert streams(folder) == {0: COUNT, 1: 1}
    assert in_quarantine(folder) == []
    assert is_sound(folder)


def test_a_live_camera_tries_first_and_drops_none_of_what_it_tries(tmp_path):
    """Its policy is that the newest wins; what comes out of quarantine is no new picture."""
    folder = write(tmp_path, CAMERA + "fps = 50.0\n" + DEADLY.format(0.0, 0))
    for arguments in ([], [HARMLESS]):
        running = begin(folder, *arguments)
        running.wait_until(lambda running=running: running.settled() > 20, "it runs")
        running.process.terminate()
        running.end()
        quarantine.mark(folder / "archive", [])
    tried = [row for row in rows(folder) if RETRY_OF in row[7]]

    assert [(row[1], row[2]) for row in tried] == [(1, 0)]
    assert tried[0][3] in ("kept", "unchanged")
    assert streams(folder)[2] > 0
    assert in_quarantine(folder) == []
    assert is_sound(folder)


@pytest.mark.parametrize("live", [True, False])
def test_a_kill_in_the_middle_loses_none_and_tries_none_twice(live, tmp_path):
    """Captures, stages and the archive are killed over ten frames out of quarantine; each gets one row, apart from the camera's own."""
    slow = '[stages.preprocess]\nsteps = [{ use = "mine:slow", seconds = 0.1 }, { use = "grayscale" }]\n'
    folder = write(tmp_path, (CAMERA if live else FINITE) + slow)
    items = [
        Item((Frame(camera="a", seq=seq, outcome="failed", reason="poison: x died", picture=PICTURE),))
        for seq in range(10)
    ]
    with Archive(folder=folder / "archive") as archive:
        archive.open("a", (0, 1, 7), None)
        archive.commit(
            "a", (0, 1, 7), (0, 10), [*items, Item((Frame(camera="a", seq=10, outcome="end"),))], {}, []
        )
    quarantine.mark(folder / "archive", [])
    running = begin(folder)
    for stage in ("capture", "preprocess", "archive"):
        left = len(in_quarantine(folder))
        running.wait_until(lambda left=left: len(in_quarantine(folder)) < left, "one has gone through")
        running.kill(stage)
    running.wait_until(lambda: not in_quarantine(folder), "all have gone through")
    if live:
        running.process.terminate()
    running.end()
    tried = [row for row in rows(folder) if RETRY_OF in row[7]]
    own = [row for row in rows(folder) if row[1] > 0 and RETRY_OF not in row[7]]

    assert sorted(row[7][RETRY_OF] for row in tried) == [f"a/0/{seq}" for seq in range(10)]
    assert {row[1] for row in tried}.isdisjoint({row[1] for row in own})
    assert live or sorted(row[2] for row in own) == list(range(COUNT))
    assert is_sound(folder)
    assert left_behind(folder) == ([], [], [])
