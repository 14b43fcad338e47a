"""
Where a running pipeline answers questions and takes orders: a socket in its runtime folder, one JSON object a line each way.

Only the owner of the private folder gets there. What is shown to people, and how, is the command line's.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from keepframe.config.pipeline import CAPTURE
from keepframe.errors import ArchiveLockedError
from keepframe.run.life import Child

NAME = "supervisor"
ANSWER_S = 5.0


class Run(Protocol):
    """What the desk speaks for."""

    children: dict[str, Child]

    def scale(self, stage: str, replicas: int) -> None:
        """Run so many replicas of a stage."""


class Desk:
    """The supervisor's side."""

    def __init__(self, run: Run, folder: Path) -> None:
        self.run, self.path = run, folder / NAME
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Answer from now on. Raises ArchiveLockedError if another run of this pipeline into this archive is under way."""
        if self.path.exists():
            try:
                ask(self.path.parent, {"do": "status"})
            except OSError:
                self.path.unlink()  # left by one that was killed
            else:
                raise ArchiveLockedError(
                    f"{self.path}: this pipeline is running already, into the same archive; end that run first"
                )
        self._server = await asyncio.start_unix_server(self._serve, self.path)

    async def close(self) -> None:
        """Answer no more; what the run's processes have left in the folder goes with it."""
        if self._server is not None:
            self._server.close()
            shutil.rmtree(self.path.parent, ignore_errors=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, ValueError):
            while line := await reader.readline():
                writer.write(json.dumps(self._answer(json.loads(line))).encode() + b"\n")
                await writer.drain()
        writer.close()

    def _answer(self, order: Mapping[str, Any]) -> dict[str, Any]:
        try:
            if order.get("do") == "scale":
                self.run.scale(str(order.get("stage")), int(order.get("replicas", 0)))
            elif order.get("do") != "status":
                raise ValueError(f"unknown order {order.get('do')!r}; known: scale, status")
        except (ValueError, LookupError) as error:
            return {"error": str(error)}
        return status_of(self.run.children.values())


def ask(folder: Path, order: Mapping[str, Any]) -> dict[str, Any]:
    """
    Ask the run whose runtime folder this is. Returns its answer.

    Raises OSError if nothing runs there, ValueError with its words if it refuses.
    """
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(ANSWER_S)
        line.connect(str(folder / NAME))
        line.sendall(json.dumps(order).encode() + b"\n")
        with line.makefile("rb") as answers:
            answer: dict[str, Any] = json.loads(answers.readline() or b"{}")
    if "error" in answer:
        raise ValueError(answer["error"])
    return answer


def status_of(children: Iterable[Child]) -> dict[str, Any]:
    """What `top` shows: each process, and each camera's frames by outcome since the run began."""
    processes, cameras = [], {}
    for child in children:
        status, (stage, _, replica) = child.status, child.name.rpartition(".")
        processes.append(
            {
                "pid": child.process.pid if child.process is not None else None,
                "stage": stage,
                "replica": replica,
                "state": child.state,
                "frames_per_s": round(child.frames_per_s, 1),
                "waiting": status.get("waiting", 0),
                "in_flight": status.get("in_flight", 0),
                "restarts": child.restarts,
                "in_hand_s": status.get("in_hand_s", 0.0),
                "rss_mb": child.rss_bytes() >> 20,
                "trouble": "; ".join(filter(None, [status.get("trouble", ""), *status.get("refused", ())])),
            }
        )
        if stage == CAPTURE:
            cameras[replica] = {k: n for k, n in status.get("settled", {}).items() if k != "end"}
    return {"processes": processes, "cameras": cameras}
