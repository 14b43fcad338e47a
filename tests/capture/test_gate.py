import cv2
import numpy as np
import pytest
from servers import jpeg

from keepframe.capture.gate import WARMING_UP, Gate, frame_of_jpeg
from keepframe.frame import Frame
from keepframe.picture import Picture
from keepframe.stage import CameraEvent


def scene(number=0, height=96, width=128):
    """A noisy gray picture."""
    return np.random.default_rng(number).integers(60, 200, (height, width)).astype(np.uint8)


def half_gray(share, level=128):
    """A scene whose lower part a decoder has filled."""
    image = scene()
    image[round(len(image) * (1 - share)) :] = level
    return image


def passed(images, frozen_after=0, first=WARMING_UP):
    """What a gate makes of these pictures: outcomes with reasons, and kinds of events, in order."""
    gate, given = Gate(frozen_after), []
    for number in range(first):
        list(gate.passes(Frame(picture=Picture.of(scene(1000 + number)))))
    for image in images:
        picture = image if isinstance(image, Picture) else Picture.of(image)
        things = gate.passes(Frame(picture=picture))
        given += [t.kind if isinstance(t, CameraEvent) else (t.outcome, t.reason) for t in things]
    return given


@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
@pytest.mark.parametrize("level", [128, 130])
def test_a_picture_that_a_decoder_has_filled_with_gray_is_rejected(share, level):
    """From the bottom up; as pixels and as a camera's JPEG of them."""
    image = half_gray(share, level)
    as_jpeg = Picture.of_jpeg(cv2.imencode(".jpg", image)[1].tobytes())

    assert passed([image, as_jpeg]) == [("rejected", "filled")] * 2


@pytest.mark.parametrize("image", [half_gray(0.1), half_gray(0.5, 60), np.flipud(half_gray(0.5)), scene()])
def test_other_pictures_pass(image):
    """A gray margin, a dark floor, a gray sky."""
    assert passed([np.ascontiguousarray(image)]) == [(None, "")]


def test_a_truncated_jpeg_is_rejected_with_what_is_wrong():
    """With or without an end marker put behind it."""
    data = jpeg()
    gate = Gate(0)
    frames = [f for d in (data[:-200], data[:-200] + b"\xff\xd9") for f in gate.passes(frame_of_jpeg(d))]

    assert [(f.outcome, f.reason) for f in frames] == [("rejected", "truncated")] * 2
    assert all(f.notes["error"].startswith("truncated: ") and f.picture is None for f in frames)


def test_what_is_no_picture_at_all_is_rejected():
    """A page, nothing, a header alone."""
    assert [frame_of_jpeg(d).reason for d in (b"<html>", b"", b"\xff\xd8\xff")] == [
        "not-a-picture",
        "empty",
        "truncated",
    ]


def test_a_wholly_gray_picture_right_after_a_connection_is_a_decoder_without_a_key_frame():
    """Later it is a camera that sees nothing."""
    gray = np.full((96, 128), 128, np.uint8)

    assert passed([gray] * WARMING_UP, first=0) == [("rejected", "filled")] * WARMING_UP
    assert passed([gray]) == ["blinded", (None, "")]


def test_a_blinded_camera_is_told_once_and_when_it_sees_again():
    """Each picture of it passes, with a note; which is kept is the score's business."""
    black = np.full((96, 128), 3, np.uint8)

    assert passed([scene(), black, black + 1, scene()]) == [
        (None, ""),
        "blinded",
        (None, ""),
        (None, ""),
        "seeing",
        (None, ""),
    ]


def test_a_frozen_camera_is_told_once_and_when_it_moves_again():
    """After so many identical pictures in a row, rejected ones or events between them or not."""
    still = scene(7)
    given = passed([still] * 5 + [scene(8)] + [still] * 2, frozen_after=3)

    assert [thing for thing in given if isinstance(thing, str)] == ["frozen", "moving"]
    assert given.index("frozen") == 2


def test_frozen_after_zero_never_tells():
    """A screen may stand still."""
    assert "frozen" not in passed([scene()] * 50)


def test_another_size_is_told_before_its_first_picture():
    """A new stream begins with it; a rejected one in between counts for nothing."""
    given = passed([scene(), half_gray(0.5), scene(1, 48, 64), scene(2, 48, 64)])

    assert given == [(None, ""), ("rejected", "filled"), "resized", (None, ""), (None, "")]
