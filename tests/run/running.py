"""Run real pipelines of processes in a temporary folder, watch them through their desk, and read what they have archived."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from keepframe.archive.reading import Reader
from keepframe.archive.verify import verify
from keepframe.run.desk import ask
from keepframe.run.folders import runtime_folder

DEADLINE_S = 60.0
STAGES = '''
import os
import random
import time


def slow(frame, *, seconds: float = 0.004, until: str = ""):
    """Take some time for each frame, more or less, so that something is under way when a process is killed; until there is such a file."""
    if not until or not os.path.exists(until):
        time.sleep(random.uniform(0.0, 2 * seconds))
    return frame


class EveryTenth:
    """Keep every tenth change; remembers how many there were."""

    def __init__(self):
        self.count = 0

    def __call__(self, frame):
        self.count += 1
        return frame.with_note("count", self.count) if self.count % 10 == 1 else None

    def save(self):
        return {"count": self.count}

    def load(self, memory):
        self.count = memory["count"]


class Forgetful:
    """Counts, and says nothing of how to save it."""

    def __init__(self):
        self.count = 0

    def __call__(self, frame):
        self.count += 1
        return frame


def deadly(frame, *, seq: int = 17, how: str = "crash"):
    """One frame ends the process that works on it."""
    if frame.seq == seq:
        hog = bytearray(400_000_000 if how == "memory" else 0)
        if how in ("hang", "memory"):
            time.sleep(3600)
        os._exit(3)
    return frame


def broken(frame, *, seq: int = 5):
    """One frame raises."""
    if frame.seq == seq:
        raise ValueError("this frame is not to my liking")
    return frame
'''


@dataclass
class Running:
    """A `keepframe run` under way."""

    folder: Path
    process: subprocess.Popen
    only: tuple[str, ...] = ()
    """The stages that run here, in the pipeline's order, if it is a part."""

    def status(self):
        """What the run tells of itself; None while it does not answer."""
        try:
            return ask(desk(self.folder, self.only), {"do": "status"})
        except OSError:
            return None

    def scale(self, stage, replicas):
        """Change the number of replicas."""
        ask(desk(self.folder, self.only), {"do": "scale", "stage": stage, "replicas": replicas})

    def settled(self):
        """How many frames the captures know to be settled."""
        return sum(
            sum(outcomes.values()) for outcomes in (self.status() or {"cameras": {}})["cameras"].values()
        )

    def in_flight(self):
        """How many frames are captured and not settled."""
        return sum(p["in_flight"] for p in (self.status() or {"processes": []})["processes"])

    def pids(self, stage=None):
        """The pids of the ready processes of a stage, or of all."""
        processes = (self.status() or {"processes": []})["processes"]
        return [p["pid"] for p in processes if p["state"] == "running" and stage in (None, p["stage"])]

    def fork_server(self):
        """The pid of the only process that the supervisor has begun itself."""
        (pid,) = children(self.process.pid)
        return pid

    def wait_until(self, condition, what=""):
        """Wait until a condition holds while the run is under way; fails after a deadline, or if the run ends before."""
        until = time.monotonic() + DEADLINE_S
        while not condition():
            assert self.process.poll() is None, f"the run ended before: {what}\n{self.log()}"
            if time.monotonic() > until:
                self._give_up()
                pytest.fail(f"not within {DEADLINE_S} s: {what}\n{self.log()}")
            threading.Event().wait(0.02)

    def kill(self, stage, number=signal.SIGKILL):
        """Kill one process of a stage that is running, as soon as frames are in flight."""
        self.wait_until(
            lambda: self.in_flight() and self._has_hit(stage, number), f"{stage} runs, frames are in flight"
        )

    def _has_hit(self, stage, number):
        for pid in self.pids(stage)[:1]:
            try:
                os.kill(pid, number)
            except ProcessLookupError:  # it has just ended, and the supervisor is about to know
                return False
            return True
        return False

    def end(self):
        """Wait for the run to end by itself. Its exit code."""
        try:
            return self.process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._give_up()
            raise

    def _give_up(self):
        """Leave nothing running behind a test that fails: its children go with the supervisor."""
        self.process.kill()
        self.process.wait()

    def log(self):
        """What it has said on stderr."""
        return (self.folder / "log").read_text()


def children(pid):
    """The pids of what a process has begun, by whichever of its threads."""
    return [
        int(child)
        for thread in Path(f"/proc/{pid}/task").iterdir()
        for child in (thread / "children").read_text().split()
    ]


def desk(folder, only=()):
    """The runtime folder of the pipeline in a folder, or of a part of it."""
    return runtime_folder(folder / "pipeline.toml", folder / "archive", only)


def write(folder, text):
    """A pipeline.toml with the stages above beside it."""
    (folder / "stages").mkdir(parents=True, exist_ok=True)
    (folder / "stages" / "mine.py").write_text(STAGES)
    (folder / "pipeline.toml").write_text(text)
    return folder


def begin(folder, *arguments):
    """Start a run of the pipeline in a folder."""
    command = [
        sys.executable,
        "-c",
        "from keepframe.cli import main; main()",
        "run",
        "pipeline.toml",
        *arguments,
    ]
    with (folder / "log").open("a") as log:
        return Running(folder, subprocess.Popen(command, cwd=folder, stdout=log, stderr=log))


def run(folder, *arguments):
    """Run the pipeline in a folder to its end. Its exit code."""
    return begin(folder, *arguments).end()


def rows(folder):
    """What the archive holds of every frame: everything that a verdict is made of, and the picture's digest."""
    with Reader(folder / "archive") as reader:
        return [
            (
                r.camera,
                r.stream,
                r.seq,
                r.outcome,
                r.reason,
                r.threshold,
                dict(r.scores),
                dict(r.notes),
                r.sha256,
            )
            for r in reader.rows()
        ]


def events(folder, kind):
    """The events of a kind."""
    with Reader(folder / "archive") as reader:
        return [event for event in reader.events() if event.kind == kind]


def is_sound(folder):
    """Whether `verify` finds nothing; fails with what it finds."""
    report = verify(folder / "archive")
    assert report.problems == []
    return report.is_sound


def left_behind(folder):
    """Processes, sockets and temporary files that a run has left."""
    name = str(folder)
    processes = [p.name for p in Path("/proc").iterdir() if p.name.isdigit() and name in _command(p)]
    sockets = list(desk(folder).iterdir()) if desk(folder).exists() else []
    temporary = list((folder / "archive").rglob("*.part"))
    return processes, sockets, temporary


def _command(process):
    try:
        return (process / "cmdline").read_text() + str((process / "cwd").readlink())
    except OSError:
        return ""
