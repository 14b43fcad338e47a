import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from keepframe.clock import FakeClock
from keepframe.run.logs import (
    FIELDS,
    MOST,
    WITHIN_S,
    Limiter,
    Lines,
    Log,
    as_json,
    as_text,
    configure,
    values_of,
)


def record(event, logger="keepframe", **values):
    """A record of an event as `log` makes it."""
    made = logging.LogRecord(logger, logging.WARNING, "", 0, event, (), None)
    setattr(made, FIELDS, values)
    return made


class Bench:
    """A limiter with a clock of its own; what it writes as (event, values, how many were left out)."""

    def __init__(self):
        self.clock, self.written, self.calls = FakeClock(), [], []
        write = lambda r, left_out: self.written.append((r.msg, getattr(r, FIELDS), left_out))  # noqa: E731
        self.limiter = Limiter(write, self.clock, lambda seconds, call: self.calls.append((seconds, call)))

    def take(self, event, count=1, **values):
        for number in range(count):
            self.limiter.take(record(event, number=number, **values))


@pytest.fixture
def logger():
    """A logger whose lines go to stderr in a form, and nowhere else."""
    logger, handlers = logging.getLogger("keepframe.test"), []
    logger.propagate = False

    def begin(form, **values):
        handlers.append(Lines(form, values))
        logger.addHandler(handlers[-1])
        logger.setLevel(logging.INFO)
        return Log("keepframe.test")

    yield begin
    for handler in handlers:
        logger.removeHandler(handler)
        handler.close()


def test_a_line_of_text_names_the_event_the_process_and_the_frame(logger, capsys):
    """What is said of the whole process comes from where it was set up; the camera is part of the frame's name."""
    log = logger("text", process="score.0", stage="score")
    log.warning("failed", camera="front door", frame="front door/0/7", reason="")

    line = capsys.readouterr().err

    assert line[8:] == "Z WARNING event=failed process=score.0 frame='front door/0/7' reason=''\n"


def test_a_line_of_json_is_one_object_with_everything(logger, capsys):
    """Level, time, process, stage, event, camera and frame stand under the same names in every line."""
    log = logger("json", process="score.0", stage="score")
    log.error("failed", camera="a", frame="a/0/7", reason="two\nlines", share=0.5)

    told = json.loads(capsys.readouterr().err)

    assert told.pop("ts").endswith("Z")
    assert told == {
        "level": "error", "event": "failed", "process": "score.0", "stage": "score", "camera": "a", "frame": "a/0/7",
        "reason": "two\nlines", "share": 0.5,
    }  # fmt: skip


def test_a_line_stays_one_line_whatever_is_told():
    """A line break, a quote and a control character cannot make two lines, nor colour a terminal."""
    said = {"event": "x", "reason": "a\nb", "name": "it's", "odd": "\x1b[31m", "none": None}

    assert (
        as_text(0, "INFO", said)
        == "00:00:00Z INFO event=x reason='a\\nb' name=\"it's\" odd='\\x1b[31m' none=None"
    )
    assert "\n" not in as_json(0, "INFO", said)


def test_requests_of_the_http_library_are_no_events():
    """A line for each picture, with its address, is nobody's wish; its warnings are told."""
    code = (
        "import logging; from keepframe.run.logs import *; configure('text', 'x'); "
        "h = logging.getLogger('httpx'); h.info('GET http://cam'); h.warning('odd')"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert [line.split("text=")[1] for line in done.stderr.splitlines()] == ["odd"]


def test_what_others_log_is_told_as_their_message():
    """A stage of the user's own knows Python's logging, and its arguments are put in."""
    made = logging.LogRecord("mine", logging.INFO, "", 0, "level %d of %s", (3, "a"), None)

    assert values_of(made) == {"event": "message", "logger": "mine", "text": "level 3 of a"}


def test_a_traceback_goes_along(logger, capsys):
    """In text below the line, in JSON as one of its values."""
    logger("json")
    try:
        raise ValueError("too dark")
    except ValueError:
        logging.getLogger("keepframe.test").exception("no luck")

    told = json.loads(capsys.readouterr().err)

    assert told["text"] == "no luck"
    assert told["traceback"].endswith("ValueError: too dark")
    assert as_text(0, "ERROR", told).endswith("\nValueError: too dark")


def test_a_burst_is_cut_and_counted():
    """So many are told at once; the last of the others, and how many there were between, when their time is over."""
    bench = Bench()
    bench.take("failed", 100, camera="a")

    assert [values["number"] for _, values, _ in bench.written] == list(range(MOST))

    (seconds, settle), bench.written = bench.calls[0], []
    bench.clock.advance(seconds)
    settle()

    assert bench.written == [("failed", {"number": 99, "camera": "a"}, 100 - MOST - 1)]
    assert len(bench.calls) == 1


def test_other_events_and_cameras_are_told_all_the_same():
    """The flood of one hides no other."""
    bench = Bench()
    bench.take("failed", 100, camera="a")
    bench.written = []
    bench.take("failed", 1, camera="b")
    bench.take("suspect", 1, camera="a")
    bench.take("died", 1, process="score.0")

    assert [event for event, _, _ in bench.written] == ["failed", "suspect", "died"]


def test_after_its_time_an_event_is_told_again():
    """Nothing stays silent for ever."""
    bench = Bench()
    bench.take("failed", MOST)
    bench.clock.advance(WITHIN_S)
    bench.take("failed", 1)

    assert len(bench.written) == MOST + 1
    assert bench.calls == []


def test_the_end_of_a_process_tells_what_was_left_out(logger, capsys):
    """A burst right before the end is not kept back."""
    log = logger("json")
    for number in range(50):
        log.warning("failed", number=number)
    capsys.readouterr()
    (lines,) = [h for h in logging.getLogger("keepframe.test").handlers if isinstance(h, Lines)]
    lines.close()

    told = json.loads(capsys.readouterr().err)

    assert (told["number"], told["left_out"]) == (49, 50 - MOST - 1)


def test_the_form_is_handed_to_children():
    """A process started by one that tells JSON does the same, without being told."""
    code = (
        "from keepframe.run.logs import *; configure(inherited(), 'score.0', 'score'); log.info('hello', n=1)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        env={**os.environ, "KEEPFRAME_LOG": "json"},
        capture_output=True,
        text=True,
    )

    assert json.loads(done.stderr)["process"] == "score.0"


def test_another_form_is_refused():
    """The message says which there are."""
    with pytest.raises(ValueError, match="log: expected one of text, json, plain, got 'xml'"):
        configure("xml", "score.0")


def test_every_event_stands_in_the_documents_and_no_other():
    """Whoever reads a log finds what a word means."""
    root = Path(__file__).parents[2]
    code = "\n".join(path.read_text() for path in (root / "stages").rglob("*.py"))
    told = set(re.findall(r'\b(?:log\.(?:info|warning|error)|_record)\(\s*"([a-z-]+)"', code)) | {"message"}
    rows = re.findall(
        r"^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \|", (root / "docs/running.md").read_text(), re.MULTILINE
    )

    assert sorted(word.strip("`") for row in rows for word in row.split(", ")) == sorted(told)
