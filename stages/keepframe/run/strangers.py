"""
Whoever wanted in and may not: written to the log as it happens, and shown for a while.

Who that is, and that they stay outside, is the wire's business.
"""

from __future__ import annotations

from collections import Counter

from keepframe.run.logs import log

SHOWN_S = 10.0
MOST = 8
"""So many are shown by name, the last of them; more would bury what else a process has to say."""


class Strangers:
    """Compares counts with those before. A flood of them makes few lines: the log sees to that."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._seen: dict[str, float] = {}

    def told(self, now: float, counts: Counter[str]) -> list[str]:
        """What is worth showing now: who came lately, and how often in all. now: monotonic, in seconds."""
        for who, count in counts.items():
            if count > self._counts[who]:
                log.warning("stranger", who=who, times=count - self._counts[who])
                self._seen[who] = now
        self._counts = Counter(counts)
        self._seen = {who: at for who, at in self._seen.items() if now - at < SHOWN_S}
        shown = [f"not let in: {who} ({counts[who]})" for who in list(self._seen)[-MOST:]]
        more = len(self._seen) - len(shown)
        return [*shown, f"not let in: {more} more"] if more else shown
