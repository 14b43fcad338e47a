"""
What a run says on stderr while it goes on: one line for each event, as text, as JSON or as a sentence, and no floods.

Whoever has something to tell uses `log` with an event's name and its values; other rooms and users' stages may use Python's own
logging. How far a run is, and its result, is told by the command line.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from keepframe.clock import Clock, SystemClock, iso
from keepframe.redaction import redacted
from keepframe.run.sentences import as_sentence

Form = Literal["text", "json", "plain"]
FORMS: Final[tuple[Form, ...]] = ("text", "json", "plain")
CHATTY = ("httpx", "httpcore")
"""Loggers of libraries that tell at "info" of every request, with its whole address: several lines for each picture of a camera."""
VARIABLE: Final = "KEEPFRAME_LOG"
"""The variable that hands the form on to child processes."""
MOST, WITHIN_S = 5, 10.0
"""So many lines of one event and camera within so many seconds; the rest is counted."""
FIELDS: Final = "fields"
"""The attribute of a log record that holds an event's values: `extra={FIELDS: {...}}`."""
FIRST: Final = ("process", "stage", "camera", "frame")
"""In this order, whichever of them there are, before what else an event has to say."""


class Log:
    """
    Events by name, with values. `camera` and `frame` (its name) say whom it concerns, `process` which process, if not this one.

    >>> Log("keepframe.example").info("died", process="score.0", how="signal 9")
    """

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def info(self, event: str, **values: Any) -> None:
        """Something that is as it should be."""
        self._logger.info(event, extra={FIELDS: values})

    def warning(self, event: str, **values: Any) -> None:
        """Something that is mended by itself, or has cost one frame."""
        self._logger.warning(event, extra={FIELDS: values})

    def error(self, event: str, **values: Any) -> None:
        """Something that somebody has to look after."""
        self._logger.error(event, extra={FIELDS: values})


log = Log("keepframe")


@dataclass(slots=True)
class _Burst:
    """One event of one camera within a window of time."""

    began_s: float
    record: logging.LogRecord
    told: int = 0
    left_out: int = 0


class Limiter:
    """
    Lets a few records of each event and camera through and counts the others; tells how many those were when their time is over.

    later: calls a function after so many seconds; here by a thread.
    """

    def __init__(
        self,
        write: Callable[[logging.LogRecord, int], None],
        clock: Clock | None = None,
        later: Callable[[float, Callable[[], None]], None] | None = None,
    ) -> None:
        self._write, self._clock, self._later = write, clock or SystemClock(), later or _later
        self._bursts: dict[tuple[str, str], _Burst] = {}
        self._lock = threading.Lock()

    def take(self, record: logging.LogRecord) -> None:
        """Write it, or count it."""
        with self._lock:
            self._end_bursts(self._clock.monotonic_s() - WITHIN_S)
            key = _key(record)
            burst = self._bursts.setdefault(key, _Burst(self._clock.monotonic_s(), record))
            if burst.told >= MOST:
                burst.left_out += 1
                burst.record = record
                if burst.left_out == 1:
                    self._later(WITHIN_S, self.settle)
                return
            burst.told += 1
            self._write(record, 0)

    def settle(self, *, is_end: bool = False) -> None:
        """Tell what has been left out and whose time is over, or all of it."""
        with self._lock:
            self._end_bursts(float("inf") if is_end else self._clock.monotonic_s() - WITHIN_S)

    def _end_bursts(self, before_s: float) -> None:
        for key, burst in list(self._bursts.items()):
            if burst.began_s <= before_s:
                del self._bursts[key]
                if burst.left_out:
                    self._write(burst.record, burst.left_out - 1)  # the last of them is told


