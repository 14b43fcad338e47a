"""A picture that lies elsewhere."""

import numpy as np
import pytest

from keepframe.errors import LostPictureError
from keepframe.picture import Picture, Remote, checksum

PIXELS = bytes(range(12))


def test_a_picture_elsewhere_is_fetched_once_and_only_when_it_is_looked_at():
    """However often, and as whatever."""
    asked = []

    def fetch(remote):
        asked.append((remote.owner, remote.place))
        return bytearray(PIXELS)

    picture = Picture("gray", 3, 4, Remote("capture.lobby", (77, 3, 9, 12), fetch))

    assert (picture.nbytes, asked) == (12, [])
    assert np.array_equal(picture.gray(), np.arange(12, dtype=np.uint8).reshape(3, 4))
    assert picture.bgr().shape == (3, 4, 3)
    assert not picture.gray().flags.writeable
    assert asked == [("capture.lobby", (77, 3, 9, 12))]


def test_what_has_come_already_is_not_fetched():
    """Whoever has it hands it over."""
    remote = Remote("capture.lobby", (77, 3, 9, 12), lambda _: pytest.fail("was fetched"))
    remote.keep(PIXELS)

    assert remote.is_fetched
    assert bytes(remote.data()) == PIXELS
    remote.check()
    remote.free()


def test_one_changed_byte_is_found_by_whoever_looks():
    """With a checksum taken at the capture; without one nobody looks."""
    changed = bytes([*PIXELS[:5], PIXELS[5] ^ 1, *PIXELS[6:]])
    picture = Picture("gray", 3, 4, Remote("capture.lobby", (77, 3, 9, 12), lambda _: changed))
    checked = Picture("gray", 3, 4, picture.handle, checksum=checksum(PIXELS))

    assert picture.gray()[1, 1] == 4
    for look in (checked.gray, checked.bgr, checked.jpeg, checked.png):
        with pytest.raises(
            LostPictureError, match="gray of 4x3: its bytes have changed since it was captured"
        ):
            look()
