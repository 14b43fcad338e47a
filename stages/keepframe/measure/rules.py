"""
Count what a keep list is worth against labels: events hit, prompt ones, false keeps, the share that was kept.

Pure arithmetic of picture numbers. How labels are read is in labels.py, how a keep list comes about is the caller's business.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

Stretch = tuple[int, int]
"""First and last picture number, both included."""

AFTER_S = 0.5
"""A keep this long after an event's end still counts as a hit."""

PHASES = 5
"""One picture in an interval is measured this often, each time shifted by a fifth of it, and summed."""


@dataclass(frozen=True, slots=True)
class Labels:
    """
    What is known about the pictures of one clip, by their numbers from 0.

    fps: pictures a second; None for snapshots (minutes apart), whose `marks` alone say what is known.
    events: when something of interest is in view; quiet: when nothing may be kept but the scene at rest again, once.
    marks: of snapshots, for each picture: "quiet", "change", "duplicate", anything else is not scored.
    """

    name: str
    count: int
    fps: float | None
    events: tuple[Stretch, ...] = ()
    quiet: tuple[Stretch, ...] = ()
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """
    From when on is scored, and what is prompt; the rest is the same for everything.

    lead_s: seconds at the start of a clip that are seen and not scored. prompt_s: a hit this soon after the event's first picture is prompt.
    """

    lead_s: float = 2.0
    prompt_s: float = 1.0
    lead_snapshots: int = 12

    def first(self, labels: Labels) -> int:
        """Number of the first picture that is scored."""
        return self.lead_snapshots if labels.fps is None else round(self.lead_s * labels.fps)


EVERY_PICTURE = Rules()
ONE_A_SECOND = Rules(lead_s=4.0, prompt_s=2.0)
"""For anything slower than two pictures a second."""


@dataclass(frozen=True, slots=True)
class Tally:
    """
    What was counted in the scored part of one run, or of several added up.

    >>> Tally(shown=10, kept=2) + Tally(shown=10, kept=1)
    Tally(shown=20, kept=3, events=0, hit=0, prompt=0, quiet=0, false=0, duplicates=0, duplicates_kept=0, delays_s=())
    """

    shown: int = 0
    kept: int = 0
    events: int = 0
    hit: int = 0
    """Events with a keep inside or shortly after."""
    prompt: int = 0
    quiet: int = 0
    """Pictures shown in quiet stretches."""
    false: int = 0
    """Keeps there, less one for the scene at rest again per stretch."""
    duplicates: int = 0
    duplicates_kept: int = 0
    delays_s: tuple[float, ...] = ()
    """Of each event that was hit: from its first picture to the first keep."""

    def __add__(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Tally)))

    @property
    def share(self) -> float:
        """Kept of shown, 0 to 1; 0 if nothing was shown."""
        return self.kept / self.shown if self.shown else 0.0

    @property
    def delay_s(self) -> float | None:
        """The median delay of a hit; None without one."""
        ordered, middle = sorted(self.delays_s), len(self.delays_s) // 2
        if not ordered:
            return None
        return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2

    def to_json(self) -> dict[str, Any]:
        """The counts for scripts, with the share kept and the median delay."""
        counts = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "delays_s"}
        return counts | {"share": self.share, "delay_s": self.delay_s}


def is_sampled(number: int, fps: float, every_s: float, phase: int) -> bool:
    """
    Whether one picture taken every so many seconds, shifted by so many fifths of that, is this one.

    >>> [number for number in range(30) if is_sampled(number, 10.0, 1.0, 1)]
    [2, 12, 22]
    """
    step = max(1.0, every_s * fps)
    turn = round(number / step - phase / PHASES)
    return turn >= 0 and round((turn + phase / PHASES) * step) == number


def tally(
    labels: Labels, kept: Iterable[int], shown: Iterable[int] | None = None, rules: Rules = EVERY_PICTURE
) -> Tally:
    """
    Count one run. kept: numbers of the kept pictures. shown: of those that were looked at; None for all.

    An event counts if one of its pictures was shown. In a quiet stretch that comes after a keep, the first keep is free: whose last kept
    picture shows the event is right to keep the scene at rest once.

    >>> room = Labels("room", 100, 10.0, events=((40, 59),), quiet=((0, 39), (60, 99)))
    >>> found = tally(room, [0, 25, 45, 62, 80])
    >>> found.hit, found.prompt, found.false, found.share
    (1, 1, 2, 0.05)
    """
    first, keeps = rules.first(labels), sorted(set(kept))
    seen = [n for n in (range(labels.count) if shown is None else sorted(set(shown))) if n >= first]
    scored = [n for n in keeps if n >= first]
    if labels.fps is None:
        return _snapshots(labels, keeps, seen, scored)
    after = round(AFTER_S * labels.fps)
    events, prompt, delays_s = 0, 0, []
    for begin, end in labels.events:
        if end < first or not any(begin <= n <= end + after for n in seen):
            continue
        events += 1
        hit = next((n for n in scored if begin <= n <= end + after), None)
        if hit is not None:
            delays_s.append((hit - begin) / labels.fps)
            prompt += hit - begin <= rules.prompt_s * labels.fps
    quiet, false = _quiet(labels.quiet, keeps, seen, set(seen))
    return Tally(
        shown=len(seen), kept=len(scored), events=events, hit=len(delays_s), prompt=prompt, quiet=quiet, false=false,
        delays_s=tuple(delays_s),
    )  # fmt: skip


def _snapshots(labels: Labels, keeps: Sequence[int], seen: Sequence[int], scored: Sequence[int]) -> Tally:
    """Each picture is judged by its mark; a change may be kept with the next picture."""
    marks, changes = labels.marks, [n for n in seen if labels.marks[n] == "change"]
    hit = sum(any(n <= k <= n + 1 for k in scored) for n in changes)
    quiet, false = _quiet(_calm(marks), keeps, seen, {n for n in seen if marks[n] == "quiet"})
    return Tally(
        shown=len(seen),
        kept=len(scored),
        events=len(changes),
        hit=hit,
        prompt=hit,
        quiet=quiet,
        false=false,
        duplicates=sum(marks[n] == "duplicate" for n in seen),
        duplicates_kept=sum(marks[n] == "duplicate" for n in scored),
    )


def _calm(marks: Sequence[str]) -> list[Stretch]:
    """Runs of quiet pictures, duplicates in between included."""
    runs: list[Stretch] = []
    for n, mark in enumerate(marks):
        if runs and runs[-1][1] == n - 1 and mark in {"quiet", "duplicate"}:
            runs[-1] = runs[-1][0], n
        elif mark == "quiet":
            runs.append((n, n))
    return runs


def _quiet(
    stretches: Iterable[Stretch], keeps: Sequence[int], seen: Sequence[int], allowed: Collection[int]
) -> tuple[int, int]:
    """Pictures shown in quiet stretches, and false keeps there."""
    count = false = 0
    for begin, end in stretches:
        count += sum(begin <= n <= end and n in allowed for n in seen)
        inside = [n for n in keeps if begin <= n <= end and n in allowed]
        is_first = bool(inside) and not any(begin <= n < inside[0] for n in keeps)
        is_rest = is_first and begin > 0 and any(n < begin for n in keeps)
        false += len(inside) - is_rest
    return count, false
