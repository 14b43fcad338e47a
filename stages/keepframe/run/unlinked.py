"""
Whom a process has no link to, and why: what is new of it is written to the log, since a process without a supervisor has nobody else to tell.

Who is missing, and who does not fit, is the wire's business; what it means for a run is troubles.py's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from keepframe.run.logs import log
from keepframe.wire.absences import Absence


class Unlinked:
    """Compares what is so with what was so before."""

    def __init__(self) -> None:
        self._reasons: Sequence[str] = ()
        self._absent: dict[tuple[str, str], Absence] = {}

    def reasons(self, now: Sequence[str]) -> list[str]:
        """Why there is no link to somebody who is there; the same again."""
        for why in now:
            if why not in self._reasons:
                log.warning("no-link", why=why)
        self._reasons = now
        return list(now)

    def missing(self, now: Iterable[Absence]) -> list[dict[str, Any]]:
        """
        Who is missing; the same as it is told to the supervisor, in whole tenths of a second. Who is missed no more is logged too.

        >>> Unlinked().missing([Absence("score.1", "has not been heard", 12.34, is_below=True)])
        [{'who': 'score.1', 'how': 'has not been heard', 'for_s': 12.3, 'is_below': True}]
        """
        absent = {(absence.who, absence.how): absence for absence in now}
        for key in absent.keys() - self._absent:
            log.warning("no-link", why=str(absent[key]))
        still = {absence.who for absence in absent.values()}
        for before in self._absent.values():
            if before.who not in still:
                log.info("link", who=before.who, for_s=round(before.for_s))
        self._absent = absent
        return [asdict(absence) | {"for_s": round(absence.for_s, 1)} for absence in absent.values()]
