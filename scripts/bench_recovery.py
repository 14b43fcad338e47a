"""
How long frames stand still when a process is killed: scripts/bench recovery [--kills 10] [--fps 0].

Four synthetic cameras, policy `block`. A process of each stage in turn is ended with kill -9 while frames are in flight. Measured is the time
from the kill until the last of the affected cameras has a commit in a session that began after the kill: frames of the old session
that were past the killed process do not count. Read from the catalogue every few milliseconds.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines import Ground, Progress, Run, machine

from keepframe.archive.verify import verify

STAGES = ("preprocess", "score", "archive", "capture")
GOAL_S, FLOOR_S = 1.0, 3.0
WITHIN_S = 60.0
STEPS = ("noticed", "started", "ready", "opened", "flowing")
"""Its supervisor knows; its successor's process exists; says that it is ready; all sessions are open; all cameras have a commit."""


@dataclass(slots=True)
class Kill:
    """One kill: when each step was seen, in seconds since."""

    stage: str
    at_s: dict[str, float] = field(default_factory=dict)

    def see(self, step: str, began: float) -> None:
        """Note a step the first time it is seen."""
        self.at_s.setdefault(step, time.monotonic() - began)


def measure(run: Run, progress: Progress, stage: str, chance: random.Random) -> Kill:
    """Kill one process of a stage and wait until every camera that went through it flows again."""
    processes = [p for p in run.status() if p["stage"] == stage and p["state"] == "running"]
    victim = chance.choice(processes)
    before = progress.sessions()
    waiting = {victim["replica"]} if stage == "capture" else set(before)
    kill, began = Kill(stage), time.monotonic()
    run.ground.signal(victim["pid"], signal.SIGKILL)
    opened: set[str] = set()
    while waiting:
        if time.monotonic() - began > WITHIN_S:
            raise TimeoutError(f"{stage}: {sorted(waiting)} do not flow within {WITHIN_S:g} s of a kill")
        now = progress.sessions()
        for camera in sorted(waiting):
            if now[camera][0] == before[camera][0]:
                before[camera] = now[camera]  # a commit of the old session does not count
            else:
                opened.add(camera)
                if now[camera][1] > before[camera][1]:
                    waiting.discard(camera)
        if opened >= waiting and not waiting - opened:
            kill.see("opened", began)
        if not waiting:
            kill.see("flowing", began)
        _look(run, victim, kill, began)
        time.sleep(0.004)
    return kill


def _look(run: Run, victim: dict[str, Any], kill: Kill, began: float) -> None:
    if "ready" in kill.at_s:
        return
    for p in run.status():
        if (p["stage"], p["replica"]) == (victim["stage"], victim["replica"]) and p["pid"] != victim["pid"]:
            kill.see("noticed", began)
            if p["pid"] is not None:
                kill.see("started", began)
                if p["state"] == "running":
                    kill.see("ready", began)


def pipeline(fps: float) -> str:
    """Four cameras, as fast as they can or live with so many frames a second; everything else as it is by default."""
    pace = f'fps = {fps}\npolicy = "block"\n' if fps else "fps = 2.0\ncount = 1000000\n"
    camera = '[cameras.c{n}]\nsource = "synthetic"\nseed = {n}\nobject_size = 0.5\n'
    return "".join(camera.format(n=n) + pace for n in range(4))


def recovery(kills: int, fps: float, folder: Path) -> list[Kill]:
    """So many kills of each stage, in turn. Raises RuntimeError if the account does not balance afterwards."""
    (folder / "pipeline.toml").write_text(pipeline(fps))
    ground, done, chance = Ground(folder), [], random.Random(1)
    run, progress = Run(ground), Progress(ground.archive)
    try:
        for _ in range(kills):
            for stage in STAGES:
                _settle(run, progress)
                done.append(measure(run, progress, stage, chance))
        ground.signal(run.process.pid, signal.SIGTERM)
        run.process.wait(WITHIN_S)
    finally:
        progress.close()
        ground.clear()
    report = verify(ground.archive)
    if not report.is_sound:
        raise RuntimeError(f"the account does not balance: {report.problems}")
    return done


def _settle(run: Run, progress: Progress) -> None:
    """All run, all cameras have moved on, and frames are in flight."""
    run.wait_until(lambda: len(progress.sessions()) == 4, WITHIN_S, "every camera has a session")
    before = progress.sessions()
    until = time.monotonic() + 1.0
    run.wait_until(
        lambda: (
            time.monotonic() > until
            and all(now[1] > before[camera][1] for camera, now in progress.sessions().items())
            and all(p["state"] == "running" for p in run.status())
            and any(p["in_flight"] for p in run.status())
        ),
        WITHIN_S,
        "every camera moves on, with frames in flight",
    )


def table(done: Sequence[Kill]) -> str:
    """Medians with their spread, in seconds, as Markdown."""
    lines = ["| killed | kills | frames flow again: median (min–max), s | " + " | ".join(STEPS[:-1]) + " |"]
    lines.append("|---|---|---|" + "---|" * (len(STEPS) - 1))
    for stage in (*STAGES, "all"):
        of = [k for k in done if stage in (k.stage, "all")]
        flowing = [k.at_s["flowing"] for k in of]
        steps = [[k.at_s[step] for k in of if step in k.at_s] for step in STEPS[:-1]]
        medians = " | ".join(f"{statistics.median(s):.2f}" if s else "–" for s in steps)
        spread = f"**{statistics.median(flowing):.2f}** ({min(flowing):.2f}–{max(flowing):.2f})"
        lines.append(f"| {stage} | {len(of)} | {spread} | {medians} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments, measure, tell. 1 if a median is above the floor."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench recovery", description="How long frames stand still after a kill."
    )
    parser.add_argument("--kills", type=int, default=10, help="of each stage")
    parser.add_argument("--fps", type=float, default=0.0, help="pace of each camera; 0: as fast as they can")
    parser.add_argument(
        "--floor", type=float, default=FLOOR_S, help="seconds; a median above it is a failure"
    )
    parser.add_argument("--keep", action="store_true", help="leave the folder, with its log")
    given = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="recovery-", dir="/tmp"))  # short: sockets lie in it
    before = machine()
    done = recovery(given.kills, given.fps, folder)
    pace = f"{given.fps:g} frames/s each" if given.fps else "as fast as they can"
    print(
        f"{before}\nafter the runs: load {machine().rpartition('load ')[2]}\n\nFour synthetic cameras, `block`, {pace}.\n\n{table(done)}"
    )
    if given.keep:
        print(f"\nlog: {folder}/log")
    else:
        shutil.rmtree(folder)
    medians = [statistics.median(k.at_s["flowing"] for k in done if k.stage == stage) for stage in STAGES]
    print(f"\nslowest median {max(medians):.2f} s; goal {GOAL_S:g} s, floor {given.floor:g} s")
    return int(max(medians) > given.floor)


if __name__ == "__main__":
    sys.exit(main())
