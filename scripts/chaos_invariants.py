"""
What must hold after a run that was disturbed, and what it is compared with: the undisturbed run of the same pipeline.

Nothing here disturbs anything.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chaos_storm import END_S, Book
from chaos_worlds import LIVE, World
from pipelines import Ground, Run

from keepframe.archive.reading import Reader
from keepframe.archive.verify import verify

TROUBLE = (
    "Traceback",
    "supervisor-failed",
    "crash-loop",
    "event=suspect",
    "event=failed",
    "link thread has failed",
)
"""None of these may stand in a log: a process that somebody kills has not failed."""
LATE = "StalePictureError"
"""Except this: work for a session that is over, whose pictures are let go. It leads to nothing, as the rows show."""
SHARED = Path("/dev/shm")  # noqa: S108  looked into, never written to


def rows(folder: Path) -> dict[tuple[str, int, int, str], tuple[Any, ...]]:
    """Every row of the finite cameras, with all that a verdict is made of, and the kept picture's name and digest."""
    with Reader(folder) as reader:
        return {
            (r.camera, r.stream, r.seq, r.part): (
                *(r.outcome, r.reason, r.threshold, dict(r.scores), dict(r.notes)),
                *(r.time_ns, r.media_ns, r.index, r.file, r.sha256),
            )
            for r in reader.rows()
            if r.camera != LIVE
        }


def differences(found: dict[Any, Any], expected: dict[Any, Any]) -> Iterator[str]:
    """What differs from the undisturbed run: how much, and the first ones."""
    for what, keys in (
        ("lost", expected.keys() - found.keys()),
        ("not in the undisturbed run", found.keys() - expected.keys()),
    ):
        if keys:
            yield f"{len(keys)} rows {what}, such as {sorted(keys)[:3]}"
    other = sorted(key for key in found.keys() & expected.keys() if found[key] != expected[key])
    if other:
        yield f"{len(other)} rows differ, such as {other[0]}: {found[other[0]]}, undisturbed {expected[other[0]]}"


def left_behind(ground: Ground) -> Iterator[str]:
    """What a run has left: processes (with the shared memory they hold), sockets, temporary files, names in /dev/shm."""
    until = time.monotonic() + 3.0
    while (pids := list(ground.processes())) and time.monotonic() < until:
        time.sleep(0.05)  # a killed supervisor's children need a moment
    for pid in pids:
        held = [link for link in _links(pid) if "memfd" in link or str(SHARED) in link]
        yield f"process {pid} is left: {_command(pid)}; shared memory: {held}"
    yield from (f"{path} is left" for path in ground.sockets.rglob("*"))
    yield from (f"{path} is left" for path in ground.temporary.rglob("*"))
    yield from (f"{path} is left" for path in ground.archive.rglob("*.part"))
    yield from (f"{path} is left" for path in SHARED.glob("*keepframe*"))


def _links(pid: int) -> Iterator[str]:
    with contextlib.suppress(OSError):
        for fd in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                yield str(fd.readlink())


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return "gone meanwhile"


def undisturbed(world: World, folder: Path) -> dict[Any, Any]:
    """What the world's finite cameras must give. Raises RuntimeError if they do not without any fault."""
    world.lay_out(folder, with_live=False)
    ground = Ground(folder)
    run = Run(ground)
    code = run.process.wait(END_S)
    if code != 0 or list(left_behind(ground)):
        raise RuntimeError(
            f"{folder}: the undisturbed run ended with {code}; left: {list(left_behind(ground))}"
        )
    return rows(ground.archive)


def check(ground: Ground, expected: dict[Any, Any], book: Book, endings: int) -> list[str]:
    """Everything that must hold after a run. endings: how often its supervisor has ended without draining."""
    found = [*left_behind(ground)]
    ground.clear()
    report = verify(ground.archive)
    found += [str(problem) for problem in report.problems[:5]]
    actual = rows(ground.archive)
    found += differences(actual, expected)
    log = (ground.folder / "log").read_text(errors="replace").splitlines()
    book.late += sum(LATE in line for line in log)
    found += [
        f"the log says {line!r}" for line in log if any(w in line for w in TROUBLE) and LATE not in line
    ][:3]
    with Reader(ground.archive) as reader:
        lost = sum(s.reason == "store-lost" for s in reader.streams())
        book.store_lost += lost
        if lost > endings:
            found.append(f"{lost} streams ended as store-lost, but the supervisor only ended {endings} times")
        found += [f"event {e.kind}: {e.camera}: {e.text}" for e in reader.events() if e.kind == "conflict"][
            :3
        ]
        found += [f"{s.camera}/{s.stream} has no end" for s in reader.streams() if s.frames is None]
    book.frames += report.frames
    book.kept += report.files
    return found
