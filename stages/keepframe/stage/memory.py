"""
A stage's memory as bytes: each key of what `save()` gave is packed on its own, so that only what changed is sent.

When it is saved and where it is kept is not decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgpack
import numpy as np

_ARRAY = "\0array"
_DTYPES = {"bool", "uint8", "uint16", "uint32", "int8", "int16", "int32", "int64", "float32", "float64"}
MAX_BYTES = 4 << 20


def pack(memory: Mapping[str, Any], use: str, max_bytes: int = MAX_BYTES) -> dict[str, bytes]:
    """
    Each value as bytes: None, bool, int, float, str, bytes, list, dict with str keys, numpy array.

    Raises TypeError for anything else, ValueError if all together are larger than max_bytes.

    >>> unpack(pack({"count": 3}, "counter"))
    {'count': 3}
    """
    packed = {}
    for key, value in memory.items():
        try:
            packed[str(key)] = msgpack.packb(value, default=_array)
        except (TypeError, ValueError, OverflowError) as error:
            raise TypeError(f"{use!r}: save()[{key!r}] cannot be stored: {error}") from error
    size = sum(map(len, packed.values()))
    if size > max_bytes:
        raise ValueError(
            f"{use!r}: save() gave {size} bytes, expected at most {max_bytes}; keep less, or smaller arrays"
        )
    return packed


def unpack(packed: Mapping[str, bytes]) -> dict[str, Any]:
    """What pack() was given; arrays come back read-only. Raises ValueError for bytes that pack() did not make."""
    return {
        key: msgpack.unpackb(data, object_hook=_restore, strict_map_key=True) for key, data in packed.items()
    }


def _array(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and str(value.dtype) in _DTYPES:
        return {_ARRAY: [str(value.dtype), list(value.shape), value.tobytes()]}
    raise TypeError(
        f"expected None, bool, int, float, str, bytes, list, dict or a plain numpy array, got {type(value).__name__}"
    )


def _restore(value: dict[str, Any]) -> Any:
    if _ARRAY not in value:
        return value
    dtype, shape, data = value[_ARRAY]
    if dtype not in _DTYPES:
        raise ValueError(f"memory: unknown array type {dtype!r}")
    return np.frombuffer(data, dtype).reshape(shape)
