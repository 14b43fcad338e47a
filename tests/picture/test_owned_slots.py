"""A store of pictures as its owner has it."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.errors import StalePictureError
from keepframe.picture.owned_slots import OwnedSlots
from keepframe.picture.slots import MAX_LEDGER, Slots


def test_pixels_are_made_straight_in_the_slot(owner, reader):
    """Nobody sees them before they are whole."""
    space = owner.space(4)
    slot = space._slot
    space.view[:2] = b"ab"
    with pytest.raises(StalePictureError):
        reader.slot(slot.index, slot.generation, 4).data()
    space.view[2:] = b"cd"
    space.close()

    assert bytes(reader.slot(slot.index, slot.generation, 4).data()) == b"abcd"


def test_what_does_not_fit_gets_no_slot(owner):
    """Larger than the store, or than what is left of it."""
    assert owner.put(bytes(owner.max_bytes + 1)) is None
    assert owner.put(bytes(owner.max_bytes)) is not None
    assert owner.put(b"x") is None
    assert owner.space(1) is None


def test_what_does_not_fit_gets_room_in_this_process(owner):
    """A source writes to either and need not care."""
    spaces = [owner.room(4), owner.room(owner.max_bytes + 1)]
    for space in spaces:
        space.view[:4] = b"abcd"
    handles = [space.close() for space in spaces]

    assert [handle.is_lasting for handle in handles] == [False, True]
    assert [bytes(handle.data()[:4]) for handle in handles] == [b"abcd"] * 2


def test_there_are_no_more_slots_than_there_are(owner):
    """However small the pictures."""
    slots = [owner.put(b"x") for _ in range(owner.count + 1)]

    assert [slot is None for slot in slots] == [False] * owner.count + [True]


def test_no_bytes_are_no_picture(owner):
    """A caller that has none has a fault."""
    with pytest.raises(ValueError, match="1 byte or more"):
        owner.put(b"")


def test_room_that_was_let_go_is_used_again(owner):
    """For ever, without growing."""
    for _ in range(100):
        owner.free(owner.put(bytes(owner.max_bytes)))

    assert owner.used_bytes == 0


def test_letting_go_twice_spares_the_picture_that_came_after(owner):
    """A late word about an older picture frees nothing."""
    first = owner.put(b"first")
    owner.free(first)
    second = owner.put(b"second")
    assert second.index == first.index
    owner.free(first)

    assert bytes(second.data()) == b"second"


def test_the_next_owner_finds_what_was_left(fd, owner):
    """Pictures and records, in the order in which they came."""
    owner.put(b"first")
    gone = owner.put(b"gone")
    owner.record(b"about the first")
    owner.free(gone)
    owner.record(b"no picture")
    owner.put(b"without")
    left = OwnedSlots(fd).left()

    assert [(bytes(s.data()) if s.nbytes else b"", ledger) for s, ledger in left] == [
        (b"first", b""),
        (b"", b"about the first"),
        (b"", b"no picture"),
        (b"without", b""),
    ]


def test_what_was_left_is_not_written_over(fd, owner):
    """Until the next owner lets it go."""
    left = owner.put(bytes(owner.max_bytes))
    after = OwnedSlots(fd)

    assert after.put(b"x") is None
    after.free(left)
    assert after.put(b"x") is not None


def test_what_was_half_written_is_let_go(fd, owner):
    """Its writer has died over it."""
    owner.space(owner.max_bytes).view[:4] = b"half"
    after = OwnedSlots(fd)

    assert (after.left(), after.used_bytes) == ([], 0)
    assert after.put(bytes(after.max_bytes)) is not None


def test_generations_go_on_under_the_next_owner(fd, owner):
    """A descriptor from before never fits a picture from after."""
    before = owner.put(b"before")
    owner.free(before)
    after = OwnedSlots(fd)
    slot = after.put(b"behind")

    assert slot.generation > before.generation
    with pytest.raises(StalePictureError):
        after.slot(before.index, before.generation, 6).data()


def test_an_owner_that_was_replaced_writes_no_more(fd, owner):
    """It was taken for dead, and another process has the store now."""
    slot = owner.put(b"pixels")
    OwnedSlots(fd)

    for act in (
        lambda: owner.put(b"late"),
        lambda: owner.free(slot),
        lambda: owner.record(b"late"),
        lambda: owner.note(b"late"),
    ):
        with pytest.raises(PermissionError, match="another process owns it"):
            act()


def test_a_record_has_its_limit(owner):
    """What is longer is refused, and takes no slot."""
    with pytest.raises(ValueError, match="at most 4096 bytes"):
        owner.record(bytes(MAX_LEDGER + 1))
    assert [owner.record(bytes(MAX_LEDGER)) is None for _ in range(owner.count + 1)] == [False] * 8 + [True]


def test_a_reader_lets_nothing_go(owner, reader):
    """Only the owner knows when everybody is done."""
    slot = owner.put(b"pixels")
    handle = reader.slot(slot.index, slot.generation, slot.nbytes)

    with pytest.raises(PermissionError, match="its owner alone writes"):
        handle.free()
    slot.free()
    with pytest.raises(StalePictureError):
        handle.data()


def test_the_last_note_stands(fd, owner):
    """The next owner reads it, and readers do."""
    assert owner.noted == b""
    for note in (b"a longer note", b"short", b""):
        owner.note(note)

        assert (Slots(fd).noted, OwnedSlots.__mro__[1](fd).noted) == (note, note)
    with pytest.raises(ValueError, match="at most 510 bytes"):
        owner.note(bytes(511))


@given(st.lists(st.integers(0, 3000), max_size=60), st.randoms(use_true_random=False))
def test_pictures_never_lie_over_each_other(sizes, random):
    """Whatever comes and goes, every picture that is there is the one that was put there."""
    fd = Slots.create(8000, 8)
    owner = OwnedSlots(fd)
    os.close(fd)
    there = {}
    for i, size in enumerate(sizes):
        if size < 500 and there:
            slot = random.choice(list(there))
            owner.free(slot)
            del there[slot]
        elif size and (slot := owner.put(bytes([i]) * size)):
            there[slot] = i

        assert all(bytes(slot.data()) == bytes([n]) * slot.nbytes for slot, n in there.items())
    assert {slot for slot, _ in owner.left()} == set(there)
