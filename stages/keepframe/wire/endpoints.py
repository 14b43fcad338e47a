"""
The sockets of one process: a ROUTER that receivers come to, a DEALER to each sender, with the options that matter.

What goes over them is shell.py's. Types and options stand here and nowhere else; nothing of them comes from a configuration.
"""

from __future__ import annotations

import fcntl
import os
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

import zmq

from keepframe.wire.handshakes import VISITORS, Handshakes
from keepframe.wire.keys import Keys
from keepframe.wire.port import stage_of
from keepframe.wire.zap import DOMAIN, Door

LINGER_MS = 300  # for the last BREAK of a process that leaves; durability rests on acknowledgements alone
TCP = "tcp://"
TCP_OPTIONS = {
    zmq.HANDSHAKE_IVL: 5000,  # a silent stranger is shown out; over a slow line a handshake takes three round trips
    zmq.HEARTBEAT_IVL: 2000,  # both ends: a connection that was cut frees its place in seconds, not when tcp gives up
    zmq.HEARTBEAT_TIMEOUT: 6000,
    zmq.HEARTBEAT_TTL: 6000,
    zmq.CONNECT_TIMEOUT: 3000,  # the kernel alone would try for two minutes
    zmq.RECONNECT_IVL: 10,  # and twice as long each time nobody listens: who has just begun, or begun again, is found at once
    zmq.RECONNECT_IVL_MAX: 1000,
    zmq.TCP_KEEPALIVE: 1,
    zmq.RCVHWM: 1000,  # whoever sends faster than it is read waits; in sending, credit alone is the bound
    zmq.MAXMSGSIZE: 512 << 20,  # the largest part there is: a picture of 100 megapixels in BGR takes 300 MB
}
UNANSWERED_IVL_MS = 100
"""For one that has not answered for seconds: libzmq begins anew with the shortest interval after each connection that was let in and then cut, as with a wrong key."""


