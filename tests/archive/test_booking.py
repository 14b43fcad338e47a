"""What a commit changes, asked of the catalogue itself; the archive around it is tested in test_writing.py."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.archive import booking
from keepframe.archive.booking import NEVER, Booking
from keepframe.archive.catalogue import Catalogue
from keepframe.archive.row import Row
from keepframe.frame import START

FIRST = (0, 1, 77)
IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


@pytest.fixture
def catalogue(folder):
    """A new catalogue in which the camera `lobby` has a session."""
    folder.mkdir()
    opened = Catalogue(folder, now_ns=0)
    with opened.change():
        booking.open_epoch(opened, "lobby", FIRST)
    yield opened
    opened.close()


@pytest.fixture
def book(catalogue):
    """Book items of these outcomes, each (seq, count, outcome), and tell what stands for each."""

    def book(*items, stream=0, source=""):
        bookings = [
            Booking("lobby", (stream, seq), count, outcome, "", rows_of(seq, count, outcome, stream, source))
            for seq, count, outcome in items
        ]
        with catalogue.change():
            return booking.book(catalogue, bookings, booking.next_commit(catalogue), now_ns=5)

    return book


def rows_of(seq, count, outcome, stream, source):
    """The row of a frame or a run of drops; an end has none."""
    if outcome == "end":
        return ()
    return (
        Row(camera="lobby", stream=stream, seq=seq, count=count, outcome=outcome, time_ns=0, source=source),
    )


def rows(catalogue):
    """What stands: (stream, seq, count, outcome)."""
    return catalogue.rows('SELECT stream, seq, "count", outcome FROM frame ORDER BY stream, seq')


def conflicts(catalogue):
    """What was recorded of items that came again and were not the same."""
    return [text for (text,) in catalogue.rows("SELECT text FROM event WHERE kind = 'conflict' ORDER BY id")]


# --- epochs


@pytest.mark.parametrize("newer", [(0, 1, 78), (0, 2, 0), (1, 0, 0)])
def test_a_newer_epoch_is_taken_and_an_older_or_equal_one_is_not(catalogue, newer):
    """Incarnation, attempt and nonce count in that order."""
    with catalogue.change():
        told = [
            booking.open_epoch(catalogue, "lobby", epoch)
            for epoch in (FIRST, (0, 0, 999), newer, FIRST, newer)
        ]

    assert told == [False, False, True, False, False]
    assert booking.newest(catalogue, "lobby") == newer


def test_an_epoch_is_compared_as_numbers_and_of_its_own_camera(catalogue):
    """10 is more than 9; another camera has its own."""
    with catalogue.change():
        told = [booking.open_epoch(catalogue, "lobby", (0, n, 2**62 - 1)) for n in (9, 10, 9)]

    assert told == [True, True, False]
    assert booking.newest(catalogue, "lobby") == (0, 10, 2**62 - 1)
    assert booking.newest(catalogue, "door") == NEVER


# --- rows


def test_what_is_new_is_written_once(catalogue, book):
    """The second time it is answered as it stands."""
    items = [(0, 1, "unchanged"), (1, 3, "dropped"), (4, 1, "failed")]
    told = [book(*items), book(*items)]

    assert told[0] == told[1] == [((0, 0), "unchanged"), ((0, 1), "dropped"), ((0, 4), "failed")]
    assert rows(catalogue) == [(0, 0, 1, "unchanged"), (0, 1, 3, "dropped"), (0, 4, 1, "failed")]
    assert conflicts(catalogue) == []


@pytest.mark.parametrize(
    ("again", "source", "words"),
    [
        (
            (0, 1, "kept"),
            "a.jpg",
            "0/0: stands as unchanged from 0 on, 1 long, source 'a.jpg'; came again as kept",
        ),
        ((0, 1, "unchanged"), "b.jpg", "came again as unchanged, 1 long, source 'b.jpg'"),
    ],
)
def test_what_stands_is_not_rewritten_and_the_difference_is_recorded(catalogue, book, again, source, words):
    """Another outcome, another picture: the first one counts, whoever comes later hears so."""
    book((0, 1, "unchanged"), source="a.jpg")

    assert book(again, source=source) == [((0, 0), "unchanged")]
    assert rows(catalogue) == [(0, 0, 1, "unchanged")]
    assert words in conflicts(catalogue)[0]


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 8)), min_size=1, max_size=6))
def test_runs_that_overlap_leave_neither_hole_nor_overlap(runs):
    """However they fall over each other, each position has one row in the end, and the first word on it stands."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        catalogue = Catalogue(Path(folder), now_ns=0)
        with catalogue.change():
            booking.open_epoch(catalogue, "lobby", FIRST)
            for seq, count in runs:
                item = Booking("lobby", (0, seq), count, "dropped", "", rows_of(seq, count, "dropped", 0, ""))
                booking.book(catalogue, [item], 1, now_ns=0)
        found = [(seq, seq + count) for _, seq, count, _ in rows(catalogue)]
        catalogue.close()
    covered = [n for first, behind in found for n in range(first, behind)]

    assert sorted(covered) == sorted({n for seq, count in runs for n in range(seq, seq + count)})


def test_what_stands_in_the_place_of_a_booking_is_found(catalogue, book):
    """Also a run that began before it; nothing beside it, and no other stream."""
    book((0, 3, "dropped"), (3, 1, "failed"))
    asked = [
        Booking("lobby", (stream, seq), count, "dropped", "")
        for stream, seq, count in ((0, 2, 1), (0, 1, 9), (0, 4, 5), (1, 0, 9))
    ]

    assert [[found[:3] for found in booking.covered(catalogue, b)] for b in asked] == [
        [(0, 3, "dropped")], [(0, 3, "dropped"), (3, 1, "failed")], [], [],
    ]  # fmt: skip


