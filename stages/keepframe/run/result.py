"""What a run tells: how far it is while it runs, and what became of it in the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


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
