import dataclasses

import pytest

from keepframe.frame import Verdict
from keepframe.score.evidence import Evidence, Judgement


def test_evidence_is_a_value():
    """What was seen is not changed by who decides on it."""
    evidence = Evidence(score=1.0, quiet=None, level=0.0, time_ns=5, event="light")

    with pytest.raises(dataclasses.FrozenInstanceError):
        evidence.score = 2.0
    assert evidence == Evidence(1.0, None, 0.0, 5, "light")


def test_a_judgement_need_not_be_learned():
    """A fixed threshold rests on nothing that a state could tell."""
    assert Judgement(Verdict(True, "changed", 0.5)).state is None
