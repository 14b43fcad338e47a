import re

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepframe.frame import Frame
from keepframe.preprocess import Align
from keepframe.preprocess.alignment import _moved_back


def world(seed=3, side=260):
    """A textured scene larger than what a camera sees of it."""
    rough = np.random.default_rng(seed).integers(0, 256, (side, side + 40), dtype=np.uint8)
    return cv2.normalize(cv2.GaussianBlur(rough, (0, 0), 2), None, 0, 255, cv2.NORM_MINMAX)


def seen(x, y, scene=None, height=160, width=200):
    """What a camera sees of the world from here: moved x to the right and y down, the scene in its picture moves back."""
    scene = world() if scene is None else scene
    return scene[30 - y : 30 - y + height, 30 - x : 30 - x + width].copy()


def shift_of(frame):
    """The shift that a frame's note tells."""
    return tuple(float(part) for part in frame.notes["shift"].split(","))


@settings(max_examples=15, deadline=None)
@given(st.integers(-15, 15), st.integers(-15, 15))
def test_a_whole_shift_is_undone_to_the_pixel(x, y):
    """Where both pictures show the scene, they are equal; the note says what was undone."""
    align = Align()
    first, then = (align(Frame(working=image)) for image in (seen(0, 0), seen(x, y)))

    assert shift_of(then) == pytest.approx((x, y), abs=0.2)
    if shift_of(then) == (x, y):
        assert np.array_equal(then.image[20:-20, 20:-20], first.image[20:-20, 20:-20])
    else:
        assert np.abs(then.image.astype(int) - first.image)[20:-20, 20:-20].mean() < 2


