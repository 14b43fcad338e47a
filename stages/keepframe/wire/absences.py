"""
Neighbours that a process does not hear: who, and for how long, for people.

Pure state: the time is handed in. When a link ends, and with it the sessions on it, is decided in link.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from keepframe.wire.port import Port, stage_of

SILENT_S = 10.0
"""A neighbour that is missing for longer is worth a word: most that go are back sooner."""
MOST = 32
"""So many receivers that have gone are remembered; what they are called is their own word."""
UNHEARD, UNFOUND, NO_WAY = "has not been heard", "has not been found", "has had no way to the archive"


@dataclass(frozen=True, slots=True)
class Absence:
    """
    Somebody who is missing.

    >>> str(Absence("score.1", UNHEARD, 12.3, is_below=True))
    'score.1 has not been heard for 12 s'
    """

    who: str
    """Stage and replica, with the place if it is on a network; the stage alone as long as nobody of it has come."""
    how: str
    for_s: float
    is_below: bool
    """Whether frames go to it, so that none can go on; else they come from it, if it has any."""

    def __str__(self) -> str:
        """In words."""
        return f"{self.who} {self.how} for {self.for_s:.0f} s"


@dataclass(frozen=True, slots=True)
class _Missing:
    how: str
    since: float
    is_below: bool


class Absences:
    """
    Watches the ports of a node. Show them to it regularly.

    >>> absences = Absences()
    >>> for now in (0.0, 12.0):
    ...     absences.look(now, {"score.1": Port("score.1", is_receiver=True)}, [], lambda stage: False)
    >>> [str(absence) for absence in absences.told(12.0)]
    ['score.1 has not been found for 12 s']
    """

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        """Since when nobody is found where somebody should be: peers above by name, and stages below."""
        self._heard: dict[str, float] = {}
        """When receivers were last heard, by name, as long as their stage has need of them."""
        self._missing: dict[str, _Missing] = {}

    def look(
        self, now: float, ports: Mapping[str, Port], lowers: Iterable[str], is_ready: Callable[[str], bool]
    ) -> None:
        """These are the ports now. lowers: the stages that frames are sent to; is_ready: whether one of them has a replica that takes any."""
        missing = dict(self._above(now, ports))
        unready = {stage for stage in lowers if not is_ready(stage)}
        here = {named(port.name): port for port in ports.values() if not port.is_receiver}
        known = (self._heard | {name: port.heard for name, port in here.items()}).items()
        self._heard = dict([(n, at) for n, at in known if n in here or stage_of(n) in unready][-MOST:])
        for stage in unready:
            missing |= self._below(now, stage, here)
        self._missing = missing
        waited_for = unready | {peer for peer, port in ports.items() if port.is_receiver and not port.is_up}
        self._since = {who: at for who, at in self._since.items() if who in waited_for}

    def told(self, now: float) -> list[Absence]:
        """Who has been missing for long."""
        return [
            Absence(who, found.how, now - found.since, found.is_below)
            for who, found in self._missing.items()
            if now - found.since > SILENT_S
        ]

    def _above(self, now: float, ports: Mapping[str, Port]) -> Iterator[tuple[str, _Missing]]:
        """Senders. Where nobody has ever answered there need not be anybody, as long as others of the stage are there."""
        there = {stage_of(peer) for peer, port in ports.items() if port.is_receiver and port.is_up}
        for peer, port in ports.items():
            if not port.is_receiver or port.is_up:
                continue
            since = self._since.setdefault(peer, now)
            place = peer.partition("@")[2]
            who = f"{named(port.name.partition('@')[0])} at {place}" if place else peer
            if port.heard:
                yield who, _Missing(UNHEARD, port.heard, is_below=False)
            elif stage_of(peer) not in there:
                yield who, _Missing(UNFOUND, since, is_below=False)

    def _below(self, now: float, stage: str, here: Mapping[str, Port]) -> dict[str, _Missing]:
        """Receivers: those that are there and lead nowhere, else those that were there, else nobody."""
        since = self._since.setdefault(stage, now)
        if stuck := {name: port for name, port in here.items() if stage_of(name) == stage}:
            return {
                n: _Missing(NO_WAY, max(since, port.asked_at), is_below=True) for n, port in stuck.items()
            }
        gone = {name: at for name, at in self._heard.items() if stage_of(name) == stage}
        return {name: _Missing(UNHEARD, at, is_below=True) for name, at in gone.items()} or {
            stage: _Missing(UNFOUND, since, is_below=True)
        }


def named(name: str) -> str:
    """
    What people call a process: without the letters that tell one machine's replicas from another's over links.

    >>> named("score.1-a1b2c3"), named("capture.front-door")
    ('score.1', 'capture.front-door')
    """
    return re.sub(r"(?<=\.)(\d+)-[0-9a-f]{6}$", r"\1", name)
