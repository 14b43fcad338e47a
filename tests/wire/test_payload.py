from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from samples import FULL, SLOTS, STORE, STORES, WORKING, items, one, told
from simulation import new_slots

from keepframe.errors import LostPictureError, StalePictureError, WireError
from keepframe.frame import Frame, Item
from keepframe.picture import Picture, checksum
from keepframe.picture.picture import MAX_SIDE
from keepframe.wire.fields import Fields
from keepframe.wire.link import EVERY
from keepframe.wire.messages import Envelope
from keepframe.wire.messages import Frame as Message
from keepframe.wire.payload import item_fields, read_item


def changed(frame_changes, parts=None, count=1):
    """Read an item whose one frame's fields are changed, by place."""
    (_, (fields,)), own = item_fields(Item((FULL,)))
    for place, value in frame_changes.items():
        fields[place] = value
    return read_item("lobby", Fields([count, [fields]], "FRAME"), own if parts is None else parts)


PICTURE, WORKING_PLACE, OUTCOME = 12, 13, 4


@given(items())
def test_an_item_is_the_same_after_its_fields_and_parts(item):
    """Pixels, scores, notes and numbers come back exactly."""
    fields, parts = item_fields(item)

    assert told(read_item("lobby", Fields(fields, "FRAME"), parts)) == told(item)


def test_images_come_back_read_only():
    """What came over a link is nobody's to change."""
    (frame,) = changed({}).frames

    assert np.array_equal(frame.working, WORKING)
    assert not frame.working.flags.writeable
    assert not frame.picture.gray().flags.writeable


@pytest.mark.parametrize(
    ("changes", "parts", "message"),
    [
        ({}, [], "FRAME.picture: its part is missing"),
        ({}, [bytes(10)], "FRAME.working: its part is missing"),
        ({}, [bytes(10), bytes(12), b""], "FRAME: 1 parts too many"),
        ({}, [bytes(9), bytes(12)], "FRAME.picture: yuv420 of 3x2 has 10 bytes, got 9"),
        ({}, [bytes(10), bytes(11)], "FRAME.working: [3, 4] has 12 bytes, got 11"),
        ({PICTURE: ["jpeg", 2, 3, True, "bt601", None, None]}, [b"", bytes(12)], "jpeg of 3x2 has some bytes, got 0"),
        ({PICTURE: ["raw", 2, 3, True, "bt601", None, None]}, None, "format: expected one of gray"),
        ({PICTURE: ["gray", 0, 3, True, "bt601", None, None]}, None, "height: expected an integer from 1"),
        ({PICTURE: ["gray", 2, MAX_SIDE + 1, True, "bt601", None, None]}, None, "width: expected an integer from 1"),
        ({PICTURE: ["gray", 2, 3, 1, "bt601", None, None]}, None, "is_full_range"),
        ({PICTURE: ["gray", 2, 3, True, "srgb", None, None]}, None, "matrix"),
        ({PICTURE: ["gray", 2]}, None, "FRAME.picture: expected an array of 7"),
        ({WORKING_PLACE: [[3, 4, 1], None]}, None, "channels"),
        ({WORKING_PLACE: [[3, 4, 4], None]}, None, "channels"),
        ({WORKING_PLACE: [[12], None]}, None, "width is missing"),
        ({WORKING_PLACE: [[3, 2, 2, 1], None]}, None, "too many"),
        ({WORKING_PLACE: [[MAX_SIDE, MAX_SIDE, 3], None]}, None, "bytes, got 12"),
        ({OUTCOME: "lost"}, None, "outcome: expected one of None, filtered"),
    ],
)  # fmt: skip
def test_pixels_that_are_not_what_the_header_says_are_refused(changes, parts, message):
    """A size is checked against the part before an array is made of it."""
    with pytest.raises(WireError) as caught:
        changed(changes, parts)

    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("frames", "count", "message"),
    [
        ((), 1, "expected at least one"),
        ((Frame(), Frame(seq=1)), 1, "expected all at one position"),
        ((Frame(),), 2, "expected 1 for anything but a run of drops"),
        ((Frame().settled("end"),), 2, "expected 1 for anything but a run of drops"),
        ((Frame().settled("dropped"), Frame(part="0").settled("dropped")), 2, "expected 1 for anything"),
        ((Frame().settled("dropped"),), 0, "count: expected an integer from 1"),
        ((Frame(),) * 17, 1, "at most 16"),
    ],
)  # fmt: skip
def test_an_item_is_one_position_or_a_run_of_drops(frames, count, message):
    """Anything else would break the account."""
    fields = [count, item_fields(Item(frames))[0][1]]

    with pytest.raises(WireError, match=message):
        read_item("lobby", Fields(fields, "FRAME"), [])


def test_the_camera_is_the_sessions():
    """A frame cannot claim another camera than the message it came with."""
    fields, parts = item_fields(Item((FULL,)))

    assert read_item("yard", Fields(fields, "FRAME"), parts).frames[0].camera == "yard"


