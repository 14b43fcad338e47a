"""
Disturb running pipelines at random: kill, freeze, slow down, scale, stop and start again; then see that nothing is lost.

After each run: the account balances, rows, scores and pictures are those of the undisturbed run, and nothing is left behind. Ends by
itself, exit code 0 or 1; what was found wrong stays in a folder that is named.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chaos_invariants import check, undisturbed
from chaos_storm import WEIGHTS, Book, Storm
from chaos_worlds import worlds
from pipelines import Ground, machine

ROOT = Path(__file__).resolve().parents[1]
SHORT = {"faults": 24, "seconds": 90.0}


def chaos(*, seed: int, faults: int, seconds: float, only: Sequence[str], folder: Path) -> Book:
    """Rounds until so many faults are done or so many seconds have passed, in worlds that take turns."""
    book, until = Book(), time.monotonic() + seconds
    chosen = [world for world in worlds(ROOT / "examples" / "lobby.mp4") if not only or world.name in only]
    expected: dict[str, dict[Any, Any]] = {}
    while (left := faults - sum(book.faults.values())) > 0 and time.monotonic() < until:
        world = chosen[book.rounds % len(chosen)]
        if world.name not in expected:
            expected[world.name] = undisturbed(world, folder / world.name)
        round_seed = seed * 1000 + book.rounds
        place = folder / f"{book.rounds}"
        world.lay_out(place)
        storm = Storm(world, Ground(place), round_seed, book)
        done = storm.rage(min(left, -(-faults // len(chosen)), 25), until - time.monotonic())
        book.rounds += 1
        found = storm.violations + check(storm.ground, expected[world.name], book, storm.endings)
        print(
            f"round {book.rounds}, {world.name}, seed {round_seed}: {done} faults in {time.monotonic() - storm.began:.0f} s, "
            f"{'every invariant held' if not found else f'{len(found)} violations'}",
            flush=True,
        )
        if found:
            book.violations += [f"seed {round_seed}, {world.name}: {text} ({place})" for text in found]
            print(*(f"  {text}" for text in found), sep="\n", flush=True)
        else:
            shutil.rmtree(place)
    return book


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments, rage, tell. 0 if every invariant held."""
    parser = argparse.ArgumentParser(
        prog="scripts/chaos", description=(__doc__ or "").partition("\n\n")[0].strip()
    )
    parser.add_argument(
        "--short", action="store_true", help=f"{SHORT['faults']} faults in at most {SHORT['seconds']:g} s"
    )
    parser.add_argument("--faults", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=3600.0, help="no fault after that")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--world", action="append", default=[], help="only this pipeline (separate, sources, fused, live)"
    )
    given = parser.parse_args(arguments)
    limits = SHORT if given.short else {"faults": given.faults, "seconds": given.seconds}
    folder = Path(tempfile.mkdtemp(prefix="chaos-", dir="/tmp"))  # short: sockets lie in it
    began, where = time.monotonic(), machine()
    book = chaos(
        seed=given.seed,
        only=given.world,
        folder=folder,
        faults=int(limits["faults"]),
        seconds=limits["seconds"],
    )
    print(f"\n{where}\n{tell(book, given.seed, time.monotonic() - began)}")
    if book.violations:
        print("\nviolations:", *book.violations, sep="\n  ")
        return 1
    shutil.rmtree(folder)
    return 0


def tell(book: Book, seed: int, seconds: float) -> str:
    """The figures, as Markdown."""
    lines = ["| fault | times |", "|---|---|", *(f"| {kind} | {book.faults[kind]} |" for kind in WEIGHTS)]
    killed = ", ".join(f"{stage} {n}" for stage, n in sorted(book.killed.items()))
    done = (
        f"Seed {seed}, {book.rounds} rounds in {seconds:.0f} s; {book.in_flight} of the faults met frames in flight. "
        f"Killed one by one: {killed or 'none'}."
    )
    found = (
        f"{book.frames} frames accounted for, {book.kept} kept pictures read and compared; longest pause between two commits "
        f"{book.longest_pause_s:.1f} s (frozen and slowed processes included); streams of the live camera ended as store-lost: "
        f"{book.store_lost}; pictures asked for by sessions that were over: {book.late}; violations: {len(book.violations)}."
    )
    return "\n".join([*lines, f"| **all** | **{sum(book.faults.values())}** |", "", done, found])


if __name__ == "__main__":
    sys.exit(main())
