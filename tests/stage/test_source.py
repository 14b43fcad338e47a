from dataclasses import dataclass

import numpy as np
import pytest

from keepframe.clock import FakeClock
from keepframe.frame import Frame
from keepframe.picture import Picture, heap
from keepframe.stage.contract import read_contract
from keepframe.stage.source import CameraEvent, read_source

GRAY = np.full((2, 3), 7, np.uint8)
DARK = Frame(working=GRAY)


def reading(target, *, clock=None, **options):
    """A source at work for the camera "lobby"."""
    return read_source(read_contract(target, "mine"), options, "lobby", clock or FakeClock(5))


def frames(target, **options):
    """Every frame that it yields."""
    return [shot.frame for shot in reading(target, **options)]


@dataclass
class Counting:
    """A source with a memory: numbers as pictures."""

    count: int = 3
    next: int = 0
    is_live = False

    def __call__(self):
        while self.next < self.count:
            self.next += 1
            yield np.full((1, 1), self.next, np.uint8)

    def total(self):
        return self.count - self.next

    def save(self):
        return {"next": self.next}

    def load(self, memory):
        self.next = memory["next"]


def test_an_array_a_picture_and_a_frame_become_frames():
    """With the camera's name, and the time of the clock where the source knows none."""

    def mixed():
        yield GRAY
        yield Picture.of(GRAY)
        yield Frame(picture=Picture.of(GRAY), time_ns=9, index=2, camera="wrong")
        yield Frame(working=GRAY)

    given = frames(mixed)

    assert [f.camera for f in given] == ["lobby"] * 4
    assert [f.time_ns for f in given] == [5, 5, 9, 5]
    assert [f.picture.gray().tolist() for f in given] == [GRAY.tolist()] * 4
    assert given[2].index == 2


def test_a_bad_picture_is_yielded_as_rejected():
    """It keeps its name and its reason, and needs no pixels."""

    def bad():
        yield Frame(source="a.jpg").settled("rejected", "truncated")

    (frame,) = frames(bad)

    assert (frame.outcome, frame.reason, frame.source) == ("rejected", "truncated", "a.jpg")


def test_an_array_that_the_source_fills_again_is_kept_as_it_was():
    """Frames wait for the archive while the camera goes on into the same buffer."""

    def camera():
        buffer = np.zeros((2, 2), np.uint8)
        for n in range(3):
            buffer[:] = n
            yield buffer if n % 2 else Frame(working=buffer)

    assert [f.picture.gray()[0, 0] for f in frames(camera)] == [0, 1, 2]


def test_the_memory_after_each_frame_is_what_was_yielded_so_far():
    """And it does not change afterwards."""
    shots = list(reading(Counting))

    assert [shot.memory for shot in shots] == [{"next": 1}, {"next": 2}, {"next": 3}]


def test_a_memory_that_is_one_dict_for_ever_is_copied():
    """A snapshot is kept for every frame in flight."""

    class Growing(Counting):
        memory = None

        def save(self):
            self.memory = self.memory or {}
            self.memory["next"] = self.next
            return self.memory

    assert [shot.memory["next"] for shot in reading(Growing)] == [1, 2, 3]


@pytest.mark.parametrize("settled", range(4))
def test_from_any_memory_it_goes_on_as_if_undisturbed(settled):
    """What is settled is not yielded again, and everything else is."""
    source = reading(Counting)
    source.load({"next": settled} if settled else {})

    assert source.total() == 3 - settled
    assert [shot.frame.image[0, 0] for shot in source] == [1, 2, 3][settled:]


def test_a_live_source_has_no_memory():
    """What it saw cannot be seen again."""

    class Live(Counting):
        is_live = True

    source = reading(Live)
    source.load({"next": 2})

    assert (source.is_live, source.has_memory) == (True, False)
    assert [shot.memory for shot in source] == [None] * 3


def test_a_function_has_neither_memory_nor_total():
    """It is read from the start."""

    def camera(*, count: int = 2):
        yield from [GRAY] * count

    source = reading(camera, count=3)
    source.load({"next": 1})

    assert (source.has_memory, source.total(), source.is_live) == (False, None, False)
    assert [shot.memory for shot in source] == [None] * 3


def test_a_function_may_say_that_it_is_live():
    """By an attribute."""

    def camera():
        yield GRAY

    camera.is_live = True

    assert reading(camera).is_live


def test_a_source_that_is_empty_in_pythons_eyes_is_read():
    """Its own length says nothing about whether it is there."""

    class Empty(Counting):
        is_live = True

        def __len__(self):
            return 0

    assert reading(Empty).is_live
    assert len(frames(Empty)) == 3


