"""
Which replica of a stage a camera belongs to: a pure function of all cameras and the ready replicas.

Nothing is remembered and nothing negotiated, so every process comes to the same answer by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any


def place(cameras: Sequence[str], replicas: Sequence[str]) -> dict[str, str]:
    """
    The replica of each camera: no replica has more than one camera more than another.

    The pairs are gone through by rendezvous hash, the strongest first; a pair counts if its camera is free and its replica has
    room. Both as sets decide, not their order and not what was before, so that a join or leave moves few other cameras.
    Raises ValueError if there are cameras but no replicas.

    >>> sorted(place(["a", "b"], ["score.0", "score.1"]).values())
    ['score.0', 'score.1']
    """
    if not replicas:
        if cameras:
            raise ValueError("place: there are cameras but no replicas to place them on")
        return {}
    least, larger = divmod(len(cameras), len(replicas))  # so many replicas get one more than `least`
    load, placed = dict.fromkeys(replicas, 0), dict[str, str]()
    for _, camera, replica in sorted(_pairs(cameras, replicas), reverse=True):
        has_room = load[replica] < least or (load[replica] == least and larger > 0)
        if camera not in placed and has_room:
            larger -= load[replica] == least
            load[replica] += 1
            placed[camera] = replica
    return placed


@lru_cache(maxsize=16)
def placed(cameras: tuple[str, ...], replicas: tuple[str, ...]) -> Mapping[str, str]:
    """
    What place() gives, worked out once: it is asked for each camera whenever a process comes or goes. Raises as place() does.

    >>> placed(("a",), ("score.0",))["a"]
    'score.0'
    """
    return MappingProxyType(place(cameras, replicas))


def _pairs(cameras: Iterable[str], replicas: Sequence[str]) -> list[tuple[int, str, str]]:
    return [(mix(camera, replica), camera, replica) for camera in cameras for replica in replicas]


def mix(*parts: Any) -> int:
    """A small stable hash, 32 bits: Python's own differs from run to run. FNV-1a with a last shift."""
    value = 2166136261
    for byte in repr(parts).encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value ^ value >> 15
