"""
Where a running pipeline answers questions and takes orders: a socket in its runtime folder, one JSON object a line each way.

Only the owner of the private folder gets there. What is shown to people, and how, is the command line's.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from keepframe.config.pipeline import CAPTURE, Pipeline
from keepframe.errors import ArchiveLockedError
from keepframe.run.control import parse
from keepframe.run.folders import clear, hold
from keepframe.run.life import Child
from keepframe.run.troubles import missing_of

NAME = "supervisor"
ANSWER_S = 5.0


class Run(Protocol):
    """What the desk speaks for."""

    pipeline: Pipeline
    children: dict[str, Child]

    def scale(self, stage: str, replicas: int) -> None:
        """Run so many replicas of a stage."""


class Desk:
    """The supervisor's side."""

    def __init__(self, run: Run, folder: Path) -> None:
        self.run, self.path = run, folder / NAME
        self._server: asyncio.Server | None = None
        self._guard = self._held = -1

    async def open(self) -> None:
        """Answer from now on; the folder is made. Raises ArchiveLockedError if another run of this pipeline into this archive is under way."""
        self._held = hold(self.path.parent)
        self._guard = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(
                self._guard, fcntl.LOCK_EX | fcntl.LOCK_NB
            )  # ends with the process, however that ends
        except BlockingIOError:
            await self.close()
            raise ArchiveLockedError(
                f"{self.run.pipeline.archive_folder}: this pipeline is running already, into the same archive; end that run first, "
                "or look at it with `keepframe top`"
            ) from None
        self._server = await asyncio.start_unix_server(
            self._serve, self.path
        )  # over the socket of a killed run

    async def close(self) -> None:
        """Answer no more; the folder goes, with what the run's processes have left in it, unless somebody else is there."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for fd in (self._guard, self._held):
            if fd >= 0:
                os.close(fd)
        self._guard = self._held = -1
        if server is not None:
            clear(self.path.parent)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, ValueError):
            while line := await reader.readline():
                writer.write(json.dumps(self._answer(parse(line))).encode() + b"\n")
                await writer.drain()
        writer.close()

    def _answer(self, order: Mapping[str, Any] | None) -> dict[str, Any]:
        try:
            match order:
                case {"do": "status"}:
                    pass
                case {"do": "scale", "stage": str(stage), "replicas": int(replicas)}:
                    self.run.scale(stage, replicas)
                case _:
                    raise ValueError(
                        f'unknown order {order!r}; known: {{"do": "status"}}, {{"do": "scale", "stage": "NAME", "replicas": N}}'
                    )
        except (ValueError, LookupError) as error:
            return {"error": str(error)}
        pipeline = self.run.pipeline
        about = {"pipeline": str(pipeline.path), "archive": str(pipeline.archive_folder)}
        return about | status_of(self.run.children.values())


def ask(folder: Path, order: Mapping[str, Any]) -> dict[str, Any]:
    """
    Ask the run whose runtime folder this is. Returns its answer.

    Raises OSError if nothing runs there or it ends before it has answered, ValueError with its words if it refuses.
    """
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(ANSWER_S)
        line.connect(str(folder / NAME))
        line.sendall(json.dumps(order).encode() + b"\n")
        with line.makefile("rb") as answers:
            answer = parse(answers.readline())
    if answer is None:
        raise ConnectionResetError(f"{folder / NAME}: the run ended before it had answered")
    if "error" in answer:
        raise ValueError(answer["error"])
    return answer


def status_of(children: Iterable[Child]) -> dict[str, Any]:
    """What `top` shows: each process, and each camera's frames by outcome since the run began."""
    processes: list[dict[str, Any]] = []
    cameras: dict[str, dict[str, int]] = {}
    children = list(children)
    missing = missing_of(children)
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
                "oldest": status.get("oldest"),
                "oldest_s": status.get("oldest_s", 0.0),
                "rss_mb": child.rss_bytes() >> 20,
                "trouble": "; ".join(filter(None, [status.get("trouble", ""), *status.get("refused", ())])),
                "missing": missing[child.name],
            }
        )
        if stage == CAPTURE:
            cameras[replica] = dict(child.settled)
    return {"processes": processes, "cameras": cameras}
