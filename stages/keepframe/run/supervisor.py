"""
The supervisor: one child process per camera and replica, started, watched, started again, drained, and none left behind.

Frames never pass through it, and nothing is lost when it dies. How one child lives is in life.py, what it answers to others in
desk.py.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from typing import Any

from keepframe.config import load
from keepframe.config.pipeline import CAPTURE, Pipeline
from keepframe.run.account import Account
from keepframe.run.addresses import all_processes, new_site, processes
from keepframe.run.desk import Desk
from keepframe.run.exits import FAILED, FINAL, INTERRUPTED, OK, SOME_FAILED
from keepframe.run.folders import clear_all, runtime_folder
from keepframe.run.forks import Forks
from keepframe.run.life import CRASH_LOOP, Child, frames_of
from keepframe.run.limits import allow_files
from keepframe.run.logs import log
from keepframe.run.result import Progress, RunResult, counts_of, progress_of
from keepframe.run.stores import Stores

WATCH_S = 0.2
STOP_S = 10.0


def supervise(
    pipeline: Pipeline, *, again: bool = False, show: Callable[[Progress], None] | None = None
) -> RunResult:
    """
    Run a pipeline until its sources have ended or it is asked to stop (SIGTERM, Ctrl-C: drain; once more: leave now).

    Of a pipeline with `only`, the stages that it names; without the captures it runs until it is asked to stop.

    again: read finite sources once more from the beginning, in a new stream.
    show: called a few times a second with how far it is.
    """
    allow_files()
    return asyncio.run(Supervisor(pipeline, again=again, show=show).run())


class Supervisor:
    """One run of a pipeline. make_child: what stands for a process of this name, with its hang_after in seconds."""

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        again: bool = False,
        show: Callable[[Progress], None] | None = None,
        make_child: Callable[[str, float], Child] = Child,
    ) -> None:
        self.pipeline, self.show, self.make_child = pipeline, show, make_child
        self.children: dict[str, Child] = {}
        self.has_archive = pipeline.runs_here(pipeline.archive.name)
        if again and not self.has_archive:
            raise ValueError("--again: the archive runs elsewhere; it alone knows what was read before")
        self.account = Account(pipeline.archive_folder, list(pipeline.cameras), again=again)
        self.stores = Stores(pipeline)
        self.forks = Forks.of(pipeline)
        self.site = new_site()
        self.committed = 0
        self.exit_code = OK
        self.is_stopping = False
        self._signals = 0
        self._lives: set[asyncio.Task[None]] = set()
        self._is_over = asyncio.Event()

    async def run(self) -> RunResult:
        """Until it is over."""
        began = time.monotonic()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal)
        desk = Desk(self, runtime_folder(self.pipeline.path, self.account.folder, self.pipeline.only))
        try:
            await desk.open()
            clear_all()
            for name in all_processes(self.pipeline):
                self._add(name)
            watching = asyncio.create_task(self._watch())
            watching.add_done_callback(self._done)
            await self._is_over.wait()
            await self._stop()
            watching.cancel()
        finally:
            for child in self.children.values():  # whatever happened: nothing is left behind
                child.signal(signal.SIGKILL)
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)
            self.forks.close()
            await desk.close()
            self.stores.close()
        counts = self.account.counts() if self.has_archive else counts_of(self.children.values())
        new = self.account.new() if self.has_archive else None
        code = self.exit_code
        if code == OK and any(of["failed"] for of in counts.values()):
            code = SOME_FAILED
        seconds, folder = time.monotonic() - began, self.account.folder if self.has_archive else None
        return RunResult(
            code,
            counts,
            folder,
            seconds,
            self.account.before,
            new,
            self.account.behind,
            is_stopped=self._signals > 0,
        )

    def progress(self) -> Progress:
        """How far it is."""
        return progress_of(self.children.values())

    def scale(self, stage: str, replicas: int) -> None:
        """
        Run so many replicas of a stage from now on; cameras move by themselves. Of a stage elsewhere: look for so many there.

        Raises ValueError for another number than 1 or more, or a stage of which there can be only one; LookupError for an unknown one.
        """
        if stage not in self.pipeline.stages:
            raise LookupError(f"no stage named {stage!r}; known: {', '.join(self.pipeline.stages)}")
        if replicas < 1:
            raise ValueError(f"{stage}: expected at least 1 replica, got {replicas}")
        before = set(processes(self.pipeline, stage))
        self.pipeline = load(self.pipeline.path, [*self.pipeline.sets, f"stages.{stage}.replicas={replicas}"])
        after = set(processes(self.pipeline, stage))
        if self.pipeline.runs_here(stage):
            for name in sorted(before - after):
                self.children[name].is_done = True
                self.children[name].signal(signal.SIGTERM)
            for name in sorted(after - before):
                self._add(name)
        for child in self.children.values():
            self._tell_uppers(child, stage)

    # the lives of the children

    def _add(self, name: str) -> None:
        if name in self.children:  # scaled away just now, and not gone yet: it is started again when it is
            self.children[name].is_done = False
            return
        stage = name.rpartition(".")[0]
        bounds = self.pipeline.capture if stage == CAPTURE else self.pipeline.stages[stage]
        child = self.children[name] = self.make_child(name, bounds.hang_after_s)
        child.max_rss_bytes = bounds.max_memory
        if stage == CAPTURE:
            child.reads_stdin = self.pipeline.cameras[name.rpartition(".")[2]].reads_stdin
        child.committed_before = self.committed
        child.site = self.site
        child.stores = self.stores.given_to(name)
        self._begin(child)

    def _tell_uppers(self, child: Child, stage: str) -> None:
        if stage in self.pipeline.uppers(child.stage):
            child.tell("uppers", stage=stage, names=sorted(processes(self.pipeline, stage)))

    def _begin(self, child: Child, delay_s: float = 0.0) -> None:
        task = asyncio.create_task(self._live(child, delay_s))
        self._lives.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._lives.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("supervisor-failed", error=repr(error))
            self._end(FAILED)

    async def _live(self, child: Child, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        if child.is_done:  # scaled away while it waited
            del self.children[child.name]
        if self.is_stopping or child.is_done:
            return
        run = self.account.runs.get(child.name.rpartition(".")[2]) if child.stage == CAPTURE else None
        pipeline = self.pipeline
        await child.start(self.forks.fork, pipeline, run, self._on_event)
        for stage in self.pipeline.uppers(child.stage) if pipeline is not self.pipeline else ():
            self._tell_uppers(child, stage)  # scaled while it was started
        if self.is_stopping or child.is_done:
            child.signal(signal.SIGTERM)
        elif self._signals and child.stage == CAPTURE:
            child.tell("drain")
        self._on_end(child, await child.ended())

    def _on_end(self, child: Child, code: int) -> None:
        if self.is_stopping:
            return
        for other in self.children.values():
            other.tell("forget", name=child.name)
        if child.is_done:  # scaled away
            del self.children[child.name]
        elif child.stage == CAPTURE and code == OK and (self._signals or not child.status.get("is_leaving")):
            child.is_done = True
            if all(c.is_done for c in self._captures()):
                self._end(OK)
        elif code in FINAL:
            self._end(code)
        else:
            self._restart(child, code)

    def _restart(self, child: Child, code: int) -> None:
        how = child.ended_for or (f"signal {-code}" if code < 0 else f"exit code {code}")
        if child.in_hand is not None and child.died_by_itself(code):
            camera, (stream, seq) = child.in_hand
            frame = f"{camera}/{stream}/{seq}"
            log.warning("suspect", process=child.name, stage=child.stage, camera=camera, frame=frame, how=how)
            for capture in self._captures():
                if capture.name == f"{CAPTURE}.{camera}":
                    capture.tell("suspect", stream=stream, seq=seq, killed=child.stage)
        delay_s = child.died(code, self.committed)
        if delay_s is None:
            log.error("crash-loop", process=child.name, stage=child.stage, how=how, times=CRASH_LOOP)
            self._end(FAILED)
            return
        log.warning("died", process=child.name, stage=child.stage, how=how, restart_in_s=round(delay_s, 1))
        self._begin(child, delay_s)

    def _on_event(self, child: Child, event: dict[str, Any]) -> None:
        if event["event"] == "ready":
            child.is_ready = True
        elif event["event"] == "status":
            if child.stage == self.pipeline.archive.name or not self.has_archive:
                self.committed += max(0, frames_of(event) - frames_of(child.status))
            child.update(event)

    def _captures(self) -> list[Child]:
        return [c for c in self.children.values() if c.stage == CAPTURE]

    async def _watch(self) -> None:
        while True:
            for child in self.children.values():
                ailment = child.ailment()
                if ailment and not child.ended_for:
                    child.end_for(ailment)
            if self.show is not None:
                self.show(self.progress())
            await asyncio.sleep(WATCH_S)

    # the end

    def _on_signal(self) -> None:
        self._signals += 1
        if self._signals == 1:
            log.info("draining", detail="what was captured gets its outcome; once more leaves now")
            for child in self._captures():
                child.tell("drain")
            if not self.pipeline.runs_here(CAPTURE):  # what is not committed is still with captures elsewhere
                self._end(OK)
        else:
            self._end(INTERRUPTED)
            for child in self.children.values():
                child.signal(signal.SIGKILL)

    def _end(self, code: int) -> None:
        if not self.is_stopping:
            self.is_stopping, self.exit_code = True, code
            self._is_over.set()

    async def _stop(self) -> None:
        for child in self.children.values():
            child.signal(signal.SIGTERM)
        for _ in range(2):
            pending = {task for task in self._lives if not task.done()}
            if pending:
                await asyncio.wait(pending, timeout=STOP_S)
            for child in self.children.values():
                child.signal(signal.SIGKILL)
