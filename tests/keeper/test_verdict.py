"""What a verdict is worth in an `if`, and what it says."""

import pytest

from keepframe.frame import Frame
from keepframe.frame import Verdict as Decided
from keepframe.keeper.verdict import Verdict, verdict_of


@pytest.mark.parametrize("outcome", ["unchanged", "filtered", "rejected"])
def test_only_a_kept_picture_is_true(outcome):
    """So that `if verdict := keeper(image)` means what it says."""
    assert Verdict("kept", "first")
    assert not Verdict(outcome, outcome)


def test_the_score_is_the_one_that_decided():
    """As the catalogue has it: the one noted as `score`, else the greatest."""
    frame = Frame().with_score("a", 0.1).with_score("b", 0.9).with_verdict(Decided(True, "changed", 0.05))

    assert verdict_of(frame, None).score == 0.9
    assert verdict_of(frame.with_note("score", "a"), None).score == 0.1


def test_it_says_why():
    """One line, for a log."""
    assert str(Verdict("kept", "changed", 0.75, 0.5)) == "changed: score 0.75, threshold 0.5"
    assert str(Verdict("filtered", "bright")) == "filtered: bright"
    assert str(Verdict("rejected", "truncated")) == "rejected: truncated"
