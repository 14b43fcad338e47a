"""
Around the verdict: repeats, light, confirmation, gaps and the picture that is due; one reason for each.

No pixels, no clock: what is decided on is in evidence.py, what a score is held against comes from a steering (threshold.py). With the
threshold, the score and the reason of its row a verdict can be done again: `changed` is above it, `unchanged` and `learning` (no
threshold yet) are not; `unconfirmed`, `too-soon` and `spent` are above it and held back; `repeated`, `light`, `mode` and `due` do
not ask for it. The note `over` tells of the last m pictures which were above the threshold, the newest last: "0101".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keepframe.frame import Note, Verdict
from keepframe.score.evidence import Evidence, Judgement
from keepframe.score.threshold import Steering


@dataclass(frozen=True, slots=True)
class Conditions:
    """
    What a change must meet beside the threshold, and what is kept without one.

    confirm: (n, m): n of the last m pictures, this one among them, must be above the threshold since the last kept one.
    min_gap_ns: nothing is kept sooner after a kept picture, but what is due and what cannot be compared.
    at_least_every_ns: a picture is kept when so much time has passed since the last kept one, unless it is a repeat; None: never.
    """

    confirm: tuple[int, int] = (1, 1)
    min_gap_ns: int = 0
    at_least_every_ns: int | None = None


class Steered:
    """
    A judge: a threshold by its steering, and the conditions around it. Deterministic; one per camera.

    >>> from keepframe.score.threshold import Fixed
    >>> judge = Steered(Fixed(4.0), Conditions(confirm=(2, 3)))
    >>> [judge(Evidence(score, None, 99.0, n)).verdict.reason for n, score in enumerate((9.0, 1.0, 9.0, 1.0))]
    ['unconfirmed', 'unchanged', 'changed', 'unchanged']
    """

    def __init__(self, steering: Steering, conditions: Conditions) -> None:
        self._steering, self._conditions = steering, conditions
        self._over = ""
        self._kept_ns: int | None = None

    def __call__(self, evidence: Evidence) -> Judgement:
        """Keep or not, and why; learns from it."""
        if self._kept_ns is not None:
            # where the clock goes back, gaps and what is due count from here
            self._kept_ns = min(self._kept_ns, evidence.time_ns)
        threshold = self._steering.threshold(evidence)
        is_over = evidence.score > threshold.value
        is_repeat = evidence.event == "repeated"
        if not is_repeat:
            self._over = (self._over + "01"[is_over])[-self._conditions.confirm[1] :]
        reason = "repeated" if is_repeat else self._reason(evidence, threshold.value, is_over=is_over)
        is_kept = reason in {"changed", "light", "mode", "due"}
        notes = threshold.notes | self._told() | _seen(evidence, is_learned=threshold.state is not None)
        self._steering.learn(evidence, is_over=is_over, is_kept=is_kept)
        if is_kept:
            self.restart(evidence.time_ns)
        value = threshold.value if math.isfinite(threshold.value) else None
        return Judgement(Verdict(is_kept, reason, value), threshold.state, notes)

    def _told(self) -> dict[str, Note]:
        return {"over": self._over} if self._conditions.confirm[1] > 1 else {}

    def restart(self, time_ns: int) -> None:
        """A picture was kept at this time: gaps count from here, and nothing before it confirms."""
        self._kept_ns, self._over = time_ns, ""

    def _reason(self, evidence: Evidence, threshold: float, *, is_over: bool) -> str:
        passed_ns = None if self._kept_ns is None else evidence.time_ns - self._kept_ns
        every_ns = self._conditions.at_least_every_ns
        is_due = every_ns is not None and passed_ns is not None and passed_ns >= every_ns
        found = self._found(evidence, threshold, is_over=is_over)
        if found in {"changed", "light", "mode"}:
            if passed_ns is not None and passed_ns < self._conditions.min_gap_ns:
                found = "too-soon"
            elif self._steering.is_spent:
                found = "spent"
        if is_due and found not in {"changed", "light", "mode"}:
            return "due"
        return found

    def _found(self, evidence: Evidence, threshold: float, *, is_over: bool) -> str:
        if evidence.event == "light" or evidence.event == "mode":  # noqa: PLR1714  narrows the type
            return evidence.event
        if not is_over:
            return "unchanged" if math.isfinite(threshold) else "learning"
        return "changed" if self._over.count("1") >= self._conditions.confirm[0] else "unconfirmed"

    def save(self) -> dict[str, Any]:
        """What the next verdict depends on."""
        return {"steering": self._steering.save(), "over": self._over, "kept": self._kept_ns}

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from what save() gave; an empty memory is that of a camera never seen. Raises ValueError for other keys."""
        if not memory:
            return
        if memory.keys() != {"steering", "over", "kept"}:
            raise ValueError(
                f"judge: expected a memory of `kept`, `over` and `steering`, got {sorted(memory)}"
            )
        self._steering.load(memory["steering"])
        self._over, self._kept_ns = memory["over"], memory["kept"]


def _seen(evidence: Evidence, *, is_learned: bool) -> dict[str, Note]:
    """What a judge saw beside the score, so that `keepframe replay` can show it to another one."""
    seen: dict[str, Note] = {} if evidence.event is None else {"event": evidence.event}
    if is_learned:
        seen["level"] = evidence.level
        if evidence.quiet is not None:
            seen["quiet"] = evidence.quiet
    return seen
