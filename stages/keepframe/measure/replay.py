"""
Verdicts done again from what an archive stores of each frame, by a judge of another configuration: which of them change.

What can be done so is deciding alone: scores are taken as they are. A frame is compared with its reference, and once a verdict changes, the
reference that follows would be another picture: until both have kept the same frame again, what is told is an estimate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from inspect import signature
from itertools import groupby
from typing import Any

from keepframe.archive.row import Row
from keepframe.score.change import Change
from keepframe.score.evidence import Evidence, Judge
from keepframe.score.options import judge

DECIDES = tuple(
    name for name in signature(judge).parameters if name not in {"cold", "floor", "ceiling", "slack"}
)
"""Options of the verdict that act on scores as they are; the others are the metric's."""
WITHOUT_EVIDENCE = {"first", "reshaped"}
"""Reasons of a keep that nothing was compared for."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A verdict done again. is_estimate: its score was taken against a reference that would be another."""

    row: Row
    was_kept: bool
    is_kept: bool
    reason: str
    threshold: float | None
    is_estimate: bool

    @property
    def has_changed(self) -> bool:
        """Whether keep or not is another."""
        return self.was_kept != self.is_kept

    def to_json(self) -> dict[str, Any]:
        """The verdict for scripts."""
        told = {key: value for key, value in asdict(self).items() if key != "row"}
        return {
            "frame": self.row.name,
            "score": self.row.deciding_score,
            "was_reason": self.row.reason,
            **told,
        }


def replayed(
    rows: Iterable[Row], fresh: Callable[[], Judge], *, is_kept_reference: bool = True
) -> Iterator[Replayed]:
    """
    Every stored verdict once more, camera by camera, in the order of their frames.

    fresh: makes a judge for a camera. is_kept_reference: whether the reference is what was kept last, so that another verdict changes
    what later frames are compared with. Frames that no judge saw (dropped, rejected, filtered, failed before) are left out.
    """
    ordered = sorted((row for row in rows if not row.part), key=lambda row: (row.camera, row.stream, row.seq))
    for _, of_camera in groupby(ordered, key=lambda row: row.camera):
        decide, is_estimate = fresh(), False
        for row in of_camera:
            was_kept = was_taken(row)
            if row.reason in WITHOUT_EVIDENCE:
                decide.restart(row.time_ns)
                is_estimate = False
                yield Replayed(row, True, True, row.reason, None, False)
            elif (evidence := evidence_of(row)) is not None:
                found = decide(evidence).verdict
                yield Replayed(row, was_kept, found.is_kept, found.reason, found.threshold, is_estimate)
                if is_kept_reference and was_kept != found.is_kept:
                    is_estimate = True
                elif was_kept and found.is_kept:
                    is_estimate = False


def was_taken(row: Row) -> bool:
    """Whether its verdict was to keep it, whatever became of it in a later stage."""
    if row.outcome in {"kept", "unchanged"}:
        return row.outcome == "kept"
    return row.threshold is not None and (row.deciding_score or 0.0) > row.threshold


def evidence_of(row: Row) -> Evidence | None:
    """What the judge saw of a frame, from its row; None if it saw nothing."""
    score = row.deciding_score
    if score is None or row.outcome not in {"kept", "unchanged"}:
        return None
    quiet, level, event = (row.notes.get(key) for key in ("quiet", "level", "event"))
    return Evidence(
        score=score,
        quiet=quiet if isinstance(quiet, float) else None,
        level=float(level) if isinstance(level, int | float) else 128.0,
        time_ns=row.time_ns,
        event=event if event in {"repeated", "light", "mode"} else None,  # type: ignore[arg-type]
    )


def judge_of(options: Mapping[str, Any]) -> Judge:
    """
    The judge that the stage `change` has with these options; what else they say is left out.

    >>> judge_of({"threshold": 0.5, "metric": "mse"})(Evidence(0.75, None, 99.0, 0)).verdict.reason
    'changed'
    """
    decides = {name: value for name, value in options.items() if name in (*DECIDES, "metric")}
    return Change(**decides).fresh_judge()
