"""What a run tells: how far it is while it runs, and what became of it in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from keepframe.config.pipeline import CAPTURE
from keepframe.frame import OUTCOMES, Position
from keepframe.run.life import Child, frames_of
from keepframe.run.troubles import troubles_of


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. total: how many pictures there will be, None if a camera is live or does not know."""

    captured: int
    settled: int
    total: int | None
    outcomes: Mapping[str, int] | None = field(default_factory=dict)
    """By name; None where the captures run elsewhere and nobody here is told."""
    restarts: int = 0
    trouble: str = ""
    """What keeps it from going on, for people; empty if nothing does."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """
    What became of a run.

    cameras: for each camera its frames by outcome, and "captured", counted from the catalogue for the streams worked on; where the
    archive runs elsewhere, from what the captures have been told. archive: its folder; None where it runs elsewhere.
    """

    exit_code: int
    cameras: Mapping[str, Mapping[str, int]]
    archive: Path | None
    seconds: float
    since_commit: int = 0
    """The newest commit before the run: what has a greater number belongs to it."""
    new: Mapping[str, Mapping[str, int]] | None = None
    """As `cameras`, of the frames alone that were settled in this run; None where the archive runs elsewhere, and `cameras` says just that."""
    behind: Mapping[str, Position] = field(default_factory=dict)
    """Up to where each camera was settled before the run."""
    is_stopped: bool = False
    """Whether somebody asked it to end (Ctrl-C, SIGTERM) before its sources did."""

    @property
    def seen(self) -> Mapping[str, Mapping[str, int]]:
        """What this run did: each camera's frames by outcome."""
        return self.cameras if self.new is None else self.new


def counts_of(children: Iterable[Child]) -> dict[str, dict[str, int]]:
    """Each camera's frames by outcome, as its capture has been told since the run began; the archive's own account is elsewhere."""
    captures = {child.name.rpartition(".")[2]: child.settled for child in children if child.stage == CAPTURE}
    return {
        camera: {"captured": settled.total(), **{outcome: settled[outcome] for outcome in OUTCOMES}}
        for camera, settled in captures.items()
        if settled
    }


def progress_of(children: Iterable[Child]) -> Progress:
    """How far a run is, from what its processes have told."""
    children = list(children)
    captures = [child for child in children if child.stage == CAPTURE]
    outcomes = sum((child.settled for child in captures), Counter[str]())
    before = sum(child.settled_before.total() for child in captures)
    if (
        children and not captures
    ):  # they run elsewhere: what has gone through the stage that has seen the most
        captured = max((frames_of(child.status) for child in children), default=0)
        troubles = troubles_of(children)
        return Progress(captured, captured, None, None, sum(c.restarts for c in children), troubles)
    totals: list[int | None] = [child.status.get("total") for child in captures]  # of what was still to come
    return Progress(
        captured=before + sum(child.status.get("captured", 0) for child in captures),
        settled=outcomes.total(),
        total=None if None in totals else before + sum(t or 0 for t in totals),
        outcomes=dict(outcomes),
        restarts=sum(c.restarts for c in children),
        trouble=troubles_of(children),
    )
