"""What explains why so little or so much was kept."""

import pytest

from keepframe.archive.reading import Event
from keepframe.archive.row import Row
from keepframe.measure.findings import findings

S = 1_000_000_000


def rows(count, *, outcome="unchanged", reason="", score=0.1, threshold=0.5, step_s=10, first=0, **more):
    """So many rows, one after the other; score and notes may be functions of the number."""
    found = []
    for n in range(first, first + count):
        value = score(n) if callable(score) else score
        known = {key: given(n) if callable(given) else given for key, given in more.items()}
        known["scores"] = {} if value is None else {"ssim-tile": value}
        found.append(
            Row(camera="lobby", stream=0, seq=n, outcome=outcome, reason=reason or outcome, threshold=threshold,
                time_ns=n * step_s * S, **known)
        )  # fmt: skip
    return found


def told(found):
    """The findings by kind."""
    return {finding.kind: finding for finding in findings(found)}


def changed(count, **more):
    """Rows that were kept for their score."""
    return rows(count, outcome="kept", reason="changed", **{"score": 0.9, **more})


def test_why_nothing_names_the_largest_score_and_what_would_have_kept_some():
    """With its frame, its threshold, and the hours it is about."""
    found = told(rows(1000, score=lambda n: 0.001 + n % 100 / 5000))

    assert found["kept"].text == "0 of 1,000 frames kept (0 %), 0 a day at this rate"
    assert (
        found["below"].text
        == "no score in 2.77 h was above its threshold: the largest is 0.0208 <= 0.5 (lobby/0/99)"
    )
    assert (
        found["below"].advice == "a threshold of 0.0206 would have kept ten; `keepframe replay` lists which"
    )


def test_a_learned_threshold_is_changed_by_what_it_is_learned_for():
    """Nobody is told to write a number where none is written."""
    found = told(rows(200, score=lambda n: 0.1 + n % 7 / 100, notes={"state": "calibrated"}))

    assert found["below"].advice == 'if something was missed, write keep = "high" for the score stage'


def test_a_camera_that_is_still_learned_is_told():
    """So that one waits before one tunes."""
    assert "learning" in told(rows(30, notes={"state": "learning"}, score=lambda n: n / 100))


def test_a_camera_that_has_stopped_is_told_with_the_time_since_when():
    """The same scores against the same reference to the last digit: noise never does that."""
    alive = rows(50, score=lambda n: 0.1 + n / 1000)
    dead = rows(50, score=0.123456, first=50)

    assert told(alive + dead)["frozen"].text == (
        "the camera has shown exactly the same picture since 1970-01-01T00:08:20.000Z, 50 frames long"
    )
    assert "frozen" not in told(alive)
    assert "frozen" not in told(rows(50, score=None))
    assert "frozen" not in told(rows(50, score=0.1, notes=lambda n: {"reference": f"0/{n}"}))


@pytest.mark.parametrize("outcome", ["rejected", "filtered", "dropped", "failed"])
def test_what_never_came_to_a_verdict_is_told_with_its_reason(outcome):
    """If it is more than a few."""
    lost = rows(50, outcome=outcome, reason="because", score=None, threshold=None)
    found = told(rows(50, first=50) + lost)

    assert found[outcome].text == f"50 % of the frames were {outcome}, mostly 'because'"
    assert outcome not in told(rows(990, first=50) + lost[:5])


def test_a_rejected_picture_is_told_with_its_fault():
    """Of the commonest reason, the first frame."""
    lost = rows(
        9,
        outcome="rejected",
        reason="too-large",
        notes={"error": "too-large: 9x9"},
        score=None,
        threshold=None,
    )

    assert told(lost)["rejected"].text == (
        "100 % of the frames were rejected, mostly 'too-large', such as lobby/0/0: too-large: 9x9"
    )


def test_what_was_kept_for_another_reason_was_above_the_threshold_too():
    """Nobody is told that 0.9 was not above 0.5."""
    assert "below" not in told(rows(20) + rows(1, first=20, outcome="kept", reason="mode", score=0.9))


def test_keeps_from_one_place_are_told_with_a_mask():
    """The sentence can be taken over into the pipeline."""
    quiet = rows(20, notes=lambda n: {"box": f"{n * 4},{n * 2},8,8"})
    found = told(quiet + changed(40, first=20, notes=lambda n: {"box": f"{70 + n % 3},2,8,8"}))

    assert found["place"].text.startswith(
        "100 % of the keeps come from one place of the picture: upper right ("
    )
    assert 'use = "mask", exclude = ["0.83,0.043 0.95,0.22"]' in found["place"].advice


def test_keeps_just_above_their_threshold_are_told():
    """With a threshold under which a tenth would stay."""
    found = told(rows(20) + changed(40, first=20, score=lambda n: 0.51 + n / 1000))

    assert (
        found["barely"].text
        == "half of the keeps are less than 1.1 times their threshold: noise or slow light is enough"
    )
    assert found["barely"].advice.startswith("a threshold of 0.566 would keep a tenth of them")


def test_keeps_one_right_after_the_other_are_told():
    """A burst is a matter of the interval, not of the threshold."""
    assert "burst" in told(rows(2) + changed(40, first=2, step_s=1))
    assert "burst" not in told(rows(2) + changed(40, first=2, step_s=60))


def test_a_scene_that_never_stands_still_is_told():
    """Nine of ten frames changed."""
    assert told(rows(4) + changed(36, first=4))["busy"].text.startswith("90 % of the decided frames changed")


def test_a_pipeline_without_a_verdict_is_told():
    """It keeps everything."""
    assert "undecided" in told(rows(9, outcome="kept", reason="passed", score=None, threshold=None))


def test_reasons_and_the_hour_are_told_where_they_tell_something():
    """Three days of keeps around 18 o'clock UTC."""
    evening = changed(40, step_s=1, notes=lambda n: {})
    evening = [
        Row(camera="lobby", stream=0, seq=r.seq, outcome="kept", reason="first" if not n else "changed", threshold=0.5,
            scores={"mse": 0.9}, time_ns=(18 * 3600 + n % 4 * 86400 + n) * S)
        for n, r in enumerate(evening)
    ]  # fmt: skip
    found = told(sorted(evening, key=lambda r: r.time_ns) + rows(1, first=0))

    assert found["reasons"].text == "kept for: changed 39, first 1"
    assert found["hour"].text == "100 % of the keeps are from 18:00 to 18:59 UTC"


def test_an_empty_archive_has_no_findings_and_parts_do_not_count():
    """A part of a frame is no frame."""
    part = Row(camera="a", stream=0, seq=0, part="0", outcome="kept", time_ns=0)

    assert findings([]) == findings([part]) == []


@pytest.mark.parametrize(
    ("kind", "end", "text"),
    [("lost", "found", "the camera has been lost"), ("frozen", "moving", "one picture again"), ("blinded", "seeing", "seen nothing")],
)  # fmt: skip
def test_a_camera_in_trouble_is_told_until_it_is_over(kind, end, text):
    """With the time since when; another camera's trouble is not this one's."""
    began, over = Event(0, "lobby", kind, "no answer"), Event(S, "lobby", end, "")
    (found,) = [finding for finding in findings(rows(9), [over, began]) if finding.kind == kind]

    assert text in found.text
    assert found.text.endswith("since 1970-01-01T00:00:00.000Z: no answer")
    assert kind not in {finding.kind for finding in findings(rows(9), [began, over])}
    assert kind not in {finding.kind for finding in findings(rows(9), [Event(0, "yard", kind, "")])}
