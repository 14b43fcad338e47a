"""
The option `every`: how far apart the pictures that are taken lie, on a grid from the first picture.

It counts in the pictures' own time (media time of a video, time of an image file), never by the clock of the run.
"""

from __future__ import annotations

from keepframe.clock import NS, duration_ns

__all__ = ["NS", "interval_ns", "is_due"]


def interval_ns(every: str | float | None, name: str = "every") -> int | None:
    """
    The interval in nanoseconds; None for every picture. A bare number is seconds.

    name: of the option, for the error. Raises ValueError ("every: expected …") for what is no duration, or none above 0.

    >>> interval_ns("500ms"), interval_ns("2 min"), interval_ns(0.1), interval_ns(None)
    (500000000, 120000000000, 100000000, None)
    """
    if every is None:
        return None
    try:
        return duration_ns(every)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def seconds(duration: str | float, name: str) -> float:
    """
    A duration in seconds. Raises ValueError as interval_ns does.

    >>> seconds("500ms", "read_timeout")
    0.5
    """
    return (interval_ns(duration, name) or 0) / NS


def is_due(at_ns: int, last_ns: int | None, interval: int | None) -> bool:
    """
    Whether the picture at `at_ns` (from the first one) is taken, after the one at `last_ns`: it lies in another cell of the grid.

    >>> [at for at, last in [(0, None), (9, 0), (11, 0), (19, 11), (40, 11)] if is_due(at, last, 10)]
    [0, 11, 40]
    """
    return interval is None or last_ns is None or at_ns // interval != last_ns // interval
