"""
What became of a run, in plain words: the sentence that ends it and heads the contact sheet.

Counting is the reader's business.
"""

from __future__ import annotations

from collections.abc import Mapping

from keepframe.archive.row import Row
from keepframe.clock import NS, iso
from keepframe.frame import REASONS


def sentence(counts: Mapping[str, Mapping[str, int]], biggest: Row | None = None) -> str:
    """
    The counts of all cameras in one sentence; with the moment of the biggest change, if there was one.

    >>> sentence({"lobby": {"captured": 1394, "kept": 31, "unchanged": 1361, "rejected": 2}})
    '1,394 seen, 31 kept, 98 % not stored, 2 rejected'
    """
    total = {key: sum(of.get(key, 0) for of in counts.values()) for key in _TOLD}
    seen, kept = total["captured"], total["kept"]
    if not seen:
        return "nothing seen"
    told = [f"{seen:,} seen", f"{kept:,} kept", f"{share(seen - kept, seen)} not stored"]
    told += [f"{total[key]:,} {key}" for key in ("rejected", "dropped", "failed") if total[key]]
    if biggest:
        told.append(
            f"biggest change at {moment(biggest)}" + (f" of {biggest.camera}" if len(counts) > 1 else "")
        )
    return ", ".join(told)


def because(outcome: str, reason: str, score: float | None, threshold: float | None) -> str:
    """
    Why a picture was kept or not, in one line.

    >>> because("kept", "changed", 0.6123, 0.5), because("kept", "first", None, None)
    ('changed: score 0.612, threshold 0.5', 'first: there was nothing to compare with')
    """
    if score is not None and threshold is not None:
        return "{}: score {}, threshold {}".format(reason, *told_apart(score, threshold))
    meaning = REASONS.get(reason)
    return f"{reason}: {meaning}" if meaning else f"{outcome}: {reason}" if reason != outcome else outcome


def told_apart(score: float, threshold: float) -> tuple[str, str]:
    """
    Both in three digits that matter, or in as many more as it takes to see which is larger.

    >>> told_apart(27.604, 4.0), told_apart(4.0017, 4.0)
    (('27.6', '4'), ('4.002', '4'))
    """
    digits = next((n for n in (3, 4, 5) if f"{score:.{n}g}" != f"{threshold:.{n}g}"), 6)
    return f"{score:.{digits}g}", f"{threshold:.{digits}g}"


def moment(row: Row) -> str:
    """
    When a frame was taken, for people: its place in the video, else (also where a live camera tells a time of its own) the time of day in UTC.

    >>> moment(Row(camera="a", stream=0, seq=0, outcome="kept", time_ns=0, media_ns=3_725 * NS, index=9, file="a.jpg"))
    '1:02:05'
    """
    if row.media_ns is None or row.index is None:
        return f"{iso(row.time_ns)[11:19]} UTC"
    minutes, seconds = divmod(max(row.media_ns, 0) // NS, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def share(some: int, of: int) -> str:
    """
    A share for people: in percent, rounded, but 0 and 100 only when it is so; 0 of nothing.

    >>> share(1, 1000), share(999, 1000), share(1, 3), share(0, 0)
    ('under 1 %', 'over 99 %', '33 %', '0 %')
    """
    percent = round(100 * some / of) if of else 0
    if percent == 100 and some < of:
        return "over 99 %"
    return "under 1 %" if percent == 0 and some else f"{percent} %"


_TOLD = ("captured", "kept", "rejected", "dropped", "failed")
