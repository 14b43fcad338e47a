"""What a run tells: how far it is while it runs, and what became of it in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from keepframe.config.pipeline import CAPTURE
from keepframe.run.life import Child


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. total: how many pictures there will be, None if a camera is live or does not know."""

    captured: int
    settled: int
    total: int | None
    outcomes: Mapping[str, int] = field(default_factory=dict)
    restarts: int = 0
    trouble: str = ""
    """What keeps it from going on, for people; empty if nothing does."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """
    What became of a run.

    cameras: for each camera its frames by outcome, and "captured", counted from the catalogue for the streams worked on.
    """

    exit_code: int
    cameras: Mapping[str, Mapping[str, int]]
    archive: Path
    seconds: float
    since_commit: int = 0
    """The newest commit before the run: what has a greater number belongs to it."""
    is_stopped: bool = False
    """Whether somebody asked it to end (Ctrl-C, SIGTERM) before its sources did."""


def progress_of(children: Iterable[Child]) -> Progress:
    """How far a run is, from what its processes have told."""
    children = list(children)
    captures = [child for child in children if child.stage == CAPTURE]
    outcomes = sum((child.settled for child in captures), Counter[str]())
    before = sum(child.settled_before.total() for child in captures)
    totals: list[int | None] = [child.status.get("total") for child in captures]  # of what was still to come
    troubles = [t for c in children for t in (c.status.get("trouble"), *c.status.get("refused", ())) if t]
    return Progress(
        captured=before + sum(child.status.get("captured", 0) for child in captures),
        settled=outcomes.total(),
        total=None if None in totals else before + sum(t or 0 for t in totals),
        outcomes=dict(outcomes),
        restarts=sum(c.restarts for c in children),
        trouble="; ".join(troubles),
    )
