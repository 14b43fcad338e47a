"""
From what a user writes about the verdict to a judge: keep, threshold, budget, and what stands around them.

What they do is told by learned.py, budget.py and judge.py; pipeline.toml lists them.
"""

from __future__ import annotations

import math
import re
from typing import Literal, get_args

from keepframe.clock import duration_ns
from keepframe.score.budget import Budget
from keepframe.score.judge import Conditions, Steered
from keepframe.score.learned import Learned
from keepframe.score.threshold import Fixed, Steering

Keep = Literal["auto", "low", "medium", "high"]
"""
Learn the threshold; with a preset, so that quiet pictures pass for changes once a week, once a day, ten times a day. A metric's own
threshold, from which it starts, moves with it at once (learned.py).
"""

FALSE_KEEPS_PER_DAY = {"auto": 1.0, "low": 1 / 7, "medium": 1.0, "high": 10.0}
_BUDGET = re.compile(r"\s*(\d+(?:\.\d+)?)\s*/\s*day\s*")
_CONFIRM = re.compile(r"\s*(\d+)\s*of\s*(\d+)\s*")
_MOST_CONFIRM = 1000


def judge(
    *,
    keep: str = "auto",
    threshold: float | None = None,
    false_keeps_per_day: float | None = None,
    budget: str | None = None,
    confirm: str | None = None,
    min_gap: str | float | None = None,
    at_least_every: str | float | None = None,
    cold: float | None = None,
    floor: float = 0.0,
    ceiling: float = math.inf,
    slack: float = math.inf,
) -> Steered:
    """
    The judge that these options ask for. cold, floor, ceiling and slack are the metric's own, for a threshold that is learned (learned.py).

    Raises ValueError that tells all that is wrong with them.

    >>> judge(budget="200/day", confirm="2 of 3", min_gap="10s").save()["over"]
    ''
    >>> judge(budget="200", confirm="3 of 2")
    Traceback (most recent call last):
    ValueError: budget: expected a number of pictures like "200/day", got "200"; confirm: expected "N of M" with N from 1 to M, got "3 of 2"
    """
    problems: list[str] = []

    def told(what: str) -> None:
        problems.append(what)

    if keep not in get_args(Keep):
        told(f'keep: expected one of {", ".join(get_args(Keep))}, got "{keep}"')
    if threshold is not None and not (math.isfinite(threshold) and threshold >= 0):
        told(f"threshold: expected 0 or more (0 = the same), got {threshold:g}")
    if false_keeps_per_day is not None and not 0 < false_keeps_per_day < math.inf:
        told(f"false_keeps_per_day: expected a number above 0, got {false_keeps_per_day:g}")
    per_day = None if budget is None else _per_day(budget, problems)
    conditions = Conditions(
        (1, 1) if confirm is None else _counts(confirm, problems),
        0 if min_gap is None else _duration("min_gap", min_gap, problems),
        None if at_least_every is None else _duration("at_least_every", at_least_every, problems),
    )
    given = {
        "keep": keep != "auto" or None,
        "threshold": threshold,
        "false_keeps_per_day": false_keeps_per_day,
        "budget": budget,
    }
    several = [name for name, value in given.items() if value is not None]
    if len(several) > 1:
        told(f"{' and '.join(several)}: each says how much to keep; write one of them")
    if conditions.at_least_every_ns and conditions.at_least_every_ns <= conditions.min_gap_ns:
        told("at_least_every: expected more than min_gap")
    if problems:
        raise ValueError("; ".join(problems))
    steering: Steering
    if threshold is not None:
        steering = Fixed(threshold)
    elif per_day is not None:
        steering = Budget(per_day=per_day)
    else:
        wanted = FALSE_KEEPS_PER_DAY[keep] if false_keeps_per_day is None else false_keeps_per_day
        steering = Learned(false_keeps_per_day=wanted, cold=cold, floor=floor, ceiling=ceiling, slack=slack)
    return Steered(steering, conditions)


def _per_day(budget: str, problems: list[str]) -> float | None:
    match = _BUDGET.fullmatch(budget)
    if match is None or float(match[1]) < 1:
        problems.append(f'budget: expected a number of pictures like "200/day", got "{budget}"')
        return None
    return float(match[1])


def _counts(confirm: str, problems: list[str]) -> tuple[int, int]:
    match = _CONFIRM.fullmatch(confirm)
    if match is None or not 1 <= int(match[1]) <= int(match[2]) <= _MOST_CONFIRM:
        problems.append(f'confirm: expected "N of M" with N from 1 to M, got "{confirm}"')
        return 1, 1
    return int(match[1]), int(match[2])


def _duration(name: str, written: str | float, problems: list[str]) -> int:
    try:
        return duration_ns(written)
    except ValueError as error:
        problems.append(f"{name}: {error}")
        return 0
