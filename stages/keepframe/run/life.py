"""
A child process as its supervisor sees it: how it is started, what it tells, how often it has died.

When it is started again, and when all is over, is decided in supervisor.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keepframe.clock import Clock, SystemClock
from keepframe.config.pipeline import Pipeline
from keepframe.frame import Position
from keepframe.run.control import pair, parse
from keepframe.run.exits import NOT_ITS_OWN
from keepframe.run.forks import Start, Started
from keepframe.run.hand import Hand

FIRST_DELAY_S, MAX_DELAY_S = 0.1, 5.0
START_S = 30.0
SILENCE_S = 20.0  # a process tells of itself four times a second; a stopped or deadlocked one does not
CRASH_LOOP = 5
CAMERA_HANGS = "hangs: no sign of life from its camera"
"""However often that happens, the other cameras go on."""
LAST_WORDS_S = 1.0  # what it has started itself, and forgotten, may hold its line open


@dataclass(eq=False)
class Child:
    """One named process, over all its lives."""

    name: str
    hang_after_s: float = 60.0
    max_rss_bytes: int = 0
    """How much memory it may take; 0: as much as there is."""
    reads_stdin: bool = False
    """Whether what is piped into the run is for it."""
    stores: Mapping[str, int] = field(default_factory=dict)
    """The picture stores that it is given: file descriptors by camera."""
    site: str = ""
    """What the children of one supervisor have in common, see Seat."""
    clock: Clock = field(default_factory=SystemClock)
    process: Started | None = None
    status: dict[str, Any] = field(default_factory=dict)
    """What this life, or the last one, has told last."""
    is_ready: bool = False
    is_done: bool = False
    """It has ended as it should, and will not be started again."""
    deaths: int = 0
    """Deaths by itself in a row without a frame committed between them."""
    vain_lives: int = 0
    """Lives in a row that nothing came of."""
    restarts: int = 0
    committed_before: int = 0
    ended_for: str = ""
    """Why its supervisor has killed this life of it."""
    in_hand: tuple[str, Position] | None = None
    """Camera and position of the frame that its last life had in hand when it ended."""
    began: float = 0.0
    heard: float = 0.0
    frames_per_s: float = 0.0
    settled_before: Counter[str] = field(default_factory=Counter)
    """Of a capture: frames by outcome that its earlier lives have seen settled."""
    _line: asyncio.StreamWriter | None = None
    _listening: asyncio.Task[None] | None = None
    _hand: Hand | None = None
    _counted: int = 0
    _counted_at: float = 0.0

    @property
    def stage(self) -> str:
        """Its stage's name."""
        return self.name.rpartition(".")[0]

    @property
    def state(self) -> str:
        """How it is, in one word."""
        if self.process is None:
            return "done" if self.is_done else "restarting"
        if not self.is_ready:
            return "starting"
        return "draining" if self.status.get("is_leaving") else "running"

    @property
    def settled(self) -> Counter[str]:
        """Of a capture: frames by outcome, over all its lives."""
        return self.settled_before + self._settled_now

    @property
    def _settled_now(self) -> Counter[str]:
        return Counter({k: n for k, n in self.status.get("settled", {}).items() if k != "end"})

    async def start(
        self,
        begin: Start,
        pipeline: Pipeline,
        run: int | None,
        on_event: Callable[[Child, dict[str, Any]], None],
    ) -> None:
        """Start a life of it. Raises OSError if there is no room for it."""
        ours, theirs = pair()
        self._hand = Hand(Hand.create())
        given = {"--control=": theirs, "--hand=": self._hand.fd}
        given |= {f"--store={camera}=": store for camera, store in self.stores.items()}
        arguments = [str(pipeline.path), self.name]
        arguments += [f"--set={setting}" for setting in pipeline.sets]
        if self.site:
            arguments.append(f"--site={self.site}")
        if run is not None:
            arguments.append(f"--run={run}")
        try:
            self.process = await begin(arguments, given, reads_stdin=self.reads_stdin)
        except BaseException:
            ours.close()
            self._hand.close()
            self._hand = None
            raise
        finally:
            os.close(theirs)
        self.begin_life()
        reader, self._line = await asyncio.open_connection(sock=ours)
        self._listening = asyncio.create_task(self._listen(reader, on_event))

    def begin_life(self) -> None:
        """Nothing is known of this life yet."""
        self.settled_before = self.settled
        self.is_ready, self.ended_for, self.status, self.frames_per_s = False, "", {}, 0.0
        self.began = self.heard = self.clock.monotonic_s()

    async def ended(self) -> int:
        """Wait until this life is over; its exit code, negative for a signal."""
        if self.process is None:
            raise RuntimeError(f"{self.name} was not started")
        code = await self.process.wait()
        if self._listening is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._listening, LAST_WORDS_S)
        if self._line is not None:
            self._line.close()
            self._line = None
        if self._hand is not None:
            self.in_hand = self._hand.holds
            self._hand.close()
            self._hand = None
        self.process = None
        return code

    def update(self, status: dict[str, Any]) -> None:
        """Take what it tells of itself; its rate is a mean over about two seconds."""
        now = self.clock.monotonic_s()
        frames = frames_of(status)
        if self.status:
            passed_s = max(now - self._counted_at, 1e-3)
            share = min(1.0, passed_s / 2)
            self.frames_per_s += share * ((frames - self._counted) / passed_s - self.frames_per_s)
        self._counted, self._counted_at, self.status = frames, now, status

    def ailment(self) -> str:
        """Why it must be ended and started again; empty if it is well."""
        if self.process is None:
            return ""
        now = self.clock.monotonic_s()
        if not self.is_ready:
            return f"not ready after {START_S:.0f} s" if now - self.began > START_S else ""
        if now - self.heard > max(SILENCE_S, self.hang_after_s):
            return f"silent for {now - self.heard:.0f} s"
        if hangs_s := float(self.status.get("hangs_s", 0.0)):
            return f"{CAMERA_HANGS} for {hangs_s:.0f} s"
        in_hand_s = float(self.status.get("in_hand_s", 0.0))
        if in_hand_s > self.hang_after_s:
            return f"hangs: the same frame in hand for {in_hand_s:.0f} s"
        if self.max_rss_bytes and (rss := self.rss_bytes()) > self.max_rss_bytes:
            return f"takes {rss >> 20} MB of memory, expected at most {self.max_rss_bytes >> 20} MB"
        return ""

    def rss_bytes(self) -> int:
        """How much memory of its own it takes now, without what it shares, such as stored pictures; 0 if it is gone."""
        if self.process is None:
            return 0
        try:
            _, resident, shared, *_ = Path(f"/proc/{self.process.pid}/statm").read_text().split()
        except (OSError, ValueError):
            return 0
        return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")

    def end_for(self, why: str) -> None:
        """Kill it, because something is wrong with it: that counts as if it had died by itself."""
        self.ended_for = why
        self.signal(signal.SIGKILL)

    def tell(self, do: str, **values: Any) -> None:
        """Tell it to do something; to one that is gone nothing is told."""
        if self._line is not None and not self._line.is_closing():
            self._line.write(json.dumps({"do": do, **values}).encode() + b"\n")

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it lives."""
        if self.process is not None:
            self.process.send_signal(number)

    def died(self, code: int, committed: int) -> float | None:
        """
        It has died, with so many frames of the whole run committed by then. After how many seconds to start it again; None: it is a crash loop.

        At once after a life that something came of: of a capture its own frames; of another one that got ready, anybody's, since
        nobody knows whose work they were. One that somebody else has killed has not died by itself.
        """
        has_progressed = committed > self.committed_before
        was_of_use = bool(self._settled_now) if "settled" in self.status else self.is_ready and has_progressed
        self.deaths = (0 if has_progressed else self.deaths) + self.died_by_itself(code)
        self.vain_lives = 0 if was_of_use else self.vain_lives + self.died_by_itself(code)
        self.committed_before = committed
        if self.deaths >= CRASH_LOOP and not self.ended_for.startswith(CAMERA_HANGS):
            return None
        self.restarts += 1
        return 0.0 if was_of_use else min(MAX_DELAY_S, FIRST_DELAY_S * 2**self.vain_lives)

    def died_by_itself(self, code: int) -> bool:
        """Whether its last life ended by its own doing, or for something that was wrong with it."""
        return bool(self.ended_for) or code not in NOT_ITS_OWN

    async def _listen(
        self, reader: asyncio.StreamReader, on_event: Callable[[Child, dict[str, Any]], None]
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await _line_of(reader):
                self.heard = self.clock.monotonic_s()
                if (event := parse(line)) is not None:
                    on_event(self, event)


async def _line_of(reader: asyncio.StreamReader) -> bytes:
    """The next line, empty at the end; of one that is too long no more than that it came: it must not end whoever listens."""
    try:
        return await reader.readline()
    except ValueError:
        return b"\n"


def frames_of(status: Mapping[str, Any]) -> int:
    """
    How many frames a process has done, as it tells: a capture those that are settled, another one those that it worked on.

    >>> frames_of({"settled": {"kept": 2, "unchanged": 5}}), frames_of({"frames": 3}), frames_of({})
    (7, 3, 0)
    """
    return sum(status["settled"].values()) if "settled" in status else int(status.get("frames", 0))
