"""
What a kept picture's file is called: a template with a fixed set of fields, filled in by our own hand.

`str.format` would let a template reach into Python's objects. Where the file is put is the folder's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePath

from keepframe.archive.row import plain
from keepframe.frame import Frame

DEFAULT = "{camera}/{date}/{time}_{stream}-{seq}"
KEPT_APART = ("lost+found", "quarantine")
"""Folders of the archive that hold no kept pictures."""
QUARANTINED = ".frame"
"""The suffix of a file in quarantine."""
_TAKEN = {*KEPT_APART, "index.html", *(f"catalogue.sqlite{end}" for end in ("", "-wal", "-shm", "-journal"))}
MAX_BYTES = 200
"""Of one part of a path: file systems take 255, and a number, a suffix and a temporary name must fit as well."""

_FIELDS: dict[str, Callable[[Frame], str]] = {
    "camera": lambda f: f.camera,
    "date": lambda f: f"{f.time:%Y-%m-%d}",
    "time": lambda f: f"{f.time:%H-%M-%S}.{f.time.microsecond // 1000:03d}",
    "year": lambda f: f"{f.time:%Y}",
    "month": lambda f: f"{f.time:%m}",
    "day": lambda f: f"{f.time:%d}",
    "hour": lambda f: f"{f.time:%H}",
    "stream": lambda f: str(f.stream),
    "seq": lambda f: f"{f.seq:06d}",
    "part": lambda f: f.part,
    "source": lambda f: PurePath(f.source).stem,
    "index": lambda f: "" if f.index is None else f"{f.index:06d}",
    "reason": lambda f: f.reason,
}
FIELDS = tuple(_FIELDS)


class Template:
    """
    A checked template: fields in braces, "/" between folders; times are UTC.

    Raises ValueError for an unknown field, an unpaired brace, and whatever could leave the archive's folder or hide in it.

    >>> Template("{camera}/{date}").name(Frame(camera="lobby"))
    'lobby/1970-01-01'
    >>> Template("{kamera}")
    Traceback (most recent call last):
    ValueError: name: unknown field '{kamera}' in '{kamera}'; known: camera, date, time, year, month, day, hour, stream, seq, part, \
source, index, reason
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._folders = [re.split(r"\{([^{}]*)\}", folder) for folder in text.split("/")]
        for folder in self._folders:
            for name in folder[1::2]:
                if name not in _FIELDS:
                    raise ValueError(
                        f"name: unknown field '{{{name}}}' in {text!r}; known: {', '.join(FIELDS)}"
                    )
            if any(set("{}\\\0") & set(literal) for literal in folder[::2]):
                raise ValueError(f"name: expected fields like {{camera}} between plain text, got {text!r}")
            if folder[0].startswith(".") or folder == [""]:
                raise ValueError(
                    f"name: no part of {text!r} may be empty or begin with a dot; the file lies in the archive"
                )
        top = text.partition("/")[0]
        if top in _TAKEN:
            raise ValueError(f"name: {top!r} in {text!r} is taken; choose another folder")

    def name(self, frame: Frame) -> str:
        """
        The path of this frame's picture in the archive, with "/", without a suffix; nothing a field says can leave it.

        A part that the template does not name comes last, so that parts of one frame have names of their own.
        """
        name = "/".join(_safe("".join(_filled(folder, frame))) for folder in self._folders)
        if frame.part and not any("part" in folder[1::2] for folder in self._folders):
            name = f"{name}-{_safe(frame.part)}"
        return f"_{name}" if name.partition("/")[0] in _TAKEN else name


def quarantined(frame: Frame) -> str:
    """
    The path of a frame's file in quarantine, without a suffix.

    >>> quarantined(Frame(camera="front door", seq=17))
    'quarantine/front_door_0-000017'
    """
    return f"{KEPT_APART[1]}/{_safe(f'{frame.camera}_{frame.stream}-{frame.seq:06d}')}"


def _filled(pieces: list[str], frame: Frame) -> list[str]:
    return [_FIELDS[piece](frame) if i % 2 else piece for i, piece in enumerate(pieces)]


def _safe(text: str) -> str:
    """
    A part of a path: letters, digits and `. _ + -` stay, whatever else becomes `_`; never hidden, empty or too long.

    >>> _safe("../../etc/passwd"), _safe("Tür 3"), _safe("")
    ('_._.._etc_passwd', 'Tür_3', '_')
    """
    kept = "".join(c if c.isalnum() or c in "._+-" else "_" for c in plain(text)) or "_"
    if kept.startswith((".", "-")):
        kept = "_" + kept[1:]
    return kept.encode()[:MAX_BYTES].decode(errors="ignore").rstrip(".") or "_"
