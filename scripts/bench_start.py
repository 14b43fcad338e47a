"""
What many cameras take to start, to run and to stop on one machine: scripts/bench start [--cameras 16] [--repeats 3] [--quick].

Synthetic cameras, a small picture a second each: what is measured is the pipeline's own part. Byte code is compiled before the first run.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from pipelines import Ground, Run, machine

ROOT = Path(__file__).resolve().parents[1]
WITHIN_S = 300.0
SETTLED_S = 3.0
"""So long after the start memory is looked at."""
COLUMNS = (
    "s until a frame of each is settled",
    "CPU s until then",
    "processes",
    "MB of memory",
    "s until a killed `score` is ready again",
    "s from SIGTERM to the end",
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one run, in the order of COLUMNS."""

    start_s: float
    cpu_s: float
    processes: int
    memory_mb: float
    restart_s: float
    stop_s: float


def measure(cameras: int) -> Figures:
    """One run. Raises TimeoutError if it does not get so far, with what its processes were like."""
    with tempfile.TemporaryDirectory(prefix="start-", dir="/tmp") as name:
        ground = Ground(Path(name))
        tables = (f'[cameras.c{n}]\nsource = "synthetic"\nfps = 1.0\nseed = {n}\n' for n in range(cameras))
        (ground.folder / "pipeline.toml").write_text("\n".join(tables))
        began = time.monotonic()
        run = Run(ground)
        try:
            run.wait_until(lambda: _settled(run) == cameras, WITHIN_S, "a frame of each camera is settled")
            start_s, cpu_s = time.monotonic() - began, sum(map(_cpu_s, ground.processes()))
            time.sleep(SETTLED_S)
            processes = list(ground.processes())
            memory_mb = sum(map(_pss_kb, processes)) / 1024
            restart_s = _restart_s(run)
            began = time.monotonic()
            run.process.send_signal(signal.SIGTERM)
            run.process.wait(WITHIN_S)
            return Figures(start_s, cpu_s, len(processes), memory_mb, restart_s, time.monotonic() - began)
        finally:
            ground.clear()
            run.process.wait()


def _settled(run: Run) -> int:
    """Of how many cameras a frame is."""
    cameras = (run.ask() or {"cameras": {}})["cameras"]
    return sum(any(outcomes.values()) for outcomes in cameras.values())


def _restart_s(run: Run) -> float:
    def ready() -> set[int]:
        return {p["pid"] for p in run.status() if p["stage"] == "score" and p["state"] == "running"}

    (killed,) = ready()
    began = time.monotonic()
    run.ground.signal(killed, signal.SIGKILL)
    run.wait_until(lambda: ready() - {killed}, WITHIN_S, "score is ready again")
    return time.monotonic() - began


def _cpu_s(pid: int) -> float:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _pss_kb(pid: int) -> int:
    """What a process takes of memory, of what it shares its part."""
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return 0


def table(cameras: int, figures: Sequence[Figures]) -> str:
    """Medians with their spread."""
    cells = []
    for values in zip(*map(astuple, figures), strict=True):
        digits = 0 if min(values) >= 20 else 2
        low, middle, high = (f"{x:.{digits}f}" for x in (min(values), statistics.median(values), max(values)))
        cells.append(middle if low == high else f"{middle} ({low}–{high})")
    head = f"| cameras | {' | '.join(COLUMNS)} |\n|{'---|' * (len(COLUMNS) + 1)}"
    return f"{head}\n| {cameras} | {' | '.join(cells)} |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments, measure, tell."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench start", description="What many cameras take to start."
    )
    parser.add_argument("--cameras", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="once, two cameras")
    given = parser.parse_args(arguments)
    cameras, repeats = (2, 1) if given.quick else (given.cameras, given.repeats)
    # each process would compile all of keepframe anew where it is set
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    compileall.compile_dir(ROOT / "stages", quiet=1)
    before = machine()
    figures = [measure(cameras) for _ in range(repeats)]
    print(f"{before}; {repeats} repeats.\n\n{table(cameras, figures)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
