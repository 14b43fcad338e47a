import itertools

import numpy as np
import pytest
from lines import frame

from keepframe.frame import Frame
from keepframe.picture import Picture
from keepframe.stage.outputs import MAX_PARTS, outputs_of

GRAY = np.zeros((40, 30), np.uint8)


def generated():
    """Two frames, one after the other."""
    yield frame(1)
    yield frame(2)


@pytest.mark.parametrize(
    ("given", "seqs"),
    [
        (None, []),
        (frame(1), [1]),
        ([frame(1), frame(2)], [1, 2]),
        ((frame(2), frame(1)), [2, 1]),
        (generated(), [1, 2]),
        ([], []),
        (iter(()), []),
    ],
)
def test_none_one_or_several_frames_are_given(given, seqs):
    """In the order in which they were given."""
    assert [f.seq for f in outputs_of(given)] == seqs


@pytest.mark.parametrize(
    ("given", "got"),
    [
        (True, "bool"),
        (np.True_, "bool"),
        (0.5, "float"),
        (GRAY, "ndarray; use frame.with_image(array)"),
        ({"image": GRAY}, "dict"),
        ("kept", "str"),
        (b"", "bytes"),
        ({frame(1)}, "set"),
        (Picture.of(GRAY), "Picture"),
        (Frame, "type"),
        ([frame(1), None], "several, among them NoneType"),
        ([GRAY], "several, among them ndarray; use frame.with_image(array)"),
        ([[frame(1)]], "several, among them list"),
        ((frame(1), 0.5), "several, among them float"),
    ],
)
def test_anything_else_is_told(given, got):
    """Also what Python could iterate over: rows of an array, keys of a dict, letters, a set without order."""
    with pytest.raises(TypeError) as error:
        outputs_of(given)

    assert str(error.value) == f"must return a Frame, None or several Frames, got {got}"


def test_a_generator_without_end_is_not_followed():
    """It is told after one more than there may be."""
    seen = itertools.count()
    with pytest.raises(ValueError) as error:
        outputs_of(frame(next(seen)) for _ in itertools.count())

    assert str(error.value) == "gave more than 16 frames at once"
    assert next(seen) == MAX_PARTS + 1


@pytest.mark.parametrize("outcome", ["unchanged", "filtered", "rejected", "failed"])
def test_a_stage_may_settle_a_frame(outcome):
    """However it did so, it goes on without pixels."""
    (out,) = outputs_of(Frame(working=GRAY, picture=Picture.of(GRAY), outcome=outcome, reason="mine"))

    assert (out.outcome, out.reason, out.working, out.picture) == (outcome, "mine", None, None)


@pytest.mark.parametrize("outcome", ["kept", "dropped", "end", "mistyped"])
def test_what_others_decide_is_refused(outcome):
    """A stage that could say `end` would end the account."""
    with pytest.raises(ValueError) as error:
        outputs_of(Frame(camera="a", outcome=outcome))

    assert str(error.value) == (
        f"settled a/0/0 as {outcome!r}; a stage may say unchanged, filtered, rejected, failed, or give it on to keep it"
    )
