from hypothesis import given
from hypothesis import strategies as st
from servers import jpeg

from keepframe.capture.jpeg_stream import SOI, JpegStream, trimmed

PICTURES = [jpeg(number) for number in range(3)]
BETWEEN = st.binary(max_size=40).filter(lambda data: b"\xff" not in data)


def fed(data, step, max_bytes=1_000_000):
    """The pictures in these bytes, fed in pieces."""
    stream = JpegStream(max_bytes)
    found = [p for at in range(0, len(data), step) for p in stream.feed(data[at : at + step])]
    return found, stream.rest()


@given(between=st.lists(BETWEEN, min_size=4, max_size=4), step=st.integers(1, 3000))
def test_pictures_are_cut_out_byte_for_byte(between, step):
    """Whatever stands around them, in whatever pieces it comes."""
    data = between[0] + b"".join(p + b for p, b in zip(PICTURES, between[1:], strict=True))

    assert fed(data, step) == (PICTURES, b"")


@given(st.binary(max_size=400), st.integers(1, 50))
def test_any_bytes_are_taken_without_an_error(data, step):
    """A stream may hold anything; what is behind it is found again."""
    found, _ = fed(data + SOI[:2] + b"\0" * 4 + PICTURES[0] + PICTURES[1], step)

    assert PICTURES[1] in found or any(p.endswith(PICTURES[1]) for p in found)


def test_a_picture_that_is_cut_off_comes_as_far_as_it_goes():
    """The next one's beginning ends it; the gate will reject it."""
    found, rest = fed(PICTURES[0][:-300] + PICTURES[1] + PICTURES[2][:50], 100)

    assert found == [PICTURES[0][:-300], PICTURES[1]]
    assert rest == PICTURES[2][:50]


def test_a_thumbnail_inside_a_picture_does_not_end_it():
    """It lies in a segment with a length, end marker and all."""
    app1 = b"\xff\xe1" + (len(PICTURES[1]) + 2).to_bytes(2, "big") + PICTURES[1]
    with_thumbnail = PICTURES[0][:2] + app1 + PICTURES[0][2:]

    assert fed(with_thumbnail * 2, 64)[0] == [with_thumbnail] * 2


def test_one_without_an_end_is_given_up():
    """After so many bytes; the one behind it is found."""
    endless = SOI + b"\xda\x00\x02" + bytes(5000)

    assert fed(endless + PICTURES[0], 500, max_bytes=4000)[0] == [PICTURES[0]]


def test_bytes_behind_the_end_are_trimmed():
    """And what is no picture, or has no end, stays as it is."""
    assert trimmed(PICTURES[0] + b"\0\r\n") == PICTURES[0]
    assert trimmed(PICTURES[0][:-2]) == PICTURES[0][:-2]
    assert trimmed(b"<html>") == b"<html>"
