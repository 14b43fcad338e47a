from dataclasses import FrozenInstanceError
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.frame import OUTCOMES, REASONS, START, STRENGTH, Frame, Item, Verdict, strongest
from keepframe.picture import Picture

GRAY = np.arange(6, dtype=np.uint8).reshape(2, 3)
FRAME = Frame(camera="lobby", stream=1, seq=7, part="0.1")


def test_a_frame_is_not_changed():
    """Every `with_…` gives a new one; neither it nor its scores and notes can be written to."""
    before = Frame().with_score("ssim", 0.5).with_note("n", 1)
    after = before.with_image(GRAY).with_score("mse", 2).with_note("n", 2)

    assert (dict(before.scores), dict(before.notes), before.working) == ({"ssim": 0.5}, {"n": 1}, None)
    assert (dict(after.scores), dict(after.notes)) == ({"ssim": 0.5, "mse": 2.0}, {"n": 2})
    with pytest.raises(FrozenInstanceError):
        after.seq = 1
    with pytest.raises(TypeError):
        after.scores["ssim"] = 1.0


@pytest.mark.parametrize(
    "make", [lambda image: Frame().with_image(image), lambda image: Frame(working=image)]
)
def test_its_image_cannot_be_written_to(make):
    """However it was made; whoever made the array may still write to it, and nobody's memory is copied."""
    mine = GRAY.copy()
    image = make(mine).image
    with pytest.raises(ValueError, match="assignment destination is read-only"):
        image[0, 0] = 1

    assert mine.flags.writeable
    assert np.shares_memory(mine, image)


def test_without_a_working_image_it_shows_what_was_captured():
    """Gray as gray, everything else in colour."""
    bgr = np.dstack([GRAY] * 3)

    assert (Frame(picture=Picture.of(GRAY)).image == GRAY).all()
    assert (Frame(picture=Picture.of(bgr)).image == bgr).all()
    assert (Frame(picture=Picture.of(bgr), working=GRAY).image == GRAY).all()


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (FRAME, "lobby/1/7/0.1: this frame is a header without pixels (no picture)"),
        (FRAME.settled("filtered"), "lobby/1/7/0.1: this frame is a header without pixels (filtered)"),
    ],
)
def test_a_header_has_no_image(frame, told):
    """It says whose and why."""
    with pytest.raises(ValueError) as error:
        _ = frame.image

    assert str(error.value) == told


@pytest.mark.parametrize(
    "image", [GRAY.astype(float), [[1]], None, GRAY[0], GRAY[:0], np.zeros((2, 2, 4), np.uint8)]
)
def test_only_gray_and_bgr_of_8_bits_are_images(image):
    """A working image of another kind is told where it is made."""
    with pytest.raises((TypeError, ValueError), match=r"^image: expected "):
        Frame().with_image(image)


@pytest.mark.parametrize("value", [1, 0.5, np.float32(0.5), np.int64(3), np.float64(2), True])
def test_scores_are_floats(value):
    """Whichever kind of number a metric gives."""
    score = Frame().with_score("x", value).scores["x"]

    assert (type(score), score) == (float, value)


@pytest.mark.parametrize(
    ("value", "kind", "told"),
    [
        (float("nan"), ValueError, "expected a finite number, got nan"),
        (np.float64("inf"), ValueError, "expected a finite number, got np.float64(inf)"),
        (None, TypeError, "expected a number, got NoneType"),
        ("0.5", TypeError, "expected a number, got str"),
        (np.zeros(2), TypeError, "expected a number, got ndarray"),
        (1j, TypeError, "expected a number, got complex"),
    ],
)
def test_a_score_is_a_finite_number(value, kind, told):
    """Everything else is told with the frame's name."""
    with pytest.raises(kind) as error:
        FRAME.with_score("x", value)

    assert str(error.value) == f"score 'x' of lobby/1/7/0.1: {told}"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("a", "a"),
        (1, 1),
        (True, True),
        (0.5, 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.float32(0.5), 0.5),
    ],
)
def test_notes_are_plain_values(value, kept):
    """Also those that numpy counts with."""
    note = Frame().with_note("x", value).notes["x"]

    assert (type(note), note) == (type(kept), kept)