class Open(Counting):
    log: list[str]

    def __enter__(self):
        self.log.append("entered")
        return self

    def __exit__(self, *_):
        self.log.append("left")

    def __call__(self):
        try:
            yield from super().__call__()
        finally:
            self.log.append("closed")


@pytest.mark.parametrize("taken", [1, 9])
def test_with_is_entered_and_left_once(taken):
    """At the end, and when nobody reads on."""
    Open.log = []
    shots = iter(reading(Open))
    for _ in zip(range(taken), shots, strict=False):
        pass
    shots.close()

    assert Open.log == ["entered", "closed", "left"]


def test_a_source_that_raises_is_left_and_heard():
    """What makes the whole source unusable is told by its own words."""

    class Broken(Open):
        def __call__(self):
            yield GRAY
            raise OSError("no such device")

    Broken.log = []
    with pytest.raises(OSError, match="no such device"):
        frames(Broken)

    assert Broken.log == ["entered", "left"]


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        ("a.jpg", TypeError, "'mine': a source yields frames, pictures or uint8 arrays, got str"),
        (None, TypeError, "'mine': a source yields frames, pictures or uint8 arrays, got NoneType"),
        (
            GRAY.astype(float),
            TypeError,
            "'mine': image: expected a uint8 array, got float64 array; scale to 0..255 and use .astype(np.uint8)",
        ),
        (GRAY[0], ValueError, "'mine': image: expected shape (H, W) or (H, W, 3), got (3,)"),
        (
            Frame(),
            ValueError,
            "'mine': a frame without a picture; give it one, or .settled(\"rejected\", why)",
        ),
        (
            Frame(picture=GRAY),
            TypeError,
            "'mine': expected Frame.picture to be a Picture, got ndarray; yield the array itself, or Picture.of(array)",
        ),
        (Frame().settled("end"), ValueError, "'mine': a source settles a frame as rejected only, got 'end'"),
        (
            Frame().settled("dropped"),
            ValueError,
            "'mine': a source settles a frame as rejected only, got 'dropped'",
        ),
    ],
)
def test_what_is_no_picture_is_told(given, kind, message):
    """With the name of the source."""

    def camera():
        yield given

    with pytest.raises(kind) as error:
        frames(camera)

    assert str(error.value) == message


@pytest.mark.parametrize(
    ("target", "got"), [(lambda: GRAY, "ndarray"), (lambda: None, "NoneType"), (lambda: DARK, "Frame")]
)
def test_a_source_that_does_not_yield_is_told(target, got):
    """One picture is not a row of pictures, though an array can be iterated over."""
    with pytest.raises(TypeError) as error:
        frames(target)

    assert (
        str(error.value) == f"'mine': a source yields pictures one after the other, got one {got}: `yield` it"
    )


def test_arrays_are_copied_once_into_the_room_that_was_lent():
    """So that what the source does with its array afterwards changes nothing, and nobody copies again."""
    spaces = []

    def room(nbytes):
        spaces.append(heap(nbytes))
        return spaces[-1]

    def same():
        array = np.zeros((2, 3), np.uint8)
        for value in (1, 2):
            array[:] = value
            yield array

    lent = reading(same)
    lent.lend(room)
    pictures = [shot.frame.picture for shot in lent]

    assert [bytes(space.view) for space in spaces] == [b"\1" * 6, b"\2" * 6]
    assert [bytes(picture.handle.data()) for picture in pictures] == [b"\1" * 6, b"\2" * 6]


def test_what_happens_to_a_camera_comes_in_its_place_without_passwords():
    """Between the frames, and fit for everybody's eyes."""

    def camera():
        yield GRAY
        yield CameraEvent("lost", "rtsp://admin:s3cret@door/ does not answer", ends_stream=True)

    _, event = reading(camera)

    assert event == CameraEvent("lost", "rtsp://admin:***@door/ does not answer", ends_stream=True)


class Blocking:
    """A live source that tells of itself, and looks at the reading from inside."""

    is_live, hang_after_s = True, 20.0

    def __init__(self):
        self.pulse = lambda: None

    def __call__(self):
        self.clock.advance(20.0)
        self.seen = [self.at_work.hangs_for_s]
        self.clock.advance(1.0)
        self.seen.append(self.at_work.hangs_for_s)
        self.pulse()
        self.seen.append(self.at_work.hangs_for_s)
        yield GRAY


def test_a_source_that_gives_no_sign_of_life_hangs():
    """Longer than it says it can take; while nobody asks it for anything it may take its time."""
    clock = FakeClock(5)
    at_work = reading(Blocking, clock=clock)
    at_work.source.clock, at_work.source.at_work = clock, at_work
    list(at_work)
    clock.advance(100.0)

    assert at_work.source.seen == [0.0, 21.0, 0.0]
    assert at_work.hangs_for_s == 0.0
