"""From items to bookings and files, without a disk."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from keepframe.archive.encoding import Encoding
from keepframe.archive.names import Template
from keepframe.archive.settling import Settling
from keepframe.errors import StalePictureError
from keepframe.frame import Frame, Item
from keepframe.picture import Picture

PICTURE = Picture.of(np.full((4, 6), 9, np.uint8))


class Refusing:
    """An encoding that raises."""

    def __init__(self, error):
        self.error = error

    def of(self, frame):
        raise self.error


@pytest.fixture
def settling():
    """Settles into "lobby/SEQ"; whatever is in `taken` is not free."""
    taken = set()
    made = Settling(
        Encoding("captured", "png", 90),
        Template("{camera}/{seq}{part}"),
        lambda file: file not in taken,
        [],
        [],
    )
    return made, taken


def frame(seq=0, part="", **more):
    """A frame that came through undecided, with a picture."""
    return Frame(**{"camera": "lobby", "seq": seq, "part": part, "picture": PICTURE, **more})


def add(settling, *frames, count=1, covered=False):
    """Add one item; gives its booking."""
    settling.add(Item(frames, count), is_covered=lambda booking: covered)
    return settling.bookings[-1]


def test_a_kept_frame_becomes_a_row_and_a_file(settling):
    """The row tells what is in the file."""
    made, _ = settling
    booking = add(made, frame(3, reason="changed"))
    (row,), (new,) = booking.rows, made.files

    assert (booking.at, booking.count, booking.decision, booking.reason) == ((0, 3), 1, "kept", "changed")
    assert (row.file, row.bytes, row.sha256) == (
        "lobby/000003.png",
        len(new.data),
        hashlib.sha256(new.data).hexdigest(),
    )
    assert (row.height, row.width, row.is_original) == (4, 6, False)
    assert (new.file, new.sha256) == (row.file, row.sha256)


@pytest.mark.parametrize("outcome", ["unchanged", "filtered", "rejected", "dropped"])
def test_what_is_not_kept_becomes_a_row_alone(settling, outcome):
    """Even if it came with its picture."""
    made, _ = settling
    booking = add(made, frame(outcome=outcome), count=4 if outcome == "dropped" else 1)

    assert (booking.decision, booking.count, booking.rows[0].file) == (
        outcome,
        4 if outcome == "dropped" else 1,
        None,
    )
    assert made.files == []


def test_an_end_has_no_row(settling):
    """It is a fact about its stream."""
    made, _ = settling
    booking = add(made, frame(5, picture=None).settled("end", "again"))

    assert (booking.decision, booking.reason, booking.rows, made.files) == ("end", "again", (), [])


def test_what_stands_already_is_not_encoded_again(settling):
    """It came a second time, since the answer was lost."""
    made, _ = settling
    made.encoding = Refusing(AssertionError("was encoded"))
    booking = add(made, frame(), covered=True)

    assert (booking.decision, booking.rows[0].file, made.files) == ("kept", None, [])


@pytest.mark.parametrize(
    ("error", "reason"),
    [(ValueError("no picture"), "archive: no picture"), (KeyError(), "archive: KeyError")],
)
def test_a_frame_that_cannot_be_encoded_is_failed_and_the_others_go_on(settling, error, reason):
    """The reason says whose fault it was."""
    made, _ = settling
    good, made.encoding = made.encoding, Refusing(error)
    bad = add(made, frame(0))
    made.encoding = good
    add(made, frame(1))

    assert (bad.decision, bad.rows[0].outcome, bad.rows[0].reason) == ("failed", "failed", reason)
    assert [new.file for new in made.files] == ["lobby/000001.png"]


@pytest.mark.parametrize("error", [OSError("cannot fetch"), MemoryError(), StalePictureError("gone")])
def test_trouble_of_the_machine_is_no_fault_of_the_frame(settling, error):
    """It is raised, so that the commit is tried again."""
    made, _ = settling
    made.encoding = Refusing(error)

    with pytest.raises(type(error)):
        add(made, frame())
    assert made.bookings == []


def test_names_that_are_taken_are_numbered(settling):
    """By what is on the disk, and by what this commit has named itself."""
    made, taken = settling
    taken |= {"lobby/000000.png", "lobby/000000-2.png"}
    for _ in range(3):
        add(made, frame(0))

    assert [new.file for new in made.files] == [
        "lobby/000000-3.png",
        "lobby/000000-4.png",
        "lobby/000000-5.png",
    ]


def test_the_strongest_of_its_parts_counts_for_a_frame(settling):
    """A row for the frame itself, without a picture, and one for each part."""
    made, _ = settling
    booking = add(made, frame(part="0", outcome="filtered", picture=None), frame(part="1", reason="changed"))
    own, *parts = booking.rows

    assert (booking.decision, own.part, own.outcome, own.reason, own.parts, own.file) == (
        "kept",
        "",
        "kept",
        "changed",
        2,
        None,
    )
    assert [(row.part, row.outcome, row.file) for row in parts] == [
        ("0", "filtered", None), ("1", "kept", "lobby/0000001.png"),
    ]  # fmt: skip


def test_if_the_only_kept_part_cannot_be_stored_the_frame_is_failed(settling):
    """What counts is what became of it, not what was meant."""
    made, _ = settling
    made.encoding = Refusing(ValueError("no picture"))
    booking = add(made, frame(part="0", outcome="unchanged", picture=None), frame(part="1"))

    assert booking.decision == "failed"
    assert [row.outcome for row in booking.rows] == ["failed", "unchanged", "failed"]


@pytest.mark.parametrize("is_turned", [False, True])
def test_of_several_branches_words_on_one_frame_the_strongest_counts(settling, is_turned):
    """Of equals the first."""
    made, _ = settling
    words = [
        frame(outcome="unchanged", reason="a"),
        frame(outcome="rejected", reason="b"),
        frame(outcome="rejected", reason="c"),
    ]
    booking = add(made, *(reversed(words) if is_turned else words))

    assert len(booking.rows) == 1
    assert (booking.decision, booking.rows[0].reason) == ("rejected", "c" if is_turned else "b")


def test_the_frame_itself_comes_before_its_parts(settling):
    """One branch has parted it, the other has not: its own picture stays its own."""
    made, _ = settling
    booking = add(made, frame(part="0", outcome="unchanged", picture=None), frame(reason="first"))

    assert [(row.part, row.outcome, row.parts) for row in booking.rows] == [
        ("", "kept", 1),
        ("0", "unchanged", 0),
    ]
    assert booking.rows[0].file == "lobby/000000.png"


def test_a_failed_frame_that_brings_its_picture_goes_to_quarantine(settling):
    """It stays failed; the file is for whoever looks into it."""
    made, _ = settling
    booking = add(made, frame(7, outcome="failed", reason="poison"))
    (row,), (new,) = booking.rows, made.files

    assert (row.outcome, row.reason, row.file) == ("failed", "poison", new.file)
    assert new.file.startswith("quarantine/")
    assert (row.bytes, row.sha256, row.is_original) == (len(new.data), new.sha256, None)


def test_one_that_cannot_be_put_aside_is_failed_all_the_same(settling):
    """Its outcome stands; the reason says that there is no file."""

    class Broken:
        nbytes = PICTURE.nbytes

        def check(self):
            pass

        def data(self):
            raise ValueError("no bytes")

    made, _ = settling
    row = add(made, frame(outcome="failed", reason="poison", picture=replace(PICTURE, handle=Broken()))).rows[
        0
    ]

    assert (row.outcome, row.file, made.files) == ("failed", None, [])
    assert row.reason == "poison; not in quarantine: no bytes"
