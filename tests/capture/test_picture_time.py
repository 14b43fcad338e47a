"""When an image file was taken."""

import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.capture.picture_time import time_of_exif, time_of_name

S = 1_000_000_000
AT = int(datetime(2024, 5, 1, 12, 30, 5, tzinfo=UTC).timestamp()) * S


def tiff(order="<", main=(), exif=(), exif_tag=0x8769):
    """A TIFF structure with those texts in its main and its EXIF directory."""
    body, texts = b"", []

    def directory(entries, start, pointer):
        room = start + 2 + 12 * (len(entries) + (pointer is not None)) + 4
        fields, after = b"", b""
        for tag, text in entries:
            value = text.encode() + b"\0"
            if len(value) > 4:
                fields += struct.pack(order + "HHII", tag, 2, len(value), room + len(after))
                after += value
            else:
                fields += struct.pack(order + "HHI", tag, 2, len(value)) + value.ljust(4, b"\0")
        if pointer is not None:
            fields += struct.pack(
                order + "HHII", exif_tag, 4, 1, room + len(after) if pointer == "next" else pointer
            )
        count = len(entries) + (pointer is not None)
        return struct.pack(order + "H", count) + fields + bytes(4) + after

    body = directory(main, 8, "next" if exif else None)
    body += directory(exif, 8 + len(body), None) if exif else b"".join(texts)
    return {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8) + body


def jpeg(block):
    """The beginning of a JPEG file with that EXIF block behind a JFIF segment."""
    exif = b"Exif\0\0" + block
    return (
        b"\xff\xd8\xff\xe0\x00\x10JFIF"
        + bytes(10)
        + b"\xff\xe1"
        + (len(exif) + 2).to_bytes(2, "big")
        + exif
        + b"\xff\xda"
    )


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_original_time_counts_first(order):
    """Before the time the file was changed; in either byte order."""
    block = tiff(order, main=[(0x0132, "2025:01:01 00:00:00")], exif=[(0x9003, "2024:05:01 12:30:05")])

    assert time_of_exif(jpeg(block)) == AT


@pytest.mark.parametrize(("zone", "hours"), [("+02:00", 2), ("-05:30", -5.5), ("Z", 0), ("   :  ", 0)])
@pytest.mark.parametrize("tag", [0x9010, 0x9011])
def test_a_zone_is_taken_off(zone, hours, tag):
    """Whichever of the two tags says it."""
    block = tiff(exif=[(0x9003, "2024:05:01 12:30:05"), (tag, zone)])

    assert time_of_exif(jpeg(block)) == AT - hours * 3600 * S


@pytest.mark.parametrize("date", ["0001:01:01 00:00:00", "9999:12:31 23:59:59"])
@pytest.mark.parametrize("zone", ["+01:00", "-01:00", ""])
def test_a_time_outside_of_all_calendars_is_none(date, zone):
    """Whatever a hand has written there: it must not end the capture, and no row could hold it."""
    block = tiff(exif=[(0x9003, date), (0x9011, zone)])

    assert time_of_exif(jpeg(block)) is None


@pytest.mark.parametrize(
    ("fraction", "ns"), [("5", 500_000_000), ("123", 123_000_000), ("000001", 1_000), ("x", 0)]
)
def test_fractions_of_a_second_count(fraction, ns):
    """As digits behind the point, short or long."""
    block = tiff(exif=[(0x9003, "2024:05:01 12:30:05"), (0x9291, fraction)])

    assert time_of_exif(jpeg(block)) == AT + ns


def test_without_an_original_time_the_other_counts():
    """Of the main directory; a TIFF file has it too."""
    block = tiff(main=[(0x0132, "2024:05:01 12:30:05")])

    assert time_of_exif(jpeg(block)) == time_of_exif(block) == AT


@pytest.mark.parametrize("text", ["0000:00:00 00:00:00", "2024:13:45 99:00:00", "    :  :     :  :  ", ""])
def test_a_clock_that_was_never_set_gives_none(text):
    """The next source is asked then."""
    assert time_of_exif(jpeg(tiff(exif=[(0x9003, text)]))) is None


def test_a_directory_that_points_to_itself_ends():
    """As does every other circle."""
    block = struct.pack("<4sIHHHIII", b"II*\0", 8, 1, 0x8769, 4, 1, 8, 0)

    assert time_of_exif(block) is None


@given(st.binary(max_size=200), st.integers(0, 250))
def test_no_bytes_at_all_stop_it(garbage, at):
    """Written over a good file, or by themselves."""
    good = jpeg(tiff(exif=[(0x9003, "2024:05:01 12:30:05")]))

    for data in (
        garbage,
        b"\xff\xd8" + garbage,
        b"II*\0" + garbage,
        good[:at] + garbage + good[at + len(garbage) :],
    ):
        assert isinstance(time_of_exif(data), int | None)


@pytest.mark.parametrize(
    "name",
    [
        "2024-05-01_12-30-05.jpg",
        "20240501123005.png",
        "IMG_20240501_123005.jpg",
        "cam3 2024.05.01 12.30.05.jpg",
        "2024-05-01T12:30:05.webp",
        "snap-2024-05-01-12-30-05-0017.jpg",
        "lobby_01_20240501123005.jpg",
        "99-12345_2024_05_01_12_30_05.bmp",
    ],
)
def test_a_time_in_a_name_is_read(name):
    """The patterns that cameras and people use."""
    assert time_of_name(name) == AT


@pytest.mark.parametrize(
    "name", ["PXL_20240501_123005123.jpg", "2024-05-01_12-30-05.123.jpg", "20240501123005123.jpg"]
)
def test_thousandths_in_a_name_are_read(name):
    """With a point or without."""
    assert time_of_name(name) == AT + 123_000_000


@pytest.mark.parametrize(
    "name",
    [
        "img0001.jpg",
        "12345678901234.jpg",
        "2024-05-01.jpg",
        "20241399_123005.jpg",
        "320240501123005.jpg",
        "1920x1080.jpg",
        "",
    ],
)
def test_other_numbers_are_no_time(name):
    """Nor is a date alone."""
    assert time_of_name(name) is None
