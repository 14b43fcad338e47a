"""
Simulated days of scores: how many quiet pictures a day are kept for the number asked for, whether a budget is filled, what each mechanism is for.

`--compiled` compiles the verdict's modules for it (mypyc, a C compiler): the same code, three times as fast, so that a picture a second takes minutes.
`--constants` moves each constant of the learned verdict by 30 %.

No pictures; the worlds are those of days_worlds.py.
"""

import argparse
import importlib
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from days_worlds import NS, World, live

import keepframe
from keepframe.score.budget import Budget
from keepframe.score.evidence import Event, Evidence
from keepframe.score.judge import Conditions, Steered
from keepframe.score.learned import Learned
from keepframe.score.threshold import Fixed, Steering


def false_keeps(job: tuple[World, float, int, int]) -> tuple[float, float, float]:
    """Of one run: false keeps a day over days 2 to the last and on day 1, and the share of visits hit from day 2 on."""
    world, wanted, days, seed = job
    counted = live(world, Steered(Learned(false_keeps_per_day=wanted, cold=6.0), Conditions()), days, seed)
    later = counted[1:]
    visits = sum(day.visits for day in later)
    return (
        sum(day.false for day in later) / len(later),
        float(counted[0].false),
        sum(day.hit for day in later) / visits if visits else math.nan,
    )


def fills(job: tuple[World, float, int, int]) -> list[float]:
    """Of one run: how full each day's budget is, from the third on."""
    world, per_day, days, seed = job
    counted = live(world, Steered(Budget(per_day=per_day), Conditions()), days, seed)
    return [day.kept / per_day for day in counted[2:]]


def table(runs: int, days: int, workers: int, *, every_s: int | None, is_quick: bool) -> Iterator[str]:
    """The two tables of figures, row by row."""
    plain = [
        World(kind, every_s)
        for kind in ("series", "last-kept")
        for every_s in ((10,) if is_quick else (10, 1))
    ]
    worlds = (
        plain
        if is_quick
        else [
            *(World(kind, 10, 40) for kind in ("series", "last-kept")),
            World("series", 10, 0, (3, 3)),
            *sorted(plain, key=lambda world: -world.every_s),
        ]
    )
    worlds = [world for world in worlds if every_s in {None, world.every_s}]
    with ProcessPoolExecutor(workers) as pool:
        yield "| world | a picture every | visits a day | asked for | false keeps a day, median [least-most] | of what was asked | day 1 | visits hit |"
        yield "|---|---|---|---|---|---|---|---|"
        for world in worlds:
            for wanted in (10.0,) if is_quick else (1.0, 10.0):
                got = list(pool.map(false_keeps, [(world, wanted, days, seed) for seed in range(runs)]))
                later, first, hits = (list(column) for column in zip(*got, strict=True))
                middle = statistics.median(later)
                name = world.kind if world.tails == (4, 5) else f"{world.kind}, heavier tails"
                share = f"{statistics.median(hits):.0%}" if world.visits else ""
                yield (
                    f"| {name} | {world.every_s} s | {world.visits} | {wanted:g} | {middle:.2f} [{min(later):.2f}-{max(later):.2f}] "
                    f"| {middle / wanted:.2f} | {statistics.median(first):g} | {share} |"
                )
        yield ""
        yield "| world | a picture every | visits a day | budget | days within 10 % from day 3 | least full | fullest |"
        yield "|---|---|---|---|---|---|---|"
        budgets = ((10, 200.0),) if is_quick else ((10, 200.0), (60, 50.0))
        visits = (0,) if is_quick else (0, 40)
        for world, per_day in [
            (World(kind, interval_s, count), per_day)
            for kind in ("series", "last-kept")
            for interval_s, per_day in budgets
            for count in visits
            if every_s in {None, interval_s}
        ]:
            full = [
                share
                for run in pool.map(fills, [(world, per_day, days, seed) for seed in range(runs)])
                for share in run
            ]
            within = sum(abs(share - 1) <= 0.1 for share in full)
            yield f"| {world.kind} | {world.every_s} s | {world.visits} | {per_day:g} | {within} of {len(full)} | {min(full):.2f} | {max(full):.2f} |"


