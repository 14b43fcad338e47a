"""The threshold that fills a day. How well over simulated days is measured by scripts/bench days."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepframe.score.budget import Budget
from keepframe.score.evidence import Evidence
from keepframe.score.pace import DAY_NS
from keepframe.stage.memory import pack, unpack

S = 10**9


def days(count, every_s=30, start_s=0, seed=1):
    """Return heavy-tailed scores of so many days, by day three times as large."""
    rng = random.Random(seed)
    times = range(start_s, start_s + count * 86_400, every_s)
    return [
        Evidence(rng.paretovariate(2) * (1 + 2 * (8 <= t // 3600 % 24 < 18)), None, 99.0, t * S)
        for t in times
    ]


def kept(budget, evidence):
    """Return what is kept, by day."""
    by_day = {}
    for seen in evidence:
        is_over = seen.score > budget.threshold(seen).value
        is_kept = is_over and not budget.is_spent
        budget.learn(seen, is_over=is_over, is_kept=is_kept)
        if is_kept:
            by_day.setdefault(seen.time_ns // DAY_NS, []).append(seen.score)
    return by_day


def test_a_day_is_filled_and_never_overfilled():
    """From the third day on within a tenth."""
    by_day = kept(Budget(per_day=100), days(4))

    assert all(90 <= len(by_day[day]) <= 100 for day in (2, 3))
    assert all(len(scores) <= 100 for scores in by_day.values())


@pytest.mark.slow
def test_the_largest_changes_fill_it():
    """Most of what is kept is among the day's largest."""
    evidence = days(4)
    by_day = kept(Budget(per_day=100), evidence)
    largest = sorted((e.score for e in evidence if e.time_ns // DAY_NS == 3), reverse=True)

    assert sum(score >= largest[99] for score in by_day[3]) >= 75


def test_of_the_first_day_what_is_left_is_filled():
    """A start at noon keeps half of it until midnight."""
    by_day = kept(Budget(per_day=100), days(1, start_s=12 * 3600))

    assert 40 <= len(by_day[0]) <= 50


def test_a_quiet_day_is_filled_too():
    """The number is asked for, so smaller changes are kept when there are no large ones."""
    evidence = days(3)
    calm = [Evidence(e.score / 10, None, 99.0, e.time_ns + 3 * DAY_NS) for e in days(1, seed=2)]
    by_day = kept(Budget(per_day=100), evidence + calm)

    assert len(by_day[3]) >= 90


@given(st.integers(0, 399))
@settings(max_examples=15, deadline=None)
def test_saving_changes_nothing(at):
    """Saved and loaded at any point, over midnight or not, everything after is the same."""
    evidence = days(1, every_s=200, start_s=80_000)[:400]
    straight, resumed = Budget(per_day=50), Budget(per_day=50)
    first, second = kept(straight, evidence), kept(resumed, evidence[:at])
    memory = unpack(pack(resumed.save(), "test"))
    resumed = Budget(per_day=50)
    resumed.load(memory)
    for day, scores in kept(resumed, evidence[at:]).items():
        second.setdefault(day, []).extend(scores)

    assert first == second
    assert pack(straight.save(), "test") == pack(resumed.save(), "test")


def test_a_foreign_memory_is_refused():
    """With the keys that were expected."""
    with pytest.raises(ValueError, match="expected a memory of"):
        Budget(per_day=1).load({"scores": {}})