class Lines(logging.Handler):
    """Writes records to stderr, a line each. values: what every line of this process says, such as its name."""

    def __init__(self, form: Form, values: Mapping[str, Any]) -> None:
        super().__init__()
        self._line = {"text": as_text, "json": as_json, "plain": as_plain}[form]
        self._values = dict(values)
        self._limiter = Limiter(self._write)

    def emit(self, record: logging.LogRecord) -> None:
        """Write it, unless there are too many of its kind."""
        self._limiter.take(record)

    def close(self) -> None:
        """Tell what was left out, at the end of the process."""
        self._limiter.settle(is_end=True)
        super().close()

    def _write(self, record: logging.LogRecord, left_out: int) -> None:
        said = self._values | values_of(record) | ({"left_out": left_out} if left_out else {})
        try:
            line = self._line(round(record.created * 1e9), record.levelname, said)
            sys.stderr.write(redacted(line) + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):  # nobody listens any more
            return


def configure(form: str, process: str, stage: str = "") -> None:
    """
    From now on this process and its children tell what happens in this form, "text", "json" or "plain". Called once, by whoever starts a process.

    Raises ValueError for another form.
    """
    known = next((known for known in FORMS if known == form), None)
    if known is None:
        raise ValueError(f"log: expected one of {', '.join(FORMS)}, got {form!r}")
    os.environ[VARIABLE] = form
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler, Lines)]:
        root.removeHandler(old)
        old.close()
    values = {"process": process} | ({"stage": stage} if stage else {})
    root.addHandler(Lines(known, values))
    root.setLevel(logging.INFO)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def inherited() -> str:
    """The form that the process has which started this one."""
    return os.environ.get(VARIABLE, "text")


def values_of(record: logging.LogRecord) -> dict[str, Any]:
    """What a record says: an event with its values, or the message of somebody who uses Python's own logging."""
    fields = getattr(record, FIELDS, None)
    if isinstance(fields, Mapping):
        said: dict[str, Any] = {"event": record.msg, **fields}
    else:
        said = {"event": "message", "logger": record.name, "text": record.getMessage()}
    if record.exc_info:
        said["traceback"] = logging.Formatter().formatException(record.exc_info)
    return said


def as_text(time_ns: int, level: str, said: Mapping[str, Any]) -> str:
    """
    A line for people, and for whoever searches a log.

    >>> as_text(0, "WARNING", {"event": "failed", "process": "score.0", "stage": "score", "frame": "a/0/7", "camera": "a", "why": "too dark"})
    "00:00:00Z WARNING event=failed process=score.0 frame=a/0/7 why='too dark'"
    """
    hidden = {"stage"} if "process" in said else set()
    hidden |= {"camera"} if "frame" in said else set()
    traceback = said.get("traceback")
    pairs = [f"{k}={_plain(v)}" for k, v in _ordered(said).items() if k not in hidden | {"traceback"}]
    line = " ".join([f"{iso(time_ns)[11:19]}Z", level, *pairs])
    return f"{line}\n{traceback}" if traceback else line


def as_json(time_ns: int, level: str, said: Mapping[str, Any]) -> str:
    """
    A line for programs: one object.

    >>> as_json(0, "INFO", {"event": "draining", "process": "supervisor"})
    '{"ts": "1970-01-01T00:00:00.000Z", "level": "info", "event": "draining", "process": "supervisor"}'
    """
    told = {"ts": iso(time_ns), "level": level.lower(), **_ordered(said)}
    return json.dumps(told, ensure_ascii=False, default=str)


def as_plain(time_ns: int, level: str, said: Mapping[str, Any]) -> str:
    """
    A line for somebody who watches: a sentence, as far as there is one.

    >>> as_plain(0, "WARNING", {"event": "found", "process": "capture.door", "camera": "door", "detail": "after 3.2 s"})
    '00:00:00 UTC  door  found after 3.2 s'
    """
    return as_sentence(time_ns, said) or as_text(time_ns, level, said)


def _ordered(said: Mapping[str, Any]) -> dict[str, Any]:
    keys = ["event", *(key for key in FIRST if key in said)]
    return {key: said[key] for key in keys} | dict(said)


def _plain(value: Any) -> str:
    text = str(value)
    return (
        repr(text)
        if not text or any(c.isspace() or c in "='\"\\" or not c.isprintable() for c in text)
        else text
    )


def _key(record: logging.LogRecord) -> tuple[str, str]:
    said = getattr(record, FIELDS, None) or {}
    return str(record.msg), str(said.get("camera") or said.get("process") or "")


def _later(seconds: float, call: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()
