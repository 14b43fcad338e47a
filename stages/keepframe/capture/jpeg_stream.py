"""
JPEG pictures in a stream of bytes: where one begins and ends is read from its own markers, whatever stands between two of them.

Multipart boundaries and lengths are not trusted: cameras get them wrong, or leave them out. Whether a picture is whole is the
gate's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

SOI = b"\xff\xd8\xff"
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""What ends a stretch of coded pixels: a marker that is neither a stuffed zero nor a restart. Source: ITU-T T.81, B.1.1.2."""
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA


class JpegStream:
    r"""
    Cuts pictures, byte for byte, out of what is fed to it.

    A picture in which the next one begins comes as far as it goes. max_bytes: a longer one is given up, and so is everything up to the
    next beginning. Raises nothing.

    >>> stream = JpegStream(max_bytes=100)
    >>> list(stream.feed(b"--x\r\n\r\n" + SOI + b"\xe0\x00\x02\xff\xd9trailing" + SOI))
    [b'\xff\xd8\xff\xe0\x00\x02\xff\xd9']
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._buffer = bytearray()
        self._at = 0
        """How far the picture at the start of the buffer has been read; 0: no picture begins there."""
        self._is_coded = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The pictures that are complete with this."""
        self._buffer += data
        while True:
            if self._at == 0 and not self._begin():
                return
            end = self._end()
            if end is None:
                if len(self._buffer) > self.max_bytes:
                    self._drop(len(SOI))
                    continue
                return
            yield bytes(self._buffer[:end])
            self._drop(end)

    def rest(self) -> bytes:
        """What is left when nothing more comes: a picture that has begun; empty if none has."""
        return bytes(self._buffer) if self._at else b""

    def _begin(self) -> bool:
        start = self._buffer.find(SOI)
        if start < 0:
            del self._buffer[: max(0, len(self._buffer) - len(SOI) + 1)]
            return False
        del self._buffer[:start]
        self._at, self._is_coded = 2, False
        return True

    def _drop(self, upto: int) -> None:
        del self._buffer[:upto]
        self._at, self._is_coded = 0, False

    def _end(self) -> int | None:
        """Where the picture ends; None as long as that has not come."""
        buffer = self._buffer
        while True:
            if self._is_coded:
                found = _MARKER.search(buffer, self._at)
                if found is None:
                    self._at = max(self._at, len(buffer) - 1)
                    return None
                self._at, self._is_coded = found.start(), False
            if self._at + 4 > len(buffer):
                is_end = buffer[self._at : self._at + 2] == b"\xff\xd9"
                return self._at + 2 if is_end else None
            if buffer[self._at] != 0xFF or buffer[self._at + 1] == _SOI:
                return self._at  # it was cut off here
            marker = buffer[self._at + 1]
            if marker == _EOI:
                return self._at + 2
            if marker == 0xFF:  # padding
                self._at += 1
                continue
            self._at += 2 + int.from_bytes(buffer[self._at + 2 : self._at + 4], "big")
            self._is_coded = marker == _SOS


def trimmed(data: bytes) -> bytes:
    r"""
    The picture at the start of these bytes without what some cameras put behind its end; all of them if it has no end.

    >>> trimmed(SOI + b"\xe0\x00\x02\xff\xd9\0\0")
    b'\xff\xd8\xff\xe0\x00\x02\xff\xd9'
    """
    if not data.startswith(SOI):
        return data
    return next(JpegStream(len(data)).feed(data), data)
