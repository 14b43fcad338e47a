"""Verdicts done again from stored rows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.archive.row import Row
from keepframe.measure.replay import evidence_of, judge_of, replayed

S = 10**9


def stored(scores, *, threshold=0.5, camera="a"):
    """The rows of a run: the first is kept, then what is above the threshold."""
    rows = [Row(camera=camera, stream=0, seq=0, outcome="kept", reason="first", time_ns=0)]
    for n, score in enumerate(scores, start=1):
        is_kept = score > threshold
        rows.append(
            Row(camera=camera, stream=0, seq=n, outcome="kept" if is_kept else "unchanged", reason="changed" if is_kept else "unchanged",
                threshold=threshold, scores={"mse": score}, time_ns=n * S)
        )  # fmt: skip
    return rows


def again(rows, threshold, **more):
    """The rows replayed with a written threshold."""
    return list(replayed(rows, lambda: judge_of({"threshold": threshold}), **more))


@given(scores=st.lists(st.floats(0, 1), max_size=50), threshold=st.floats(0, 1))
def test_the_same_configuration_changes_nothing(scores, threshold):
    """Reasons and thresholds are the same, too."""
    rows = stored(scores, threshold=threshold)
    found = again(rows, threshold)

    assert [one.has_changed for one in found] == [False] * len(rows)
    assert [one.reason for one in found] == [row.reason for row in rows]
    assert [one.threshold for one in found] == [row.threshold for row in rows]


def test_another_threshold_changes_what_lies_between_the_two():
    """And nothing else."""
    found = again(stored([0.2, 0.6, 0.9]), 0.7)

    assert [(one.row.seq, one.was_kept, one.is_kept) for one in found if one.has_changed] == [
        (2, True, False)
    ]


def test_after_a_change_scores_are_estimates_until_both_have_kept_the_same_frame():
    """For there the reference is the same picture again."""
    found = again(stored([0.2, 0.6, 0.3, 0.9, 0.1]), 0.7)

    assert [one.is_estimate for one in found] == [False, False, False, True, True, False]


def test_a_reference_that_no_verdict_moves_leaves_nothing_to_estimate():
    """Such as the previous picture."""
    assert not any(one.is_estimate for one in again(stored([0.6, 0.6, 0.6]), 0.7, is_kept_reference=False))


def test_what_no_judge_saw_is_left_out():
    """Drops, damaged pictures, parts; each camera has a judge of its own."""
    rows = [
        *stored([0.6]),
        Row(camera="a", stream=0, seq=5, outcome="dropped", count=3, time_ns=9 * S),
        Row(camera="a", stream=0, seq=9, outcome="rejected", reason="corrupt", time_ns=9 * S),
        Row(
            camera="a",
            stream=0,
            seq=0,
            part="0",
            outcome="kept",
            reason="changed",
            scores={"mse": 1.0},
            time_ns=0,
        ),
        *stored([0.9], camera="b"),
    ]
    made = []
    found = list(replayed(rows, lambda: made.append(1) or judge_of({"threshold": 0.5})))

    assert [one.row.name for one in found] == ["a/0/0", "a/0/1", "b/0/0", "b/0/1"]
    assert len(made) == 2


def test_what_the_judge_saw_is_read_from_the_notes():
    """Quiet score, level of light, and what happened."""
    row = Row(camera="a", stream=0, seq=1, outcome="unchanged", scores={"mse": 0.2}, notes={"quiet": 0.125, "level": 90.5, "event": "light"}, time_ns=7)  # fmt: skip
    seen = evidence_of(row)

    assert (seen.score, seen.quiet, seen.level, seen.time_ns, seen.event) == (0.2, 0.125, 90.5, 7, "light")


@pytest.mark.parametrize(("score", "reason"), [(0.5, "unchanged"), (0.51, "changed")])
def test_a_written_threshold_is_kept_above(score, reason):
    """Not at it."""
    judge = judge_of({"threshold": 0.5})
    judge.load(judge.save())
    judge.restart(0)

    assert judge(evidence_of(stored([score])[1])).verdict.reason == reason


def test_scripts_get_the_frame_and_both_verdicts():
    """As the row names it."""
    told = again(stored([0.6]), 0.7)[1].to_json()

    assert told == {"frame": "a/0/1", "score": 0.6, "was_reason": "changed", "was_kept": True, "is_kept": False, "reason": "unchanged", "threshold": 0.7, "is_estimate": False}  # fmt: skip
