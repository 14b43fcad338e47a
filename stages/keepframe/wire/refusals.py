"""
Who does not fit, and why, for people: known as long as it is said again, since whoever is refused goes on asking.

Who fits is decided in link.py. Pure state: the time is handed in.
"""

from __future__ import annotations

KEPT_S = 10.0
"""Longer than between two HELLOs: whoever is mended, renamed or switched off is not told of for ever."""
MOST = 32


class Refusals:
    """
    The newest of them by name; of very many the oldest are let go.

    >>> refusals = Refusals()
    >>> refusals.add("score.0", "runs another configuration", now=0.0)
    >>> refusals.told(now=1.0), refusals.told(now=11.0)
    ({'score.0': 'runs another configuration'}, {})
    """

    def __init__(self) -> None:
        self._said: dict[str, tuple[float, str]] = {}

    def add(self, who: str, why: str, now: float) -> None:
        """Somebody is refused, perhaps once more. now: monotonic, in seconds."""
        self._said.pop(who, None)
        self._said[who] = now, why
        if len(self._said) > MOST:
            del self._said[next(iter(self._said))]

    def settle(self, who: str) -> None:
        """Somebody fits."""
        self._said.pop(who, None)

    def told(self, now: float) -> dict[str, str]:
        """Why, by name and in order of names, of those who were refused lately: who says it again is no news."""
        return {who: why for who, (at, why) in sorted(self._said.items()) if now - at < KEPT_S}
