"""
Whether a frame certainly fits into a message, told at a glance: nearly every frame does, and packing it to find out costs ten times more.

What a frame must be to fit is item_header.fitting()'s and the reader's business; here "no" only means to look there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from keepframe.frame import STRENGTH, Frame
from keepframe.picture import FORMATS
from keepframe.picture.picture import MAX_SIDE
from keepframe.wire.fields import MAX_INT

MAX_CHARS, MAX_ENTRIES = 2000, 48
_OUTCOMES = frozenset((None, *STRENGTH))
_MATRICES = frozenset(("bt601", "bt709"))


def is_modest(frame: Frame) -> bool:
    """
    Whether this frame, alone in its item, surely is what a reader believes: short ASCII texts, few entries, plain types.

    >>> is_modest(Frame(notes={"text": "short"})), is_modest(Frame(notes={"text": "x" * 5000}))
    (True, False)
    """
    texts = [frame.reason, frame.source]
    return (
        _is_count(frame.stream)
        and _is_count(frame.seq)
        and frame.part == ""
        and type(frame.time_ns) is int
        and -MAX_INT <= frame.time_ns <= MAX_INT
        and frame.outcome in _OUTCOMES
        and (frame.threshold is None or _is_finite(frame.threshold))
        and (frame.index is None or _is_count(frame.index))
        and (frame.media_ns is None or _is_count(frame.media_ns))
        and _are_plain(frame.scores, texts, are_numbers=True)
        and _are_plain(frame.notes, texts, are_numbers=False)
        and all(type(text) is str and len(text) <= 300 and text.isascii() for text in texts)
        and sum(map(len, texts)) <= MAX_CHARS
        and _has_plain_pixels(frame)
    )


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= MAX_INT


def _is_finite(value: object) -> bool:
    return type(value) is float and math.isfinite(value)


def _are_plain(entries: Mapping[str, Any], texts: list[str], *, are_numbers: bool) -> bool:
    """Whether the values are; keys and texts among them are added to `texts`, to be looked at together."""
    if len(entries) > MAX_ENTRIES:
        return False
    for key, value in entries.items():
        texts.append(key)
        if type(value) is float:
            if not math.isfinite(value):
                return False
        elif are_numbers:
            return False
        elif type(value) is str:
            texts.append(value)
        elif type(value) is not bool and not (type(value) is int and -MAX_INT <= value <= MAX_INT):
            return False
    return True


def _has_plain_pixels(frame: Frame) -> bool:
    picture, working = frame.picture, frame.working
    if picture is not None and not (
        picture.format in FORMATS
        and type(picture.height) is int
        and type(picture.width) is int
        and type(picture.is_full_range) is bool
        and picture.matrix in _MATRICES
        and (picture.checksum is None or (_is_count(picture.checksum) and picture.checksum < 1 << 32))
        and (picture.format != "jpeg" or 0 < picture.nbytes <= 1 << 24)
    ):
        return False
    return working is None or (
        working.dtype == np.uint8
        and (working.ndim == 2 or (working.ndim == 3 and working.shape[2] == 3))
        and working.size > 0
        and max(working.shape) <= MAX_SIDE
    )
