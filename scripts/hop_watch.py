"""
What bench_hop.py and hop_rivals.py have in common: the frames, their marks, and what each end counts.

Not here: anything but the standard library and numpy, for the rivals' interpreter has no keepframe.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np

SIZES = {"640x480": (480, 640), "1280x720": (720, 1280), "1920x1080": (1080, 1920), "3840x2160": (2160, 3840)}
IN_FLIGHT, WARM_UP = 8, 64
DEADLINE_S = 120

Frames = list[np.ndarray[Any, Any]]


def cpu_s() -> float:
    """User and system time of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def cpu_of_parent_s() -> float:
    """User and system time of the process that started this one, to a hundredth of a second."""
    fields = Path(f"/proc/{os.getppid()}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def frames_of(size: str) -> Frames:
    """Eight distinct frames."""
    rng = np.random.default_rng(1)
    return [rng.integers(0, 256, (*SIZES[size], 3), np.uint8) for _ in range(IN_FLIGHT)]


def mark(flat: Any, n: int) -> None:
    """Which frame it is, at both ends."""
    flat[0] = flat[-1] = n % 251


class Watch:
    """
    How many frames have passed this end, and what they have cost once memory was warm. Left in folder/role.json by leave().

    expected: a receiver's frames; what follows the last of them does not count. has_broker: the process that started this one has a part in the transport, and its CPU counts. An end that hangs ends itself at the deadline.
    """

    def __init__(
        self, folder: str, role: str, expected: int | None = None, *, has_broker: bool = False
    ) -> None:
        self.file, self.expected, self.has_broker = Path(folder, f"{role}.json"), expected, has_broker
        self.count, self.first_s, self.last_s, self.began_s, self.sum = 0, 0.0, 0.0, 0.0, 0
        self.ended_s: float | None = None
        signal.alarm(DEADLINE_S)

    def used_s(self) -> float:
        """CPU so far."""
        return cpu_s() + (cpu_of_parent_s() if self.has_broker else 0.0)

    def step(self) -> None:
        """One more frame."""
        self.last_s = time.perf_counter()
        if self.count == WARM_UP:
            self.first_s, self.began_s = self.last_s, self.used_s()
        self.count += 1
        if self.count == self.expected:
            self.ended_s = self.used_s()

    def see(self, flat: np.ndarray[Any, Any]) -> None:
        """One more frame: a flat array."""
        if flat[0] != self.count % 251 or flat[-1] != self.count % 251:
            raise SystemExit(f"frame {self.count}: expected its marks, got {flat[0]} and {flat[-1]}")
        self.sum += int(flat[::4096].sum())
        self.step()

    def leave(self) -> None:
        """Write what there is to tell at the end."""
        ended_s = self.used_s() if self.ended_s is None else self.ended_s
        told = {
            "count": self.count,
            "cpu_s": ended_s - self.began_s,
            "wall_s": self.last_s - self.first_s,
        }
        self.file.write_text(json.dumps(told))