@pytest.mark.parametrize(
    ("value", "kind", "told"),
    [
        (None, TypeError, "expected str, int, float or bool, got NoneType"),
        ([1], TypeError, "expected str, int, float or bool, got list"),
        (b"x", TypeError, "expected str, int, float or bool, got bytes"),
        (np.complex64(1), TypeError, "expected str, int, float or bool, got complex"),
        (float("nan"), ValueError, "expected a finite number, got nan"),
        (2**63, ValueError, "expected a whole number of 64 bits, got 9223372036854775808"),
    ],
)
def test_what_cannot_travel_is_no_note(value, kind, told):
    """It is told where it is made, not two processes later."""
    with pytest.raises(kind) as error:
        FRAME.with_note("x", value)

    assert str(error.value) == f"note 'x' of lobby/1/7/0.1: {told}"


def test_its_time_is_told_to_the_microsecond():
    """In UTC."""
    assert Frame(time_ns=1_700_000_000_123_456_789).time == datetime(
        2023, 11, 14, 22, 13, 20, 123456, tzinfo=UTC
    )


def test_its_name_is_what_commands_take():
    """CAMERA/STREAM/SEQ, with the part of a child."""
    assert [Frame(camera="a", seq=3).name, FRAME.name] == ["a/0/3", "lobby/1/7/0.1"]
    assert FRAME.at == (1, 7) > START


def test_a_settled_frame_is_a_header():
    """Pixels go, everything that was noted stays."""
    full = FRAME.with_image(GRAY).with_score("x", 1).with_note("n", 1)
    header = full.settled("rejected", "truncated")

    assert (header.picture, header.working, header.outcome, header.reason) == (
        None,
        None,
        "rejected",
        "truncated",
    )
    assert (header.scores, header.notes, header.name) == (full.scores, full.notes, full.name)


def test_settled_again_it_keeps_its_reason_unless_told_another():
    """The first word about it is not lost."""
    assert Frame(reason="first").settled("filtered").reason == "first"
    assert Frame(reason="first").settled("filtered", "blur").reason == "blur"


def test_an_outcome_is_one_of_the_known():
    """A mistyped one would end the account."""
    with pytest.raises(ValueError) as error:
        FRAME.settled("reject")

    assert str(error.value) == (
        "frame lobby/1/7/0.1: unknown outcome 'reject'; known: kept, unchanged, filtered, rejected, dropped, failed"
    )


def test_a_verdict_keeps_or_settles():
    """One that is kept goes on with its pixels, one that is not as a header, both with reason and threshold."""
    kept = Frame(working=GRAY).with_verdict(Verdict(True, "changed", 0.5))
    gone = Frame(working=GRAY).with_verdict(Verdict(False, "unchanged", 0.5))

    assert (kept.outcome, kept.reason, kept.threshold, kept.working is not None) == (
        None,
        "changed",
        0.5,
        True,
    )
    assert (gone.outcome, gone.reason, gone.threshold, gone.working) == ("unchanged", "unchanged", 0.5, None)


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_can_be_given(reason):
    """The list is closed, and each word is explained."""
    assert Verdict(True, reason).reason == reason
    assert REASONS[reason]


outcomes = st.lists(st.sampled_from(STRENGTH), min_size=1)


@given(outcomes, st.randoms())
def test_the_strongest_outcome_does_not_depend_on_the_order(some, random):
    """Branches and parts come in any order; once more changes nothing."""
    shuffled = [*some, *some]
    random.shuffle(shuffled)

    assert strongest(some) == strongest(shuffled)
    assert STRENGTH.index(strongest(some)) == max(map(STRENGTH.index, some))


def test_every_outcome_has_a_strength():
    """And the end of a stream is above them all."""
    assert set(STRENGTH) == {*OUTCOMES, "end"}
    assert STRENGTH[-2:] == ("kept", "end")


def test_an_item_is_undecided_while_a_part_is():
    """Else it is what its strongest part is."""
    undecided, unchanged, failed = FRAME, FRAME.settled("unchanged"), FRAME.settled("failed")

    assert Item((undecided, failed)).outcome is None
    assert Item((unchanged, failed)).outcome == "failed"


def test_a_run_of_drops_covers_its_positions():
    """From its first to its last."""
    run = Item((Frame(stream=2, seq=5).settled("dropped"),), count=4)

    assert (run.at, run.upto) == ((2, 5), (2, 8))