class Endpoints:
    """
    Bind and connect at once. Raises OSError if another process listens on the same ipc path.

    listen: where receivers come to, None for the archive. uppers: the address of each process that sends frames to this one.
    keys: what every tcp socket has then; nobody gets in without one of them.
    """

    def __init__(self, listen: str | None, uppers: Mapping[str, str], keys: Keys | None = None) -> None:
        if zmq.zmq_version_info() < (4, 3, 5):
            raise RuntimeError(
                f"libzmq: expected at least 4.3.5, got {zmq.zmq_version()}; pip install -U pyzmq"
            )
        self._context = zmq.Context()
        self.handshakes = Handshakes()
        self._guard = -1
        self.keys, self.door = keys, None if keys is None else Door(self._context, self._admits)
        self.is_guarded = False
        """Whether those who come have a key."""
        self.router: zmq.Socket[bytes] | None = None
        self.dealers: dict[str, zmq.Socket[bytes]] = {}
        self._addresses: dict[str, str] = {}
        self._turns: dict[str, int] = {}
        self._known_by: dict[str, bytes] = {}
        self._listen = listen
        self._secret = b"" if keys is None else keys.secret
        self._is_bound = False
        self._shut_out = ""
        """Why nobody can come to this process under its new key yet, if they cannot."""
        try:
            if listen is not None:
                self._guard = guard(listen)
                self.router = self._socket(zmq.ROUTER, listen)
                self.router.setsockopt(
                    zmq.ROUTER_MANDATORY, 1
                )  # an error for a peer that is gone, not silence
                self._lock(self.router, listen)
                self._bind(self.router, listen)
            for upper, address in uppers.items():
                self.connect(upper, address)
        except BaseException:
            self.close()
            raise

    def _admits(self, key: str) -> bool:
        return self.keys is not None and bool(self.keys.stages_of(key))

    @property
    def sockets(self) -> list[zmq.Socket[bytes]]:
        """All of them."""
        return [*([self.router] if self.router is not None else []), *self.dealers.values()]

    def connect(self, upper: str, address: str, *, is_unanswered: bool = False) -> zmq.Socket[bytes]:
        """Connect to one more process that sends frames to this one. Raises KeyError for one on a network that no key is known of."""
        dealer = self._socket(zmq.DEALER, address)
        if self.keys is not None and address.startswith(TCP):
            self._show_keys(dealer, upper)
        dealer.setsockopt(zmq.ROUTING_ID, b"\1" + os.urandom(8))  # a new peer in every incarnation
        dealer.setsockopt(zmq.IMMEDIATE, 1)  # queue nothing for a peer that is not there
        if is_unanswered:
            dealer.setsockopt(zmq.RECONNECT_IVL, UNANSWERED_IVL_MS)
        self.dealers[upper], self._addresses[upper] = dealer, address
        if address.startswith(TCP):
            self.handshakes.watch(dealer, upper)
        dealer.connect(address)
        return dealer

    def renewed(self, upper: str, *, is_unanswered: bool = False) -> zmq.Socket[bytes]:
        """Connect anew to a process that sends to this one, as another peer; one that has not answered may have another of its keys."""
        address = self._addresses[upper]
        turn = self._turns.get(upper, 0) + is_unanswered
        self.disconnect(upper)
        self._turns[upper] = turn
        return self.connect(upper, address, is_unanswered=is_unanswered)

    def is_trusted(self, upper: str) -> bool:
        """Whether the key that a process on a network is known by is still there."""
        if self.keys is None:
            return True
        return self._known_by[upper] in self.keys.publics(stage_of(upper))

    def is_known(self, upper: str) -> bool:
        """Whether there is a key that a process on a network can be known by."""
        return self.keys is None or bool(self.keys.publics(stage_of(upper)))

    def rekeyed(self) -> bool:
        """
        Take up a new secret key of this process, if there is one. Ask regularly: a port is free again some milliseconds after it was left.

        Somebody else may have taken it meanwhile: `troubles` tells that as long as it lasts.
        True: connections that stand are at an end, or stand by the old key; all of them have to begin anew.
        """
        is_new = self.keys is not None and self.keys.secret != self._secret
        if self.keys is not None and is_new:
            self._secret = self.keys.secret
            if self.router is not None and self.is_guarded:
                self.router.setsockopt(zmq.CURVE_SECRETKEY, self._secret)
                if self._is_bound:
                    self.router.unbind(self.router.get_string(zmq.LAST_ENDPOINT))
                    self._is_bound = False
        if not is_new and not self._is_bound and self.router is not None and self._listen is not None:
            try:
                self._bind(self.router, self._listen)
                self._shut_out = ""
            except OSError as error:
                self._shut_out = f"nobody can come under the new key: {error}"
        return is_new

    @property
    def troubles(self) -> list[str]:
        """What is wrong with a new secret key of this process: why it is not used, or why nobody can come under it."""
        return [trouble for trouble in (self.keys and self.keys.trouble, self._shut_out) if trouble]

    def shown_out(self) -> Counter[str]:
        """How often somebody was not let in, by who that is, as far as it is known."""
        refused = {} if self.door is None else self.door.refused
        told = {f"an unknown key from {at}": n for at, n in refused.items()}
        failed = self.handshakes.failed
        return Counter(told | {f"{who} who {why}": n for (who, why), n in failed.items() if who == VISITORS})

    def unmet(self, down: Collection[str]) -> list[str]:
        """Which of the processes that are down could be reached on a network but for what; what is wrong with a new key of this one."""
        return [*(f"{who} {why}" for who, why in self.handshakes.last.items() if who in down), *self.troubles]

    @property
    def distant(self) -> list[str]:
        """The names of those senders that are reached over tcp."""
        return [upper for upper, address in self._addresses.items() if address.startswith(TCP)]

    def disconnect(self, upper: str) -> zmq.Socket[bytes]:
        """Let go of a process that sends no more; its socket is closed."""
        dealer = self.dealers.pop(upper)
        self.handshakes.let_go(dealer)
        del self._addresses[upper]
        self._turns.pop(upper, None)
        dealer.close(linger=0)
        return dealer

    def close(self) -> None:
        """Send what is in the way out, and close."""
        self.handshakes.close()
        self._context.destroy(linger=LINGER_MS)
        if self._guard >= 0:
            os.close(self._guard)

    def _lock(self, router: zmq.Socket[bytes], listen: str) -> None:
        if listen.startswith(TCP):
            self.handshakes.watch(router, VISITORS)
        if self.keys is not None and listen.startswith(TCP):
            self.is_guarded = True
            router.setsockopt(zmq.CURVE_SERVER, 1)
            router.setsockopt(zmq.CURVE_SECRETKEY, self.keys.secret)
            router.setsockopt(zmq.ZAP_DOMAIN, DOMAIN)
            router.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)  # else a door where nobody answers stands open

    def _bind(self, router: zmq.Socket[bytes], listen: str) -> None:
        try:
            router.bind(listen)
        except zmq.ZMQError as error:
            if not listen.startswith(TCP):
                raise
            raise OSError(
                f"cannot listen on {listen}: {os.strerror(error.errno or 0)}; is there another process, or is it no address of this machine?"
            ) from error
        self._is_bound = True

    def _show_keys(self, dealer: zmq.Socket[bytes], upper: str) -> None:
        if self.keys is None:
            return
        known = self.keys.publics(stage_of(upper))
        if not known:
            dealer.close()
            raise KeyError(f"{upper}: no key of {stage_of(upper)} in {self.keys.folder}")
        self._known_by[upper] = known[self._turns.get(upper, 0) % len(known)]
        dealer.setsockopt(zmq.CURVE_SERVERKEY, self._known_by[upper])
        dealer.setsockopt(zmq.CURVE_PUBLICKEY, self.keys.public)
        dealer.setsockopt(zmq.CURVE_SECRETKEY, self.keys.secret)

    def _socket(self, kind: int, address: str) -> zmq.Socket[bytes]:
        socket = self._context.socket(kind)
        socket.setsockopt(zmq.LINGER, LINGER_MS)
        socket.setsockopt(zmq.SNDHWM, 0)  # credit is the bound; a high-water mark would drop or block
        socket.setsockopt(zmq.RCVHWM, 0)
        socket.setsockopt(zmq.RECONNECT_IVL, 50)
        socket.setsockopt(zmq.RECONNECT_IVL_MAX, 0)  # no slower: a restarted process is back within a second
        if address.startswith(TCP):
            socket.setsockopt(zmq.IPV6, int(address.startswith(f"{TCP}[")))
            for option, value in TCP_OPTIONS.items():
                socket.setsockopt(option, value)
        return socket


def guard(address: str) -> int:
    """
    Hold an ipc path against a second binder: libzmq would take it over from a living process without a word.

    Returns a file descriptor that holds the lock while it is open; -1 for other addresses. Raises OSError if it is taken.
    """
    if not address.startswith("ipc://"):
        return -1
    path = Path(address.removeprefix("ipc://"))
    fd = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise OSError(f"another process listens on {path}; end it first") from error
    return fd
