"""
What happens during a run in sentences, for whoever watches a camera.

How lines are written, and their other forms, are in logs.py; which events there are, docs/running.md tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from keepframe.clock import iso

SENTENCES: Final = {
    "lost": "lost: {detail}; tried again until it is found",
    "still-lost": "still lost: {detail}",
    "found": "found {detail}",
    "resized": "resized {detail}; a new stream begins",
    "clock": "{detail}; a new stream begins",
    "source-failed": "cannot be read: {error}",
    "undecodable": "{path}: part of it cannot be decoded (packets: {undecodable}); pictures that were read: {decoded}",
    "ends-early": "{path} breaks off: {error}",
    "cannot-list": "{path} is passed over until it can be looked into ({error})",
    "no-contact-sheet": "the page of the kept pictures could not be written: {error}",
    "no-link": "no link: {why}",
    "link": "{who} is missed no more, after {for_s} s",
    "locked": "{detail}",
    "cannot-start": "the process {process} cannot start: {error}",
    "crash-loop": "the process {process} has died {times} times in a row ({how}), and nothing was committed between",
    "draining": "ending: what was captured gets its outcome; Ctrl-C once more leaves at once",
    "died": "the process {process} has died ({how}) and is started again",
    "cannot-write": "nothing can be written to {folder} ({error}); it goes on when that is possible again",
    "can-write-again": "{folder} can be written again",
}
WHY: Final = ("detail", "reason", "error")
"""What an event without a sentence of its own says behind its name, whichever there is first."""


def as_sentence(time_ns: int, said: Mapping[str, Any]) -> str | None:
    """
    An event in one line, as a kept picture is one: when, which camera or frame, what; None where its name says too little for that.

    >>> as_sentence(0, {"event": "frozen", "camera": "door", "detail": "the same picture 30 times in a row"})
    '00:00:00 UTC  door  frozen: the same picture 30 times in a row'
    """
    whom = said.get("frame") or said.get("camera")
    sentence = SENTENCES.get(said["event"])
    why = next((said[key] for key in WHY if said.get(key)), None)
    if "traceback" in said or (sentence is None and (why is None or whom is None)):
        return None
    told = sentence.format_map(said) if sentence is not None else f"{said['event']}: {why}"
    more = f" (and {said['left_out']} more of this kind)" if "left_out" in said else ""
    return "  ".join(filter(None, [f"{iso(time_ns)[11:19]} UTC", whom, told + more]))
