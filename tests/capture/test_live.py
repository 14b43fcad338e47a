from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, pairwise

import numpy as np
import pytest

from keepframe.capture.live import FIRST_RETRY_S, MAX_RETRY_S, SETTLED_S, Live
from keepframe.clock import FakeClock
from keepframe.errors import CameraError
from keepframe.frame import Frame
from keepframe.picture import Picture
from keepframe.stage import CameraEvent


@dataclass(kw_only=True)
class Scripted(Live):
    """A camera whose connections go as they are written: pictures given, then an error, or an end."""

    script: list = field(default_factory=list)
    closed: int = 0
    waits: list = field(default_factory=list)

    def __post_init__(self):
        super().__post_init__()
        self.clock = FakeClock(10**18)
        self.jitter = lambda: 1.0
        self.rest_s = 0.0
        self.wait = self._wait

    def _wait(self, seconds):
        self.waits.append(seconds)
        self.clock.advance(seconds)

    def connection(self, pace) -> Iterator[Frame]:
        step = self.script.pop(0) if self.script else CameraError("off")
        try:
            if isinstance(step, CameraError):
                raise step
            seconds, count = step
            for number in range(count):
                self.clock.advance(seconds)
                image = np.random.default_rng(number).integers(0, 255, (24, 32)).astype(np.uint8)
                yield Frame(picture=Picture.of(image))
        finally:
            self.closed += 1


def told(source, number):
    """The kinds of the next things: "frame", or an event's."""
    return [e.kind if isinstance(e, CameraEvent) else "frame" for e in islice(source(), number)]


def test_a_camera_is_lost_found_and_goes_on():
    """Each connection is closed before the next is opened."""
    source = Scripted(script=[(1.0, 2), CameraError("off"), (1.0, 1)])

    assert told(source, 7) == ["frame", "frame", "lost", "still-lost", "found", "frame", "lost"]
    assert source.closed == 3


def test_one_that_never_was_there_is_lost_once_and_tried_for_ever():
    """It is told again only when the reason is another one."""
    source = Scripted(script=[*[CameraError("no answer")] * 4, CameraError("login refused"), (1.0, 1)])
    events = list(islice(source(), 4))

    assert [e.detail for e in events[:2]] == ["no answer", "login refused"]
    assert [getattr(e, "kind", "frame") for e in events[2:]] == ["found", "frame"]
    assert [(e.kind, e.ends_stream) for e in events[:2]] == [("lost", True), ("still-lost", False)]


def rests(script, jitter=1.0, number=2):
    """How long it waited before each further try."""
    source = Scripted(script=script)
    source.jitter = lambda: jitter
    rested, rest = [], source.rest
    source.rest = lambda for_s: (rested.append(for_s), rest(for_s))
    list(islice(source(), number))
    return rested


def test_it_waits_longer_from_try_to_try_up_to_a_limit():
    """Half a second at first, and at least three quarters of that when cameras are spread by chance."""
    doubled = [FIRST_RETRY_S * 2**n for n in range(5)]

    assert rests([*[CameraError("off")] * 7, (1.0, 1)]) == [*doubled, MAX_RETRY_S, MAX_RETRY_S]
    assert rests([CameraError("off"), (1.0, 1)], jitter=0.0) == [0.75 * FIRST_RETRY_S]


def test_a_connection_that_lasted_makes_the_next_try_soon():
    """One that broke at once does not: a camera that accepts and hangs up must not be asked without end."""
    off = [CameraError("off")] * 3

    assert rests([*off, (SETTLED_S + 1, 1), (1.0, 1)], number=6)[-1] == FIRST_RETRY_S
    assert rests([*off, (0.1, 1), (0.1, 1)], number=6)[-1] == FIRST_RETRY_S * 2**3


def test_signs_of_life_are_given_while_it_waits():
    """Often enough that nobody takes it for hanging."""
    source = Scripted(script=[*[CameraError("off")] * 8, (1.0, 1)])
    beats = []
    source.pulse = lambda: beats.append(source.clock.monotonic_s())
    list(islice(source(), 2))
    gaps = [b - a for a, b in pairwise(beats)]

    assert max(gaps) < 2.0 < source.hang_after_s


def test_after_an_outage_the_clock_s_jump_is_no_event_of_its_own():
    """The new stream has begun already."""
    source = Scripted(script=[(1.0, 1), (7200.0, 1)])

    assert told(source, 4) == ["frame", "lost", "found", "frame"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"every": "soon"}, "every: expected a duration"),
        ({"open_timeout": 0}, "open_timeout: expected a duration"),
        ({"read_timeout": "-1s"}, "read_timeout: expected a duration"),
        ({"frozen_after": 1}, r"frozen_after: expected 0 \(never\) or at least 2 pictures, got 1"),
    ],
)
def test_an_option_that_makes_no_sense_is_told(options, text):
    """Before anything starts."""
    with pytest.raises(ValueError, match=text):
        Scripted(**options)


def test_a_source_that_ends_by_itself_is_not_a_live_one():
    """By default one picture a second is taken."""
    assert (Live.is_live, Scripted().every) == (True, "1s")
