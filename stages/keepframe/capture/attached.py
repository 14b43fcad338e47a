"""
Which cameras are attached to this machine, as the kernel tells; none is opened.

A camera on the network cannot be listed: nothing here sends anything to it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CLASS = Path("/sys/class/video4linux")


@dataclass(frozen=True, slots=True)
class Device:
    """A device, its name as its maker gave it, and what stands in the way of using it; empty if nothing."""

    path: str
    name: str
    trouble: str = ""


def devices(folder: Path = CLASS, dev: Path = Path("/dev")) -> Iterator[Device]:
    """
    The devices in order of their number; of a camera that shows several only the one with pictures.

    >>> list(devices(Path("/nowhere")))
    []
    """
    entries = folder.iterdir() if folder.is_dir() else ()
    for entry in sorted(entries, key=lambda e: (len(e.name), e.name)):
        if _read(entry / "index") not in ("", "0"):
            continue  # what a camera tells of its pictures, such as their times
        path = dev / entry.name
        is_open = os.access(path, os.R_OK | os.W_OK)
        trouble = "" if is_open else "permission denied" if path.exists() else "not in this container"
        yield Device(str(path), _read(entry / "name") or "a camera", trouble)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
