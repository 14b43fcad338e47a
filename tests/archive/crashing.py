"""
A child process that dies while it commits, over and over: run by test_crash.py with the folder and the steps at which to die.

Each line on stdin is a number n: a fork of this process opens the archive, goes on with the clip from the committed position,
and is gone without a word (os._exit, nothing flushed or closed) after n steps. On stdout: the step it died at, or "done".
"""

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from keepframe.archive import Archive
from keepframe.frame import START, Frame, Item
from keepframe.picture import Picture

FRAMES, EVERY = 24, 4


def clip():
    """Two kept pictures in each mark of four frames, one of them in two parts, and the end of the stream."""
    for seq in range(FRAMES):
        picture = Picture.of(np.full((16, 16), 10 * seq, np.uint8))
        frame = Frame(camera="lobby", seq=seq, time_ns=seq * 10**9, picture=picture)
        if seq % 4 == 2:
            yield Item((replace(frame, part="0"), replace(frame, part="1", outcome="filtered", picture=None)))
        else:
            yield Item((frame if seq % 4 == 0 else frame.settled("unchanged", "unchanged"),))
    yield Item((Frame(camera="lobby", seq=FRAMES, outcome="end"),))


def work(folder: Path, steps: float, say) -> None:
    """Go on with the clip until it is through or so many steps are taken."""

    def passing(step):
        nonlocal steps
        steps -= 1
        if steps <= 0:
            say(step)
            os._exit(0)

    with Archive(folder=folder) as archive:
        archive.passing = passing
        newest = archive.newest("lobby")
        epoch = (0, newest[1] + 1, 0)
        standing = archive.open("lobby", epoch, None)
        items = [] if standing.is_ended else [item for item in clip() if item.at > standing.committed]
        for start in range(0, len(items), EVERY):
            mark = items[start : start + EVERY]
            done = str(mark[-1].upto[1]).encode()
            archive.commit("lobby", epoch, mark[-1].upto, mark, {"score": {"seen": done}}, [])
    assert items or standing.committed != START
    say("done")


if __name__ == "__main__":
    for line in sys.stdin:
        heard, said = os.pipe()
        child = os.fork()
        if child == 0:
            work(Path(sys.argv[1]), float(line), lambda step, to=said: os.write(to, f"{step}\n".encode()))
            os._exit(0)
        os.close(said)
        os.waitpid(child, 0)  # only then is its lock gone
        os.write(1, os.read(heard, 100) or b"broken\n")
        os.close(heard)