# --- ends


def test_an_end_closes_its_stream(catalogue, book):
    """How many frames it has stands in the stream; the end itself is no frame. Twice is no conflict."""
    told = book((0, 1, "unchanged"), (1, 1, "end")) + book((1, 1, "end"))

    assert told == [((0, 0), "unchanged"), ((0, 1), "end"), ((0, 1), "end")]
    assert catalogue.rows("SELECT stream, frames FROM stream") == [(0, 1)]
    assert conflicts(catalogue) == []


@pytest.mark.parametrize("late", [(2, 1, "unchanged"), (1, 1, "kept"), (0, 3, "dropped")])
def test_a_frame_behind_the_end_is_failed_and_recorded(catalogue, book, late):
    """It was never captured; the account of the stream stays whole."""
    book((0, 1, "unchanged"), (1, 1, "end"))

    assert book(late)[0][1] == "failed"
    assert rows(catalogue) == [(0, 0, 1, "unchanged")]
    assert "the stream ended at 1" in conflicts(catalogue)[0]


@pytest.mark.parametrize("end", [1, 0, 3])
def test_an_end_that_does_not_fit_is_recorded_and_not_believed(catalogue, book, end):
    """In front of frames that stand, or another one than before."""
    book((0, 2, "dropped"), (2, 1, "end"))
    book((end, 1, "end"))

    assert catalogue.rows("SELECT frames FROM stream") == [(2,)]
    assert len(conflicts(catalogue)) == 1


def test_an_end_in_front_of_frames_leaves_the_stream_open(catalogue, book):
    """Rather a stream without an end than one with frames behind it."""
    book((0, 2, "dropped"))
    book((1, 1, "end"))

    assert catalogue.rows("SELECT frames FROM stream") == [(None,)]
    assert "frames behind it" in conflicts(catalogue)[0]


# --- memory, position, standing


def test_a_memory_changes_key_by_key(catalogue):
    """New, changed, gone; other stages and cameras are left alone."""
    with catalogue.change():
        booking.open_epoch(catalogue, "door", FIRST)
        booking.remember(catalogue, "lobby", {"score": {"a": b"1", "b": b"2"}, "capture": {"next": b"7"}})
        booking.remember(catalogue, "door", {"score": {"a": b"9"}})
        booking.remember(catalogue, "lobby", {"score": {"a": b"3", "b": None, "c": b"", "never": None}})

    assert booking.standing(catalogue, "lobby", None).memory == {
        "score": {"a": b"3", "c": b""},
        "capture": {"next": b"7"},
    }
    assert booking.standing(catalogue, "door", None).memory == {"score": {"a": b"9"}}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=8))
def test_the_position_never_goes_back(positions):
    """Streams count before seqs."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        catalogue = Catalogue(Path(folder), now_ns=0)
        with catalogue.change():
            booking.open_epoch(catalogue, "lobby", FIRST)
            for position in positions:
                booking.move_on(catalogue, "lobby", position)
        reached = booking.standing(catalogue, "lobby", None).committed
        catalogue.close()

    assert reached == max([START, *positions])


def test_a_camera_that_is_new_stands_at_the_start(catalogue):
    """Nothing committed, nothing remembered, no stream that could have ended."""
    told = booking.standing(catalogue, "door", ((0, 0), (9, 9)))

    assert (told.committed, told.is_ended, told.memory, told.outcomes) == (START, False, {}, [])


def test_the_outcomes_of_what_is_held_are_told_in_order(catalogue, book):
    """From the first to the last position, over streams, with the ends between them."""
    book((0, 1, "unchanged"), (1, 3, "dropped"), (4, 1, "end"))
    book((0, 1, "rejected"), (1, 1, "failed"), stream=1)
    with catalogue.change():
        booking.move_on(catalogue, "lobby", (1, 1))
    told = booking.standing(catalogue, "lobby", ((0, 1), (1, 0)))

    assert told.outcomes == [((0, 1), "dropped"), ((0, 4), "end"), ((1, 0), "rejected")]
    assert (told.committed, told.is_ended) == ((1, 1), False)
    assert booking.standing(catalogue, "lobby", None).outcomes == []


def test_a_stream_whose_end_is_committed_has_ended(catalogue, book):
    """The next one begins with another number."""
    book((0, 1, "unchanged"), (1, 1, "end"))
    with catalogue.change():
        booking.move_on(catalogue, "lobby", (0, 1))

    assert booking.standing(catalogue, "lobby", None).is_ended


def test_commits_are_counted(catalogue):
    """Each has a greater number than the one before, and the streams it worked on carry it."""
    with catalogue.change():
        assert [booking.next_commit(catalogue) for _ in range(3)] == [1, 2, 3]


def test_names_that_utf8_cannot_say_are_written_out(catalogue):
    """A camera whose name came from a file system's raw bytes has one session, not two."""
    with catalogue.change():
        told = [booking.open_epoch(catalogue, "b\udcfcro", epoch) for epoch in (FIRST, FIRST)]
        booking.note_event(catalogue, "b\udcfcro", "fresh", "t\udcfcr", 5)

    assert told == [True, False]
    assert catalogue.rows("SELECT time_ns, camera, kind, text FROM event") == [
        (5, "b\\udcfcro", "fresh", "t\\udcfcr")
    ]
