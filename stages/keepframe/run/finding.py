"""
Find the processes above on a network: names are looked up again and again, each address is one process that may be there.

In a thread of its own, since a look-up may take seconds; who connects to what was found is process.py.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from keepframe.config.address import Address
from keepframe.run.addresses import name_of

EVERY_S = 5.0


def numbers(host: str) -> list[str]:
    """
    The addresses of a name, IPv4 and IPv6. Raises OSError if there is no telling.

    >>> numbers("127.0.0.1")
    ['127.0.0.1']
    """
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return sorted({str(address[0]) for *_, address in found if "%" not in str(address[0])})


class Finder:
    """
    Where the processes of some stages are, as far as is known.

    places: by stage. look_up: a host's addresses, or OSError; what was known of it then stands.
    """

    def __init__(
        self, places: Mapping[str, Sequence[Address]], look_up: Callable[[str], Iterable[str]] = numbers
    ) -> None:
        self._places = {stage: list(of) for stage, of in places.items()}
        self._look_up = look_up
        self._known: dict[str, list[str]] = {}
        self._wake = threading.Event()
        self._is_stopping = False
        self._thread: threading.Thread | None = None

    def look_for(self, stage: str, places: Sequence[Address]) -> None:
        """These are the places of a stage from now on."""
        self._places = {**self._places, stage: list(places)}
        self._begin()
        self._wake.set()

    def found(self) -> dict[str, str]:
        """The address of each process that may be there, by the name it is known by."""
        return {
            name_of(stage, at): str(at)
            for stage, places in self._places.items()
            for place in places
            for at in (replace(place, host=host) for host in self._hosts(place))
        }

    @property
    def unknown(self) -> list[str]:
        """Hosts that have no address yet."""
        return sorted({p.host for p in self._all() if not p.is_number and not self._known.get(p.host)})

    def start(self) -> None:
        """Look names up from now on."""
        self._begin()

    def stop(self) -> None:
        """Look no more; a look-up under way is not waited for."""
        self._is_stopping = True
        self._wake.set()

    def _begin(self) -> None:
        if self._thread is None and any(not place.is_number for place in self._all()):
            self._thread = threading.Thread(target=self._run, name="finder", daemon=True)
            self._thread.start()

    def _all(self) -> list[Address]:
        return [place for places in self._places.values() for place in places]

    def _hosts(self, place: Address) -> Sequence[str]:
        return [place.host] if place.is_number else self._known.get(place.host, ())

    def _run(self) -> None:
        while not self._is_stopping:
            self._wake.clear()
            for host in {place.host for place in self._all() if not place.is_number}:
                try:
                    self._known[host] = list(self._look_up(host))
                except (OSError, UnicodeError):
                    continue
            self._wake.wait(EVERY_S)
