"""A threshold that somebody wrote, and what is told of one that was learned."""

import math

import pytest

from keepframe.score.evidence import Evidence
from keepframe.score.threshold import Fixed, Threshold


def test_a_number_stays():
    """Whatever is seen."""
    fixed = Fixed(0.5)
    seen = Evidence(9.0, 9.0, 99.0, 0)
    fixed.learn(seen, is_over=True, is_kept=True)

    assert (fixed.threshold(seen), fixed.is_spent, fixed.save()) == (Threshold(0.5), False, {})


def test_a_foreign_memory_is_refused():
    """It has none of its own."""
    fixed = Fixed(0.5)
    fixed.load({})

    with pytest.raises(ValueError, match="expected no memory"):
        fixed.load({"tail": 1})


def test_a_learned_one_can_be_computed_again():
    """From its three notes."""
    notes = Threshold(6.0, "calibrated", usual=1.5, spread=0.2, far=math.log(4) / 0.2).notes

    assert notes["usual"] * math.exp(notes["spread"] * notes["far"]) == pytest.approx(6.0)
