"""
What a keeper says of a picture.

How it comes about is the business of the stages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from keepframe.archive.row import row_of
from keepframe.archive.summary import because
from keepframe.frame import Frame, Note, Outcome
from keepframe.metrics import Box


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    Keep a picture or not, and why; true if it is worth keeping.

    outcome: "kept", "unchanged", "filtered" (a step let it go) or "rejected" (no whole picture). reason: the word that the
    catalogue of a pipeline would have: "first", "changed", "unchanged", "truncated" …
    score, threshold: what was held against what; None where nothing was. box: where it differs most, in pixels of the picture given;
    None where that is not known. scores, notes: all that the steps found.

    >>> verdict = Verdict("unchanged", "unchanged", 0.125, 0.5)
    >>> bool(verdict), str(verdict)
    (False, 'unchanged: score 0.125, threshold 0.5')
    """

    outcome: Outcome
    reason: str
    score: float | None = None
    threshold: float | None = None
    box: Box | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    notes: Mapping[str, Note] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether the picture is worth keeping."""
        return self.outcome == "kept"

    def __str__(self) -> str:
        """Why, in one line."""
        return because(self.outcome, self.reason, self.score, self.threshold)


def verdict_of(frame: Frame, box: Box | None) -> Verdict:
    """
    The verdict on a frame that the steps are done with; one that is not decided is kept, as in an archive.

    >>> verdict_of(Frame().settled("filtered", "bright"), None).reason
    'bright'
    """
    row = row_of(frame)
    return Verdict(
        row.outcome, row.reason, row.deciding_score, row.threshold, box, dict(frame.scores), dict(frame.notes)
    )
