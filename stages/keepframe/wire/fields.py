"""
Unpack a header and read its fields one by one, each with its type and range; anything else is a WireError that names the field.

Which fields a message has is bodies.py's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import msgpack

from keepframe.archive import Epoch
from keepframe.errors import WireError
from keepframe.frame import Position

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
MAX_INT = 2**63 - 1
MAX_TEXT = 512
MAX_HEADER = 4096
LIMITS: dict[str, Any] = {
    "raw": False,
    "strict_map_key": True,
    "max_array_len": 256,
    "max_map_len": 64,
    "max_str_len": 4 * MAX_TEXT,
    "max_bin_len": 0,
    "max_ext_len": 0,
}
_UNPACK_ERRORS = (ValueError, TypeError, RecursionError, msgpack.exceptions.UnpackException)


def unpack(part: bytes | memoryview, limits: dict[str, Any] = LIMITS) -> Any:
    r"""
    The plain values packed in these bytes. Raises WireError if they are not msgpack within these limits.

    >>> unpack(b"\x92\x01\xc0")
    [1, None]
    """
    try:
        return msgpack.unpackb(bytes(part), **limits)
    except _UNPACK_ERRORS as error:
        raise WireError(
            f"not msgpack within the limits: {type(error).__name__}: {str(error)[:80]}"
        ) from error


class Fields:
    """A cursor over the values of an array; `where` names it in errors."""

    def __init__(self, values: Any, where: str, count: int | None = None) -> None:
        if not isinstance(values, list) or (count is not None and len(values) != count):
            got = f"{len(values)} fields" if isinstance(values, list) else type(values).__name__
            raise WireError(
                f"{where}: expected an array{f' of {count}' if count is not None else ''}, got {got}"
            )
        self.values, self.where, self.place = values, where, 0

    def take(self, name: str) -> Any:
        """The next value, unchecked."""
        place = self.place
        try:
            value = self.values[place]
        except IndexError:
            raise WireError(f"{self.where}: {name} is missing") from None
        self.place = place + 1
        return value

    def integer(self, name: str, low: int = 0, high: int = MAX_INT) -> int:
        """An integer from low to high."""
        value = self.take(name)
        if type(value) is not int or not low <= value <= high:
            raise self._wrong(name, f"an integer from {low} to {high}", value)
        return value

    def maybe_integer(self, name: str, low: int = 0, high: int = MAX_INT) -> int | None:
        """An integer from low to high, or nothing."""
        if self.place < len(self.values) and self.values[self.place] is None:
            self.place += 1
            return None
        return self.integer(name, low, high)

    def maybe_number(self, name: str) -> float | None:
        """A finite number, or nothing."""
        value = self.take(name)
        if value is None:
            return None
        return self._finite(name, value)

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self.take(name)
        if type(value) is not bool:
            raise self._wrong(name, "true or false", value)
        return value

    def text(self, name: str, max_chars: int = MAX_TEXT) -> str:
        """A string of limited length."""
        value = self.take(name)
        if type(value) is not str or len(value) > max_chars:
            raise self._wrong(name, f"a string of at most {max_chars}", value)
        return value

    def name(self, name: str) -> str:
        """A name: letters, digits, _ and -, at most 64."""
        value = self.text(name, 64)
        if not NAME.fullmatch(value):
            raise self._wrong(name, "a name of letters, digits, _ and -", value)
        return value

    def one_of(self, name: str, known: Sequence[Any]) -> Any:
        """One of the known values."""
        value = self.take(name)
        if type(value) not in (str, type(None)) or value not in known:
            raise self._wrong(name, f"one of {', '.join(map(str, known))}", value)
        return value

    def array(self, name: str, count: int | None = None, limit: int = 256) -> list[Any]:
        """An array, of exactly `count` or at most `limit`."""
        value = self.take(name)
        if not isinstance(value, list) or len(value) > limit or (count is not None and len(value) != count):
            raise self._wrong(
                name, f"an array of {count if count is not None else f'at most {limit}'}", value
            )
        return value

    def epoch(self, name: str) -> Epoch:
        """Incarnation, attempt, nonce; the first is -1 for "never"."""
        f = Fields(self.take(name), f"{self.where}.{name}", 3)
        return f.integer("incarnation", -1), f.integer("attempt"), f.integer("nonce")

    def position(self, name: str) -> Position:
        """Stream and seq; -1, -1 for the start."""
        f = Fields(self.take(name), f"{self.where}.{name}", 2)
        return f.integer("stream", -1), f.integer("seq", -1)

    def maybe_position(self, name: str) -> Position | None:
        """Stream and seq, or nothing."""
        if self.values[self.place : self.place + 1] == [None]:
            self.place += 1
            return None
        return self.position(name)

    def numbers(self, name: str) -> dict[str, float]:
        """A map of names to finite numbers."""
        values = self._map(name)
        return {k: self._finite(f"{name}.{k}", v) for k, v in values.items()} if values else values

    def plain(self, name: str) -> dict[str, str | int | float | bool]:
        """A map of names to strings, finite numbers and truth values."""
        values = self._map(name)
        for key, value in values.items():
            if type(value) not in (str, int, bool):
                self._finite(f"{name}.{key}", value)
        return values

    def end(self) -> None:
        """Nothing more may follow."""
        if self.place != len(self.values):
            raise WireError(f"{self.where}: {len(self.values) - self.place} fields too many")

    def _map(self, name: str) -> dict[str, Any]:
        value = self.take(name)
        if not isinstance(value, dict):
            raise self._wrong(name, "a map with strings for keys", value)
        for key in value:
            if type(key) is not str or len(key) > MAX_TEXT:
                raise self._wrong(name, "a map with strings for keys", value)
        return value

    def _finite(self, name: str, value: Any) -> float:
        if type(value) not in (int, float) or not math.isfinite(value):
            raise self._wrong(name, "a finite number", value)
        return float(value)

    def _wrong(self, name: str, expected: str, value: Any) -> WireError:
        return WireError(
            f"{self.where}.{name}: expected {expected}, got {type(value).__name__} {repr(value)[:60]}"
        )
