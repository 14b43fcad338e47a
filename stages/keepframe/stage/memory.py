"""
A stage's memory as bytes: each key of what `save()` gave is packed on its own, so that only what changed is sent.

What comes back is what was saved, type for type and bit for bit, or a takeover would go on with something else. When it is saved
and where it is kept is not decided here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgpack
import numpy as np

MAX_BYTES = 4 << 20
MAX_KEYS = 4000
"""A message carries 4,096 keys."""
MAX_KEY = 256
"""Characters of a key."""
_DTYPES = {
    "bool",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "int8",
    "int16",
    "int32",
    "int64",
    "float32",
    "float64",
}
_ARRAY, _SCALAR, _TUPLE = 1, 2, 3
"""Extension types of msgpack: a numpy array, a numpy number (float32 is not a float in the sums that follow), a tuple."""


def pack(memory: Mapping[str, Any], use: str, max_bytes: int = MAX_BYTES) -> dict[str, bytes]:
    """
    Each value as bytes: None, bool, int, float, str, bytes, list, tuple, dict with str keys, numpy number or array.

    Raises TypeError for anything else, ValueError if all together are larger than max_bytes or have more than MAX_KEYS keys.

    >>> unpack(pack({"count": 3}, "counter"))
    {'count': 3}
    """
    if not isinstance(memory, Mapping):
        raise TypeError(f"{use!r}: save() must return a dict, got {type(memory).__name__}")
    packed = {}
    for key, value in memory.items():
        if type(key) is not str or len(key) > MAX_KEY:
            raise TypeError(
                f"{use!r}: save() must return a dict with str keys of at most {MAX_KEY} characters, got {key!r:.60}"
            )
        try:
            packed[key] = _packed(value)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise TypeError(f"{use!r}: save()[{key!r}] cannot be stored: {error}") from error
    size = sum(len(key) + len(data) for key, data in packed.items())
    if size > max_bytes or len(packed) > MAX_KEYS:
        raise ValueError(
            f"{use!r}: save() gave {size} bytes under {len(packed)} keys, expected at most {max_bytes} bytes "
            f"under {MAX_KEYS} keys; keep less, or smaller arrays"
        )
    return packed


def unpack(packed: Mapping[str, bytes]) -> dict[str, Any]:
    """What pack() was given; arrays are the caller's own to write to. Raises ValueError for bytes that pack() did not make."""
    memory = {}
    for key, data in packed.items():
        try:
            memory[key] = _unpacked(data)
        except (ValueError, TypeError, RecursionError) as error:
            raise ValueError(f"memory: {key!r} is not what was saved: {error}") from error
    return memory


def _packed(value: Any) -> bytes:
    data: bytes = msgpack.packb(_plain(value))
    return data


def _unpacked(data: bytes) -> Any:
    return msgpack.unpackb(data, ext_hook=_restored, strict_map_key=True)


def _plain(value: Any) -> Any:
    """What msgpack packs so that the same comes back; types that are merely similar would come back as something else."""
    kind = type(value)
    if value is None or kind in (bool, int, float, str, bytes):
        return value
    if kind is list:
        return [_plain(v) for v in value]
    if kind is dict and all(type(k) is str for k in value):
        return {k: _plain(v) for k, v in value.items()}
    if kind is tuple:
        return msgpack.ExtType(_TUPLE, _packed(list(value)))
    if kind is np.ndarray or isinstance(value, np.generic):
        if str(value.dtype) in _DTYPES:
            fields = [str(value.dtype), list(value.shape), value.tobytes()]
            return msgpack.ExtType(_ARRAY if kind is np.ndarray else _SCALAR, msgpack.packb(fields))
        raise TypeError(f"an array of {value.dtype}; known: {', '.join(sorted(_DTYPES))}")
    told = "a dict with other keys than str" if kind is dict else kind.__name__
    raise TypeError(
        f"expected None, bool, int, float, str, bytes, list, tuple, dict or a plain numpy array, got {told}"
    )


def _restored(code: int, data: bytes) -> Any:
    value = _unpacked(data)
    if not isinstance(value, list):
        raise ValueError("expected a list")  # noqa: TRY004  bytes that do not fit are a ValueError
    if code == _TUPLE:
        return tuple(value)
    if code not in (_ARRAY, _SCALAR):
        raise ValueError(f"unknown type {code}")
    dtype, shape, raw = value
    is_shape = isinstance(shape, list) and all(type(n) is int and n >= 0 for n in shape)
    if dtype not in _DTYPES or not is_shape or (code == _SCALAR and shape):
        raise ValueError(f"no array: {dtype!r} {shape!r}")
    if not isinstance(raw, bytes) or len(raw) != math.prod(shape) * np.dtype(dtype).itemsize:
        raise ValueError(f"an array of another size than {dtype} {shape}")
    array = np.ndarray(shape, dtype, raw).copy()
    return array[()] if code == _SCALAR else array
