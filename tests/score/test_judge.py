"""Around the verdict: each condition, its reason, and what goes before what."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepframe.frame import REASONS
from keepframe.score.budget import Budget
from keepframe.score.evidence import Evidence
from keepframe.score.judge import Conditions, Steered
from keepframe.score.learned import Learned
from keepframe.score.options import judge
from keepframe.score.threshold import Fixed
from keepframe.stage.memory import pack, unpack

S = 10**9


def reasons(scores, events=None, steering=None, every_s=1, **conditions):
    """Return the reasons of pictures one second apart, with a threshold of 4, after one that was kept at the start."""
    judge = Steered(steering or Fixed(4.0), Conditions(**conditions))
    judge.restart(0)
    events = events or {}
    seen = [Evidence(s, s, 99.0, every_s * (n + 1) * S, events.get(n)) for n, s in enumerate(scores)]
    return [judge(evidence).verdict.reason for evidence in seen]


def test_above_is_changed_and_at_it_is_not():
    """The comparison is strict."""
    assert reasons([4.0, 4.1]) == ["unchanged", "changed"]


def test_a_change_is_confirmed_by_several_pictures():
    """Two of three: a flash is none; what stays is kept with its second picture, and the count starts again."""
    told = reasons([9, 1, 1, 9, 1, 9, 9, 1], confirm=(2, 3))

    assert told == [
        "unconfirmed", "unchanged", "unchanged", "unconfirmed",
        "unchanged", "changed", "unconfirmed", "unchanged",
    ]  # fmt: skip


def test_what_confirms_is_noted():
    """The last three pictures, the newest last."""
    judge = Steered(Fixed(4.0), Conditions(confirm=(2, 3)))
    told = [judge(Evidence(s, s, 99.0, n)).notes["over"] for n, s in enumerate([9, 1, 1, 1])]

    assert told == ["1", "10", "100", "000"]


def test_nothing_is_kept_within_the_least_gap():
    """Not a change and not a new light; from the gap's end on again."""
    told = reasons([9] * 7, {0: "light"}, min_gap_ns=3 * S)

    assert told == ["too-soon", "too-soon", "changed", "too-soon", "too-soon", "changed", "too-soon"]


def test_a_picture_is_due_after_so_long():
    """Counted from whatever was kept last."""
    told = reasons([1, 1, 1, 9, 1, 1, 1], at_least_every_ns=3 * S)

    assert told == ["unchanged", "unchanged", "due", "changed", "unchanged", "unchanged", "due"]


def test_a_repeat_is_never_kept():
    """Not even when a picture is due, and it confirms nothing."""
    told = reasons([9, 9, 9], {1: "repeated", 2: "repeated"}, confirm=(2, 2), at_least_every_ns=2 * S)

    assert told == ["unconfirmed", "repeated", "repeated"]


def test_a_new_light_and_a_new_mode_are_one_picture_each():
    """Whatever the score, with a reason of their own."""
    assert reasons([1, 1, 1, 9], {0: "light", 2: "mode"}) == ["light", "unchanged", "mode", "changed"]


def test_a_spent_budget_keeps_nothing_more():
    """What is above the threshold says so; what is due is kept all the same."""
    budget = Budget(per_day=3)
    rng = random.Random(1)
    scores = [rng.paretovariate(2) for _ in range(8000)]
    told = reasons(scores, steering=budget, every_s=10, at_least_every_ns=3600 * S)

    assert "spent" in told
    assert told.count("changed") <= 3
    assert told.count("due") >= 10


def test_nothing_usual_yet_is_a_reason():
    """Without a noise model nothing can be held against anything, and no threshold is told."""
    judge = Steered(Learned(), Conditions())
    told = judge(Evidence(9.0, None, 99.0, 0))

    assert (told.verdict.reason, told.verdict.threshold, told.state) == ("learning", None, "learning")


def test_a_clock_that_goes_back_holds_nothing_up():
    """A gap and what is due are counted from the new time."""
    judge = Steered(Fixed(4.0), Conditions(min_gap_ns=5 * S, at_least_every_ns=60 * S))
    judge.restart(10**6 * S)
    told = [judge(Evidence(s, s, 99.0, t * S)).verdict.reason for s, t in ((1, 100), (9, 106), (1, 166))]

    assert told == ["unchanged", "changed", "due"]


STEERINGS = {
    "fixed": lambda: Fixed(4.0),
    "learned": lambda: Learned(cold=4.0),
    "budget": lambda: Budget(per_day=20),
}


@pytest.mark.parametrize("steering", STEERINGS)
@given(st.data())
@settings(max_examples=15, deadline=None)
def test_saving_changes_nothing(steering, data):
    """Saved and loaded at any point, every later judgement is the same."""
    scores = data.draw(st.lists(st.floats(0, 50), min_size=1, max_size=80))
    at = data.draw(st.integers(0, len(scores)))
    conditions = Conditions((2, 3), 20 * S, 300 * S)
    straight, resumed = (Steered(STEERINGS[steering](), conditions) for _ in range(2))
    for n, score in enumerate(scores):
        if n == at:
            memory = unpack(pack(resumed.save(), "test"))
            resumed = Steered(STEERINGS[steering](), conditions)
            resumed.load(memory)
        seen = Evidence(score, score, 99.0, 10 * n * S)
        told = straight(seen)
        assert told.verdict.reason in REASONS
        assert resumed(seen) == told


def test_a_foreign_memory_is_refused():
    """An empty one is a camera never seen."""
    judge = Steered(Fixed(1.0), Conditions())
    judge.load({})

    with pytest.raises(ValueError, match="expected a memory of"):
        judge.load({"image": 1})


def test_what_it_saw_is_noted_as_far_as_it_decides():
    """So that another judge can be shown the same: what happened, and for a learned threshold the light and the quiet score."""
    seen = Evidence(2.0, 1.5, 96.0, 0, "light")
    learned, fixed = judge()(seen).notes, judge(threshold=0.5)(seen).notes

    assert {key: learned.get(key) for key in ("event", "level", "quiet")} == {"event": "light", "level": 96.0, "quiet": 1.5}  # fmt: skip
    assert fixed == {"event": "light"}
