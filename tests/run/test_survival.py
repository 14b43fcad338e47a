"""What a live camera has captured outlives its capture process, and pictures in shared memory are those that travel inline."""

import contextlib
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from running import DEADLINE_S, begin, is_sound, left_behind, rows, run, write

from keepframe.archive.reading import Reader

pytestmark = pytest.mark.slow

SOURCE = '''
import os
from pathlib import Path

import numpy as np

from keepframe.frame import Frame


class Ticking:
    """Writes down what has been captured: a frame is, as soon as the next one is asked for."""

    is_live = True

    def __init__(self, *, folder: Path = Path(".")):
        self.folder = folder

    def __call__(self):
        lives, captured = self.folder / "lives", self.folder / "captured"
        with lives.open("a") as file:
            file.write("x")
        n = 10_000 * lives.stat().st_size
        while True:
            pixels = np.random.default_rng(n).integers(0, 256, (120, 160), np.uint8)
            yield Frame(working=pixels, notes={"n": n})
            fd = os.open(captured, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(fd, f"{n}\\n".encode())
            os.close(fd)
            n += 1
'''
LIVE = """
[cameras.lobby]
source = "mine:Ticking"
policy = "POLICY"
folder = "."

[stages.preprocess]
steps = [{ use = "mine:slow", seconds = 0.01 }, { use = "grayscale" }, { use = "downsample", width = 48 }]
"""


def live(folder, policy):
    """A pipeline with one live camera that is faster than the stages."""
    write(folder, LIVE.replace("POLICY", policy))
    with (folder / "stages" / "mine.py").open("a") as file:
        file.write(SOURCE)
    return folder


@pytest.mark.parametrize("policy", ["block", "latest"])
def test_what_a_killed_capture_had_captured_is_not_lost(policy, tmp_path):
    """Three times it is killed with frames in flight: each frame it had captured has its row, or is counted as dropped."""
    running = begin(live(tmp_path, policy))
    for _ in range(3):
        before = running.settled()
        running.wait_until(lambda before=before: running.settled() > before + 5, "it goes on")
        running.kill("capture")
    before = running.settled()
    running.wait_until(lambda: running.settled() > before, "it goes on")
    running.process.send_signal(signal.SIGTERM)

    assert running.end() == 0, running.log()
    captured = {int(n) for n in (tmp_path / "captured").read_text().split()}
    seen = [row[7]["n"] for row in rows(tmp_path) if "n" in row[7]]
    with Reader(tmp_path / "archive") as reader:
        (counts,) = reader.counts().values()
        streams = reader.streams()
    assert len(seen) == len(set(seen))
    assert counts["dropped"] >= len(captured - set(seen)), (
        "every captured frame that has no row of its own was dropped"
    )
    assert counts["dropped"] == 0 or policy == "latest"
    assert counts["failed"] == 0
    assert [stream.reason for stream in streams] == [""] * len(streams)
    assert len(streams) >= 4
    assert is_sound(tmp_path)
    assert left_behind(tmp_path) == ([], [], [])


FINITE = "".join(
    f'[cameras.{kind}]\nsource = "synthetic"\ncount = 60\nfps = 2.0\nobject_size = 0.5\nformat = "{kind}"\n'
    for kind in ("yuv420", "gray", "bgr")
)


def test_results_are_those_of_the_inline_path(tmp_path):
    """Shared memory, a store too small for a picture, and inline: every row and every file the same to the last bit."""
    shared, small = tmp_path / "shared", tmp_path / "small"
    for folder, more in (
        (shared, ""),
        (small, '[stages.capture]\nstore = { frames = 16, bytes = "10 KB" }\n'),
    ):
        folder.mkdir()
        assert run(write(folder, FINITE + more)) == 0

    assert sum(row[3] == "kept" for row in rows(shared)) >= 9
    assert rows(shared) == rows(small)
    assert is_sound(shared)


def test_nothing_is_left_of_the_memory(tmp_path):
    """Neither while it runs has it a name, nor is anything there after everything was killed."""
    running = begin(live(tmp_path, "block"))
    running.wait_until(lambda: running.settled() > 5, "it goes on")
    pids = [running.process.pid, *running.pids()]
    assert any(_stores(pid) for pid in pids)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):  # the children die with their supervisor, or with us
            os.kill(pid, signal.SIGKILL)
    running.process.wait()
    until = time.monotonic() + DEADLINE_S
    while any(map(_stores, pids)):
        assert time.monotonic() < until, "a killed process still has the memory"
        threading.Event().wait(0.02)

    assert not list(Path("/dev/shm").glob("*keepframe*"))


def _stores(pid):
    """The picture stores that a process has mapped or open."""
    try:
        maps = Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return []
    return [line for line in maps.splitlines() if "keepframe-pictures" in line]
