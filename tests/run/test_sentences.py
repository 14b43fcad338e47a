"""Events as sentences."""

import numpy as np
import pytest

from keepframe.capture.gate import Gate
from keepframe.frame import Frame
from keepframe.picture import Picture
from keepframe.run.logs import as_plain
from keepframe.run.sentences import as_sentence
from keepframe.stage import CameraEvent


def told(event, **values):
    """The sentence behind its time."""
    return as_sentence(0, {"event": event, "process": "capture.door", **values})[len("00:00:00 UTC  ") :]


@pytest.mark.parametrize(
    ("event", "values", "sentence"),
    [
        ("lost", {"camera": "door", "detail": "no answer"}, "door  lost: no answer; tried again until it is found"),
        ("still-lost", {"camera": "door", "detail": "login refused"}, "door  still lost: login refused"),
        ("found", {"camera": "door", "detail": "after 3.2 s"}, "door  found after 3.2 s"),
        (
            "undecodable",
            {"path": "a.mp4", "decoded": 120, "of": 1394, "undecodable": 1},
            "a.mp4: part of it cannot be decoded (packets: 1); pictures that were read: 120",
        ),
        ("ends-early", {"path": "a.mp4", "error": "Invalid data"}, "a.mp4 breaks off: Invalid data"),
        ("no-contact-sheet", {"error": "No space"}, "the page of the kept pictures could not be written: No space"),
        ("locked", {"detail": "archive: another writes"}, "archive: another writes"),
        ("cannot-start", {"error": "no key"}, "the process capture.door cannot start: no key"),
        (
            "crash-loop",
            {"how": "exit code 1", "times": 5},
            "the process capture.door has died 5 times in a row (exit code 1), and nothing was committed between",
        ),
        ("no-link", {"why": "score@x refuses the key"}, "no link: score@x refuses the key"),
        ("link", {"who": "score.1", "for_s": 34}, "score.1 is missed no more, after 34 s"),
        ("died", {"how": "signal 9"}, "the process capture.door has died (signal 9) and is started again"),
        (
            "failed",
            {"camera": "door", "frame": "door/0/7", "reason": "blur: too dark", "left_out": 3},
            "door/0/7  failed: blur: too dark (and 3 more of this kind)",
        ),
    ],
)  # fmt: skip
def test_what_happened_is_a_sentence_that_begins_with_whom_it_concerns(event, values, sentence):
    """Behind the time of day; what has no sentence of its own says its name and why."""
    assert told(event, **values) == sentence


def test_whatever_a_camera_s_pictures_say_of_it_is_a_sentence():
    """Frozen, moving, blinded, seeing, resized: as the gate tells them."""
    level = [Picture.of(np.full((32, 32), n, np.uint8)) for n in (10, 10, 10, 90)]
    ramp = [Picture.of(np.arange(n * n, dtype=np.uint8).reshape(n, n)) for n in (32, 48)]
    gate = Gate(3)
    events = [e for p in [*level, *ramp] for e in gate.passes(Frame(picture=p)) if isinstance(e, CameraEvent)]

    assert [told(e.kind, camera="a", detail=e.detail) for e in events] == [
        "a  blinded: nothing in view but gray level 10",
        "a  frozen: the same picture 3 times in a row",
        "a  moving: its pictures differ again",
        "a  seeing: there is something in view again",
        "a  resized from 32x32 to 48x48; a new stream begins",
    ]


def test_what_says_too_little_for_a_sentence_stays_a_line_of_the_log():
    """With its values; so does what has a traceback."""
    assert as_plain(0, "INFO", {"event": "started", "process": "capture.a", "times": 3}) == (
        "00:00:00Z INFO event=started process=capture.a times=3"
    )
    assert as_sentence(0, {"event": "failed", "camera": "a", "error": "x", "traceback": "Traceback"}) is None