def test_half_a_pixel_is_undone():
    """Of a scene four times as large, a shift by two of its pixels is half a pixel."""
    large = cv2.resize(world(side=300), None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    a, b = (
        cv2.resize(large[:, x : x + 1000], None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        for x in (2, 0)
    )
    align = Align()
    align(Frame(working=a))
    then = align(Frame(working=b))

    assert shift_of(then) == pytest.approx((0.5, 0), abs=0.1)
    assert np.abs(then.image.astype(int) - a).mean() < 0.5 * np.abs(b.astype(int) - a).mean()


def test_a_large_picture_is_looked_at_smaller():
    """At 1080 rows the memory is that of 270, and the shift is found to less than a pixel."""
    scene = world(side=1200)[:, :1200]
    scene = cv2.normalize(cv2.GaussianBlur(scene, (0, 0), 3), None, 0, 255, cv2.NORM_MINMAX)
    align = Align()
    align(Frame(working=seen(0, 0, scene, 1080, 1080)))
    then = align(Frame(working=seen(13, -9, scene, 1080, 1080)))

    assert shift_of(then) == pytest.approx((13, -9), abs=0.5)
    assert align.save()["small"].shape == (270, 270)


def test_what_is_no_shift_is_not_undone():
    """Another scene, a constant image, a shift above max_shift: the picture goes on as it is, and the note says 0,0."""
    other = world(seed=8)[:160, :200].copy()
    for image in (other, np.full((160, 200), 90, np.uint8), seen(29, 0)):
        align = Align()
        align(Frame(working=seen(0, 0)))
        then = align(Frame(working=image))

        assert then.notes["shift"] == "0,0"
        assert np.array_equal(then.image, image)


def test_the_response_decides():
    """At 1 nothing is sure enough; the note tells how sure it was."""
    half_another = (seen(4, 2) // 2) + (world(seed=8)[:160, :200] // 2)
    left = []
    for least in (0.3, 1.0):
        align = Align(min_response=least)
        align(Frame(working=seen(0, 0)))
        left.append(align(Frame(working=half_another)))

    assert shift_of(left[0]) == pytest.approx((4, 2), abs=0.1)
    assert shift_of(left[1]) == (0, 0)
    assert 0.3 < left[0].notes["shift_response"] == left[1].notes["shift_response"] < 1


def test_the_first_picture_goes_on_as_it_is():
    """There is nothing to align it to, and nothing to note."""
    frame = Frame(working=seen(0, 0))

    assert Align()(frame) is frame


def test_previous_keeps_the_sequence_in_place():
    """Each picture is aligned to the one before as it left, so a camera that drifts far stays where it began."""
    align = Align(reference="previous", max_shift=0.2)
    left = [align(Frame(working=seen(x, 0))) for x in (0, 6, 12, 18)]

    assert [round(shift_of(frame)[0]) for frame in left[1:]] == [6, 12, 18]


@pytest.mark.parametrize("reference", ["first", "previous"])
def test_a_constant_picture_is_no_reference(reference):
    """A camera that begins with its lens covered, or is covered for a while, is aligned to what it saw before."""
    align = Align(reference=reference)
    black = np.zeros((160, 200), np.uint8)
    left = [align(Frame(working=image)) for image in (black, seen(0, 0), black, seen(4, 2))]

    assert left[3].notes["shift"] == "4,2"


def test_the_memory_of_a_panorama_is_small_too():
    """It is looked at in a megapixel at most."""
    align = Align()
    align(Frame(working=np.tile(seen(0, 0), (2, 60))))

    assert align.save()["small"].size <= 1 << 20


def test_another_size_begins_anew():
    """The camera was set to another size: the new picture is the reference."""
    align = Align()
    align(Frame(working=seen(0, 0)))
    align(Frame(working=seen(0, 0, height=100)))
    then = align(Frame(working=seen(4, 0, height=100)))

    assert then.notes["shift"] == "4,0"


def test_colour_is_moved_as_gray_says():
    """All channels by the same shift."""
    align = Align()
    align(Frame(working=cv2.merge([seen(0, 0)] * 3)))
    then = align(Frame(working=cv2.merge([seen(5, 3)] * 3)))

    assert then.notes["shift"] == "5,3"
    assert np.array_equal(then.image[20:-20, 20:-20, 1], seen(0, 0)[20:-20, 20:-20])


def test_a_picture_is_aligned_to(tmp_path):
    """A file goes before the camera's own pictures, and is not part of the memory."""
    cv2.imwrite(str(tmp_path / "empty.png"), seen(0, 0))
    align = Align(picture=tmp_path / "empty.png")
    then = align(Frame(working=seen(4, -3)))

    assert then.notes["shift"] == "4,-3"
    assert align.save() == {}
    with pytest.raises(
        ValueError, match=re.escape("align: expected images of [160, 200] as the first one, got [100, 200]")
    ):
        align(Frame(working=seen(0, 0, height=100)))


@given(
    shape=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    channels=st.sampled_from([(), (3,)]),
    moved=st.tuples(st.integers(-200, 200), st.integers(-200, 200)),
)
def test_moving_back_is_linear_interpolation(shape, channels, moved):
    """To half a level for each direction, the border repeated, at any shift down to a 32nd of a pixel."""
    image = np.random.default_rng(1).integers(0, 256, (*shape, *channels), dtype=np.uint8)
    x, y = moved[0] / 32, moved[1] / 32
    rows, columns = (
        np.clip(np.arange(shape[0]) + y, 0, shape[0] - 1),
        np.clip(np.arange(shape[1]) + x, 0, shape[1] - 1),
    )
    planes = image.reshape(*shape, -1).astype(float)
    by_row = np.apply_along_axis(lambda line: np.interp(rows, np.arange(shape[0]), line), 0, planes)
    expected = np.apply_along_axis(lambda line: np.interp(columns, np.arange(shape[1]), line), 1, by_row)

    assert np.abs(_moved_back(image, x, y).reshape(expected.shape) - expected).max() <= 1.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reference": "last"}, 'align: unknown reference "last"; known: first, previous'),
        ({"min_response": 1.5}, "align: expected min_response from 0 to 1, got 1.5"),
        ({"max_shift": 0.0}, "align: expected max_shift above 0 up to 0.5, got 0"),
        ({"max_shift": float("nan")}, "align: expected max_shift above 0 up to 0.5, got nan"),
    ],
)
def test_an_option_that_makes_no_sense_is_told(options, message):
    """Word by word."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Align(**options)


def test_a_memory_of_something_else_is_told():
    """Nothing is guessed."""
    with pytest.raises(
        ValueError, match=re.escape("align: expected a memory of `small` and `shape`, got ['image']")
    ):
        Align().load({"image": 1})
