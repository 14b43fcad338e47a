import numpy as np
import pytest

from keepframe.frame import Frame
from keepframe.picture import Inline, Picture
from keepframe.run.privacy import Privacy

LEFT = Privacy(("0,0 0.5,1",))


@pytest.mark.parametrize("shape", [(6, 8), (6, 8, 3)])
def test_private_regions_are_black_and_the_rest_is_as_it_was(shape):
    """The row says so; the source's own array is not written to."""
    image = np.random.default_rng(1).integers(1, 255, shape, np.uint8)
    frame = LEFT.blackened(Frame(picture=Picture.of(image)))

    assert not frame.image[:, :4].any()
    assert np.array_equal(frame.image[:, 4:], image[:, 4:])
    assert frame.notes["privacy"] is True
    assert image[:, :4].all()


def test_without_regions_a_frame_goes_on_as_it_is():
    """Nothing is decoded, and a camera's JPEG stays its own."""
    frame = Frame(picture=Picture.of(np.ones((2, 2), np.uint8)))

    assert Privacy().blackened(frame) is frame


def test_a_header_without_a_picture_goes_on_as_it_is():
    """A rejected frame has nothing to hide."""
    frame = Frame().settled("rejected", "empty")

    assert LEFT.blackened(frame) is frame


def test_a_picture_that_cannot_be_decoded_is_never_passed_on():
    """Nobody can say what it would show."""
    frame = LEFT.blackened(Frame(picture=Picture("jpeg", 6, 8, Inline(b"\xff\xd8\xff\xd9"))))

    assert (frame.outcome, frame.picture) == ("rejected", None)
    assert frame.reason.startswith("corrupt: ")