def ablation() -> Iterator[str]:
    """
    One day, a picture every 10 s, a threshold of 4, last kept as reference; each condition left out in turn.

    30 flashes of one picture, 4 visits of ten minutes, 6 things put down for good, a camera frozen for two hours, quiet scores from 0.5 to 2.
    """
    rng = np.random.default_rng(7)
    scene = np.zeros(8640, int)
    put_down = rng.choice(7000, 6, replace=False)
    for start in put_down:
        scene[start:] += 1
    flashes = rng.choice(np.arange(7300), 30, replace=False)
    scene[flashes] = 1000 + flashes
    for start in (900, 2500, 4100, 5800):
        scene[start : start + 60] = 10_000 + start + np.arange(60)
    is_frozen = np.arange(8640) >= 7920
    quiet = rng.uniform(0.5, 2, 8640)
    full = {"confirm": (2, 3), "min_gap_ns": 60 * NS, "at_least_every_ns": 3600 * NS}
    without: dict[str, str] = {
        "nothing": "",
        "confirm": "confirm",
        "min_gap": "min_gap_ns",
        "at_least_every": "at_least_every_ns",
    }
    yield "| left out | kept | of 30 flashes | of 6 put down, within 1 min | pictures of a visit | frozen pictures | longest gap before the freeze, min |"
    yield "|---|---|---|---|---|---|---|"
    for name in (*without, "repeats"):
        judge = Steered(Fixed(4.0), Conditions(**{k: v for k, v in full.items() if k != without.get(name)}))  # type: ignore[arg-type]
        judge.restart(0)
        reference, kept = 0, [0]
        for n in range(8640):
            event: Event | None = "repeated" if is_frozen[n] and name != "repeats" else None
            score = 0.0 if is_frozen[n] else float(quiet[n]) if scene[n] == reference else 20.0
            if judge(Evidence(score, score, 99.0, n * 10 * NS, event)).verdict.is_kept:
                reference = int(scene[n])
                kept.append(n)
        at = np.array(kept)
        seen = sum(bool(((at >= start) & (at < start + 6)).any()) for start in put_down)
        visit = sum(scene[n] >= 10_000 for n in kept) / 4
        gap = np.diff([*at[at < 7920], 7920]).max() / 6
        yield f"| {name} | {len(kept) - 1} | {np.isin(at, flashes).sum()} | {seen} | {visit:g} | {is_frozen[at].sum()} | {gap:.0f} |"


CONSTANTS = {
    "learned": (
        "LEARNING _FIRST _FAR _OVER _OWN_A_DAY _REACH _CALM_REACH _STAYS _STAYS_NS _MODEL_FROM _MODEL_DECAY _USUAL_SPREAD"
    ),
    "tail": (
        "HALF_LIFE_DAYS CALIBRATED _ANCHOR _DECAY _PICTURES _BODY _LONGEST _HEAVIER _FEW _MANY _EARLY_VISITS _EARLY_DAYS"
    ),
    "usual": ("HALF_LIFE_NS _SLOWEST _CLIP _NORMAL _LEAST _UNCLIPPED _SEEDED _BAND _STICK"),
    "pace": ("_OUTAGE _MEMORY"),
}
"""Of the learned verdict, by module; `_NORMAL` is arithmetic and moved all the same."""
TRIED = (World("series", 10, 40), World("last-kept", 10, 0))


def moved(job: tuple[str, str, float, int, int]) -> str:
    """The row of one constant, set to so many times what it is for as long as that takes."""
    module, name, by, runs, days = job
    place = importlib.import_module(f"keepframe.score.{module}")
    was = getattr(place, name)
    now = tuple(each * by for each in was) if isinstance(was, tuple) else type(was)(was * by)
    setattr(place, name, now)
    try:
        cells = []
        for world in TRIED:
            later, _, hits = zip(
                *(false_keeps((world, 1.0, days, seed)) for seed in range(runs)), strict=True
            )
            share = f", {statistics.median(hits):.0%}" if world.visits else ""
            cells.append(f"{statistics.median(later):.2f} [{min(later):.2f}-{max(later):.2f}]{share}")
    finally:
        setattr(place, name, was)
    return f"| `{name}` | {by:g} | {' | '.join(cells)} |"


