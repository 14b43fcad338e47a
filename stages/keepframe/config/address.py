"""
Where a process listens on a network, as the TOML says it: "tcp://host:port".

Sockets are the wire's, names are resolved where processes run; nothing is looked up here.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from typing import Any

from keepframe.config.problems import told

MAX_PORT = 65535
_FORM = re.compile(r"tcp://(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s:/\[\]@]+)):(?P<port>\d{1,5})")
_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.(?!-)[A-Za-z0-9_-]{1,63})*\.?")
_ANY = ("*", "0.0.0.0", "::")  # noqa: S104  what users write; nothing is bound here


@dataclass(frozen=True, slots=True)
class Address:
    """
    Host and port of tcp. host: a number, IPv4 or IPv6, or a name, or one that stands for all of the machine's.

    >>> str(Address("::1", 7601).shifted(2))
    'tcp://[::1]:7603'
    """

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp://{host}:{self.port}"

    @property
    def is_any(self) -> bool:
        """Whether it stands for all addresses of the machine: good to listen, no place to connect to."""
        return self.host in _ANY

    @property
    def is_number(self) -> bool:
        """Whether the host is an IP address and needs no looking up."""
        return _ip(self.host) is not None

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine gets there. A name is believed in one case alone, since others may lead anywhere."""
        ip = _ip(self.host)
        return ip.is_loopback if ip is not None else self.host == "localhost"

    def shifted(self, by: int) -> Address:
        """So many ports further: where the next process of the stage listens on the same machine."""
        return replace(self, port=self.port + by)


def address(value: Any) -> Address:
    """
    Read an address. Raises ValueError with "expected …, got …".

    >>> address("tcp://scorer.lan:7602")
    Address(host='scorer.lan', port=7602)
    """
    match = _FORM.fullmatch(value) if isinstance(value, str) else None
    host = (match["v6"] or match["host"]) if match is not None else ""
    is_known = _ip(host) is not None if match is not None and match["v6"] else _is_host(host)
    if match is None or not is_known or not 1 <= int(match["port"]) <= MAX_PORT:
        raise ValueError(f"expected an address like 'tcp://scorer.lan:7602', got {told(value)}")
    return Address(host, int(match["port"]))


def _is_host(host: str) -> bool:
    if host == "*" or _ip(host) is not None:
        return True
    is_broken_number = re.fullmatch(r"[\d.]+", host) is not None
    return len(host) <= 253 and not is_broken_number and _NAME.fullmatch(host) is not None


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
