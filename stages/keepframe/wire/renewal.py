"""
When a connection over a network gets a new socket, and with it a new identity: at once after its link was lost, then again and again.

Pure state, without sockets. A receiver that keeps its identity after a cut may be locked out: the sender's end, which has not
noticed yet, ignores a second peer of that name without a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

FIRST_S, MOST_S = 3.0, 12.0
"""How long a new socket is waited for, at first and at most: over a slow line five round trips make a link."""


@dataclass(slots=True)
class _Wait:
    since: float
    tries: int = 0
    was_up: bool = False


class Renewals:
    """
    Watches which links are up. Ask it regularly.

    >>> renewals = Renewals()
    >>> [renewals.due(now, {"score@10.0.0.2:7602": is_up}) for now, is_up in ((0, False), (2, True), (9, False), (12, False))]
    [{}, {}, {'score@10.0.0.2:7602': False}, {'score@10.0.0.2:7602': True}]
    """

    def __init__(self) -> None:
        self._waits: dict[str, _Wait] = {}

    def due(self, now: float, links: Mapping[str, bool]) -> dict[str, bool]:
        """Those links that get a new socket now, and whether their last one was never answered. links: whether each is up."""
        self._forget(self._waits.keys() - links.keys())
        return {
            name: self._waits[name].tries > 0
            for name, is_up in links.items()
            if self._is_due(now, name, is_up=is_up)
        }

    def _is_due(self, now: float, name: str, *, is_up: bool) -> bool:
        wait = self._waits.setdefault(name, _Wait(now))
        if is_up:
            wait.was_up, wait.tries = True, 0
            return False
        if not wait.was_up and now - wait.since < min(MOST_S, FIRST_S * 2**wait.tries):
            return False
        wait.tries = 0 if wait.was_up else wait.tries + 1
        wait.since, wait.was_up = now, False
        return True

    def _forget(self, names: Iterable[str]) -> None:
        for name in list(names):
            del self._waits[name]