def constants(runs: int, days: int, workers: int) -> Iterator[str]:
    """A table of what the worlds say with each constant 30 % smaller and larger, one false keep a day asked for."""
    yield "| constant | times | " + " | ".join(f"{w.kind}, {w.visits} visits" for w in TRIED) + " |"
    yield "|---|---|" + "---|" * len(TRIED)
    named = [(module, name) for module, names in CONSTANTS.items() for name in names.split()]
    jobs = [(*named[0], 1.0, runs, days)]
    jobs += [(module, name, by, runs, days) for module, name in named for by in (0.7, 1.3)]
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(moved, jobs)


def compiled(arguments: list[str]) -> int:
    """Run this program on a copy of the package whose score modules are compiled; its exit code."""
    package = Path(keepframe.__file__).parent
    names = ["budget", "evidence", "judge", "learned", "pace", "sketch", "tail", "threshold", "usual"]
    with tempfile.TemporaryDirectory(prefix="keepframe-days-") as folder:
        shutil.copytree(package, Path(folder) / package.name)
        files = [f"{package.name}/score/{name}.py" for name in names]
        made = subprocess.run(
            [sys.executable, "-m", "mypyc", *files], cwd=folder, capture_output=True, text=True, check=False
        )
        if made.returncode:
            sys.exit(
                f"bench days: mypyc failed; --compiled needs a C compiler, leave it out:\n{made.stderr[-1000:]}"
            )
        environment = {**os.environ, "PYTHONPATH": folder}
        return subprocess.run([sys.executable, __file__, *arguments], env=environment, check=False).returncode


def cost() -> str:
    """CPU time of one judgement, in microseconds: median of nine rounds of 4,000."""
    rng = np.random.default_rng(1)
    seen = [Evidence(s, s, 99.0, n * NS) for n, s in enumerate(rng.lognormal(0, 0.2, 4_000).tolist())]
    rows = []
    steerings: dict[str, Steering] = {
        "fixed": Fixed(4.0),
        "auto": Learned(cold=4.0),
        "budget": Budget(per_day=200),
    }
    for name, steering in steerings.items():
        rounds = []
        for _ in range(9):
            judge = Steered(steering, Conditions())
            start = time.thread_time()
            for evidence in seen:
                judge(evidence)
            rounds.append((time.thread_time() - start) / len(seen) * 1e6)
        rows.append(f"{name} {statistics.median(rounds):.1f} [{min(rounds):.1f}-{max(rounds):.1f}]")
    return "CPU per picture, microseconds: " + ", ".join(rows)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=12)
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument(
        "--every", type=int, default=None, metavar="SECONDS", help="only worlds with a picture every so many"
    )
    parser.add_argument(
        "--quick", action="store_true", help="two runs of three days, a picture every 10 s, no visits"
    )
    parser.add_argument(
        "--ablation", action="store_true", help="one day, each condition around the verdict left out in turn"
    )
    parser.add_argument(
        "--constants", action="store_true", help="each constant of the learned verdict moved by 30 %%"
    )
    parser.add_argument("--compiled", action="store_true", help="compile the verdict's modules for it first")
    arguments = parser.parse_args()
    if arguments.compiled:
        sys.exit(compiled([given for given in sys.argv[1:] if given != "--compiled"]))
    runs, days = (2, 3) if arguments.quick else (arguments.runs, arguments.days)
    if arguments.ablation:
        print("\n".join(ablation()))
        return
    if arguments.constants:
        for line in constants(runs, days, arguments.workers):
            print(line, flush=True)
        return
    for line in table(runs, days, arguments.workers, every_s=arguments.every, is_quick=arguments.quick):
        print(line, flush=True)
    print(f"\n{cost()}")


if __name__ == "__main__":
    main()
