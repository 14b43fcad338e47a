"""
What a stage gave, as frames, or an error that says what it should have given.

Which frame's place they take is decided in step.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import numpy as np

from keepframe.frame import Frame

MAX_PARTS = 16
"""Into how many a frame may be divided, over all stages: one message carries them."""
SETTLING = ("unchanged", "filtered", "rejected", "failed")
"""What a stage may decide; kept is what the archive makes of the rest, dropped and end are the capture's."""
FORGOTTEN = (
    "returned None, but is annotated -> Frame; is a `return` missing? (-> Frame | None, if it filters)"
)
_NO_SERIES = (Mapping, str, bytes, bytearray, set, frozenset, np.ndarray)
"""What Python can iterate over but is no series of frames in order."""


def outputs_of(given: Any, most: int = MAX_PARTS) -> list[Frame]:
    """
    The frames that a stage gave: none, one or several; what is settled comes without pixels.

    Raises TypeError for what is no frame, ValueError for more than `most` or an outcome that is not the stage's to give.

    >>> outputs_of(None), len(outputs_of(Frame())), len(outputs_of(Frame(seq=n) for n in range(3)))
    ([], 1, 3)
    """
    if given is None:
        return []
    if isinstance(given, Frame):
        return [_checked(given)]
    if not isinstance(given, Iterable) or isinstance(given, _NO_SERIES):
        raise TypeError(f"must return a Frame, None or several Frames, got {_kind(given)}")
    outputs = list(islice(given, most + 1))
    if len(outputs) > most:
        raise ValueError(f"gave more than {most} frames at once")
    for output in outputs:
        if not isinstance(output, Frame):
            raise TypeError(
                f"must return a Frame, None or several Frames, got several, among them {_kind(output)}"
            )
    return [_checked(output) for output in outputs]


def _kind(given: Any) -> str:
    return type(given).__name__ + ("; use frame.with_image(array)" if isinstance(given, np.ndarray) else "")


def _checked(output: Frame) -> Frame:
    if output.outcome is None:
        return output
    if output.outcome not in SETTLING:
        raise ValueError(
            f"settled {output.name} as {output.outcome!r}; a stage may say {', '.join(SETTLING)}, or give it on to keep it"
        )
    is_header = output.picture is None and output.working is None
    return output if is_header else output.settled(output.outcome)
