"""
When an image file was taken: its EXIF says, else its name, else when it was written.

A time without a zone counts as UTC, so that the same folder gives the same times on every machine.
"""

from __future__ import annotations

import re
import struct
from datetime import UTC, datetime, timedelta

from keepframe.clock import NS

MAX_NS = 2**63 - 1
"""What a row of the catalogue can hold: the year 2262."""
_DATE_TIME, _EXIF, _ORIGINAL, _OFFSET, _OFFSET_ORIGINAL, _FRACTION = (
    0x0132,
    0x8769,
    0x9003,
    0x9010,
    0x9011,
    0x9291,
)
_MAX_TAGS = 512
_WRITTEN = re.compile(r"(\d{4}):(\d\d):(\d\d)[ T](\d\d):(\d\d):(\d\d)")
_ZONE = re.compile(r"([+-])(\d\d):(\d\d)")
_NAMED = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-_.]?(\d\d)[-_.]?(\d\d)[-_. T]{0,3}(\d\d)[-_.:h]?(\d\d)[-_.:m]?(\d\d)(?:[-_.,](\d{3})(?!\d)|(\d{3})(?!\d)|(?!\d))"
)


def time_of_name(name: str) -> int | None:
    """
    The time in a file's name, in nanoseconds since 1970; None if there is none. Date and time to the second, with thousandths or not.

    >>> time_of_name("2024-05-01_12-30-05.jpg") == time_of_name("IMG_20240501_123005.jpg") == time_of_name("20240501123005.png")
    True
    >>> time_of_name("img-0012345678901234567890.jpg") is None
    True
    """
    for found in _NAMED.finditer(name):
        time_ns = _time(found.groups()[:6], found[7] or found[8] or "", "")
        if time_ns is not None:
            return time_ns
    return None


def time_of_exif(data: bytes) -> int | None:
    """
    The time in a JPEG's or TIFF's EXIF, in nanoseconds since 1970; None if there is none that can be read.

    DateTimeOriginal with SubSecTimeOriginal and OffsetTimeOriginal (or OffsetTime), else DateTime.
    Source: CIPA DC-008 (Exif 2.31), 4.6.5; TIFF 6.0, section 2.
    """
    tiff = _exif_block(data)
    try:
        tags = _tags(tiff) if tiff else {}
    except (struct.error, IndexError):
        return None
    zone = tags.get(_OFFSET_ORIGINAL) or tags.get(_OFFSET) or ""
    for tag, fraction in ((_ORIGINAL, tags.get(_FRACTION, "")), (_DATE_TIME, "")):
        written = _WRITTEN.match(tags.get(tag, ""))
        time_ns = _time(written.groups(), fraction, zone) if written else None
        if time_ns is not None:
            return time_ns
    return None


def _time(numbers: tuple[str | None, ...], fraction: str, zone: str) -> int | None:
    """In nanoseconds since 1970; None for what is no date, or one that no camera has: a clock that was never set, or a hand's 9999."""
    offset = _ZONE.match(zone)
    try:
        moment = datetime(*(int(number or 0) for number in numbers), tzinfo=UTC)  # type: ignore[arg-type, misc]
        if offset:
            ahead = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
            moment = moment - ahead if offset[1] == "+" else moment + ahead
    except (ValueError, OverflowError):
        return None
    digits = fraction.strip()[:9]
    time_ns = round(moment.timestamp()) * NS + (int(digits.ljust(9, "0")) if digits.isdecimal() else 0)
    return time_ns if abs(time_ns) <= MAX_NS else None


def _exif_block(data: bytes) -> bytes:
    """The TIFF structure that holds the tags: a JPEG's first APP1 segment that says Exif, or a TIFF file itself."""
    if data[:4] in (b"II*\0", b"MM\0*"):
        return data
    at = 2
    while data[:2] == b"\xff\xd8" and at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] == 0xE1 and data[at + 4 : at + 10] == b"Exif\0\0":
            return data[at + 10 : at + 2 + size]
        at += 2 + size
    return b""


def _tags(tiff: bytes) -> dict[int, str]:
    """The texts of the main directory and of the EXIF directory it points to."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return {}
    texts: dict[int, str] = {}
    directories = [struct.unpack_from(order + "I", tiff, 4)[0]]
    while directories:
        at = directories.pop()
        (count,) = struct.unpack_from(order + "H", tiff, at)
        for entry in range(min(count, _MAX_TAGS)):
            tag, kind, length, value = struct.unpack_from(order + "HHII", tiff, at + 2 + 12 * entry)
            if tag == _EXIF and tag not in texts:
                texts[tag] = ""  # one directory of its kind is enough, and no circle can be made
                directories.append(value)
            elif kind == 2 and length <= 64:
                start = value if length > 4 else at + 2 + 12 * entry + 8
                texts[tag] = tiff[start : start + length].split(b"\0")[0].decode("ascii", "replace").strip()
    return texts