SHARED = Frame(camera="lobby", picture=Picture("yuv420", 2, 3, SLOTS[0]))
PLACE = [STORE.id, SLOTS[0].index, SLOTS[0].generation, 10]


def test_of_a_shared_picture_only_the_place_travels():
    """To whoever has the store; what arrives is the same picture."""
    fields, parts = item_fields(Item((SHARED,)), STORES)
    (came,) = read_item("lobby", Fields(fields, "FRAME"), parts, STORES).frames

    assert (parts, came.picture.handle) == ([], SLOTS[0])


def test_a_shared_picture_travels_itself_to_others():
    """As a copy: the slot may be let go while it waits in a socket."""
    fields, parts = item_fields(Item((SHARED,)), {STORE.id + 1})
    (came,) = read_item("lobby", Fields(fields, "FRAME"), parts, STORES).frames

    assert parts == [bytes(range(10))]
    assert came.picture.handle.is_lasting


def test_a_relay_tells_a_place_on_without_looking():
    """Also of a picture that was let go; one that would have to be sent is refused there."""
    slot = STORE.put(b"a JPEG file")
    item = Item((Frame(picture=Picture("jpeg", 2, 3, slot)),))
    STORE.free(slot)

    assert item_fields(item, STORES)[1] == []
    with pytest.raises(StalePictureError):
        item_fields(item)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ([STORE.id + 1, *PLACE[1:]], "FRAME.picture.place.store: expected one of the 1 picture stores"),
        ([STORE.id, 8, *PLACE[2:]], "FRAME.picture.place: picture store: expected one of 8 slots"),
        ([*PLACE[:2], 0, 10], "generation: expected an integer from 1"),
        ([*PLACE[:2], -1, 10], "generation: expected an integer from 1"),
        ([*PLACE[:3], 0], "nbytes: expected an integer from 1"),
        ([*PLACE[:3], 9], "yuv420 of 3x2 has 10 bytes, got 9"),
        ([*PLACE[:3], 2**30], "1 to 65536 bytes, got"),
        ([*PLACE[:3], 2**62], "nbytes: expected an integer from 1 to"),
        (PLACE[:3], "FRAME.picture.place: expected an array of 4, got 3"),
        ([*PLACE, 1], "FRAME.picture.place: expected an array of 4, got 5"),
        ([*PLACE[:3], 10.0], "nbytes: expected an integer"),
        (7, "expected an array of 4, got int"),
    ],
)  # fmt: skip
def test_a_place_that_cannot_be_is_refused(place, message):
    """Store, slot, generation and size are checked before anything is read."""
    fields, parts = item_fields(Item((SHARED,)), STORES)
    fields[1][0][PICTURE][5] = place

    with pytest.raises(WireError) as caught:
        read_item("lobby", Fields(fields, "FRAME"), parts, STORES)
    assert message in str(caught.value)


def test_a_place_in_a_store_that_is_not_here_can_be_fetched():
    """From the capture of the frame's camera; on its way it is passed on as it came."""
    fields, parts = item_fields(Item((SHARED,)), EVERY)
    (came,) = read_item("lobby", Fields(fields, "FRAME"), parts, {}, lambda _: bytes(range(10))).frames

    assert (parts, came.picture.handle.owner) == ([], "capture.lobby")
    assert came.picture.handle.place == tuple(PLACE)
    assert item_fields(Item((came,)), {}) == item_fields(Item((SHARED,)), EVERY)
    assert np.array_equal(came.picture.bgr(), SHARED.picture.bgr())


def test_an_unchanged_frame_of_1080p_costs_a_few_hundred_bytes_of_header():
    """Its picture stays where it is: with the default working image less than a two-hundredth of it crosses a link."""
    slots = new_slots(4 << 20)
    picture = Picture("yuv420", 1080, 1920, slots.put(bytes(1080 * 1920 * 3 // 2)))
    frame = Frame(camera="lobby", time_ns=10**18, picture=picture, working=np.zeros((27, 48), np.uint8))
    sent, settled = (
        sum(
            len(part)
            for part in one(Envelope((2**62, 2**62), 9, Message("lobby", (1, 2, 2**62), Item((f,)))), EVERY)
        )
        for f in (frame, frame.settled("unchanged", "unchanged"))
    )

    assert sent < picture.nbytes / 1500
    assert settled < 200


def test_one_changed_byte_of_a_checked_working_image_is_found():
    """Where its frame's picture has a checksum, each link compares."""
    checked = replace(FULL, picture=replace(FULL.picture, checksum=checksum(bytes(range(10)))))
    fields, parts = item_fields(Item((checked,)))
    changed_part = bytes([*parts[1][:-1], parts[1][-1] ^ 1])

    assert read_item("lobby", Fields(fields, "FRAME"), parts).frames[0].picture.checksum is not None
    with pytest.raises(LostPictureError, match="its bytes have changed on the way"):
        read_item("lobby", Fields(fields, "FRAME"), [parts[0], changed_part])
