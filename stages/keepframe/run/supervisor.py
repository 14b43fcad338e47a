"""
The supervisor: one child process per camera and replica, started, watched, started again, drained, and none left behind.

Frames never pass through it, and nothing is lost when it dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from keepframe.archive.booking import standing
from keepframe.archive.reading import Reader
from keepframe.config.pipeline import CAPTURE, Pipeline
from keepframe.run.addresses import all_processes
from keepframe.run.brood import CRASH_LOOP, Child
from keepframe.run.result import Progress, RunResult
from keepframe.stage.memory import unpack

log = logging.getLogger("keepframe")

SHOW_S = 0.2
STOP_S = 10.0
FAILED, CRASHED, INTERRUPTED = 1, 70, 130
FINAL = {75, 77, 78}
"""Exit codes of a child that starting it again would not mend."""


def supervise(
    pipeline: Pipeline, *, again: bool = False, show: Callable[[Progress], None] | None = None
) -> RunResult:
    """
    Run a pipeline until its sources have ended or it is asked to stop (SIGTERM, Ctrl-C: drain; once more: leave now).

    again: read finite sources once more from the beginning, in a new stream.
    show: called a few times a second with how far it is.
    """
    return asyncio.run(Supervisor(pipeline, again=again, show=show).run())


class Supervisor:
    """One run of a pipeline."""

    def __init__(
        self, pipeline: Pipeline, *, again: bool = False, show: Callable[[Progress], None] | None = None
    ) -> None:
        self.pipeline, self.show = pipeline, show
        self.folder = Path(pipeline.archive.steps[0].options["folder"])
        self.children = {name: Child(name) for name in all_processes(pipeline)}
        self.committed = 0
        self.exit_code = 0
        self.is_stopping = False
        self._signals = 0
        self._archived = 0  # by the archive's present life
        self._lives: set[asyncio.Task[None]] = set()
        self._is_over = asyncio.Event()
        self._before = 0
        self._runs: dict[str, int] = {}
        with self._reading() as reader:
            if reader is not None:
                self._before = reader.newest_commit()
                self._runs = {c: _run_of(reader, c) + 1 for c in pipeline.cameras} if again else {}

    async def run(self) -> RunResult:
        """Until it is over."""
        began = time.monotonic()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal)
        try:
            for child in self.children.values():
                self._begin(child)
            showing = asyncio.create_task(self._show())
            await self._is_over.wait()
            await self._stop()
            showing.cancel()
        finally:
            for child in self.children.values():  # whatever happened: nothing is left behind
                child.signal(signal.SIGKILL)
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)
        return self._result(time.monotonic() - began)

    # the lives of the children

    def _begin(self, child: Child, delay_s: float = 0.0) -> None:
        task = asyncio.create_task(self._live(child, delay_s))
        self._lives.add(task)
        task.add_done_callback(self._lived)

    def _lived(self, task: asyncio.Task[None]) -> None:
        self._lives.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("event=supervisor-failed error=%r", str(error))
            self._end(CRASHED)

    async def _live(self, child: Child, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        if self.is_stopping:
            return
        camera = child.name.rpartition(".")[2]
        run = self._runs.get(camera) if child.name.startswith(f"{CAPTURE}.") else None
        await child.start(self.pipeline, run, self._on_event)
        if self._signals and child.name.startswith(f"{CAPTURE}."):
            child.tell("drain")
        code = await child.ended()
        self._on_end(child, code)

    def _on_end(self, child: Child, code: int) -> None:
        is_capture = child.name.startswith(f"{CAPTURE}.")
        if self.is_stopping:
            return
        if is_capture and code == 0:
            if all(c.process is None for c in self._captures()) and not self._restarting():
                self._end(self.exit_code)
            return
        for other in self.children.values():
            other.tell("forget", name=child.name)
        if code in FINAL:
            self._end(code)
            return
        delay_s = child.died(code, self.committed)
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        if delay_s is None:
            log.error(
                "process=%s event=crash-loop detail='%s, %d times in a row'", child.name, how, CRASH_LOOP
            )
            self._end(CRASHED)
            return
        log.warning("process=%s event=died how=%r restart_in_s=%.1f", child.name, how, delay_s)
        child.status["restarting"] = True
        self._begin(child, delay_s)

    def _on_event(self, child: Child, event: dict[str, Any]) -> None:
        if event["event"] == "ready":
            child.is_ready = True
            child.status.pop("restarting", None)
        elif event["event"] == "status":
            was = child.status
            child.status = event
            if child.name.rpartition(".")[0] == self.pipeline.archive.name:
                frames = int(event["frames"])
                self.committed += (
                    frames - int(was.get("frames", 0)) if frames >= int(was.get("frames", 0)) else frames
                )

    def _captures(self) -> list[Child]:
        return [c for c in self.children.values() if c.name.startswith(f"{CAPTURE}.")]

    def _restarting(self) -> bool:
        return any(c.status.get("restarting") for c in self._captures())

    # the end

    def _on_signal(self) -> None:
        self._signals += 1
        if self._signals == 1:
            log.info("event=draining detail='once more to leave now'")
            for child in self._captures():
                child.tell("drain")
        else:
            self._end(INTERRUPTED)

    def _end(self, code: int) -> None:
        if not self.is_stopping:
            self.is_stopping, self.exit_code = True, code
            self._is_over.set()

    async def _stop(self) -> None:
        number = signal.SIGKILL if self.exit_code == INTERRUPTED else signal.SIGTERM
        for child in self.children.values():
            child.signal(number)
        for number, seconds in ((signal.SIGKILL, STOP_S), (signal.SIGKILL, STOP_S)):
            pending = {task for task in self._lives if not task.done()}
            if not pending:
                return
            await asyncio.wait(pending, timeout=seconds)
            for child in self.children.values():
                child.signal(number)

    # what is told

    async def _show(self) -> None:
        while self.show is not None:
            self.show(self.progress())
            await asyncio.sleep(SHOW_S)

    def progress(self) -> Progress:
        """How far it is."""
        outcomes: Counter[str] = Counter()
        for child in self._captures():
            outcomes.update(child.status.get("settled", {}))
        totals: list[int | None] = [child.status.get("total") for child in self._captures()]
        troubles = [
            text
            for c in self.children.values()
            for text in (c.status.get("trouble"), *c.status.get("refused", ()))
            if text
        ]
        return Progress(
            captured=sum(child.status.get("captured", 0) for child in self._captures()),
            settled=sum(n for outcome, n in outcomes.items() if outcome != "end"),
            total=None if None in totals else sum(t or 0 for t in totals),
            outcomes=dict(outcomes),
            restarts=sum(c.restarts for c in self.children.values()),
            trouble="; ".join(troubles),
        )

    def _result(self, seconds: float) -> RunResult:
        counts: dict[str, dict[str, int]] = {}
        with self._reading() as reader:
            if reader is not None:
                counts = reader.counts(since_commit=self._before)
        code = self.exit_code
        if code == 0 and any(of["failed"] for of in counts.values()):
            code = FAILED
        return RunResult(code, counts, self.folder, seconds, self._before)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Reader | None]:
        try:
            reader = Reader(self.folder)
        except FileNotFoundError:
            yield None
            return
        with reader:
            yield reader


def _run_of(reader: Reader, camera: str) -> int:
    """Which reading of its source a camera is at."""
    memory = standing(reader.catalogue, camera, None).memory.get(CAPTURE, {})
    return int(unpack(memory).get("run", 0))
