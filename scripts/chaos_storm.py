"""
One pipeline under faults: which fault comes when, and how what it disturbs is waited for.

What has to hold afterwards is in chaos_invariants.py, which pipelines there are in chaos_worlds.py.
"""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from chaos_worlds import LIVE, World
from pipelines import Ground, Progress, Run, told

STUCK_S = 25.0
"""So long nothing may be committed while nothing is frozen; a process that is silent for 20 s is replaced."""
END_S = 120.0
WEIGHTS = {
    "kill": 9,
    "kill two": 2,
    "kill while starting": 2,
    "freeze": 4,
    "freeze long": 1,
    "end one gently": 2,
    "freeze the supervisor": 1,
    "kill the fork server": 2,
    "freeze the fork server": 1,
    "slow": 2,
    "scale": 4,
    "drain and run again": 1,
    "leave and run again": 1,
    "kill the supervisor": 2,
    "kill everything": 2,
}


@dataclass(slots=True)
class Book:
    """What was done and found, over all rounds."""

    faults: Counter[str] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    """How many faults met frames on their way."""
    rounds: int = 0
    frames: int = 0
    kept: int = 0
    longest_pause_s: float = 0.0
    store_lost: int = 0
    """Streams of the live camera that could not be gone on with."""
    late: int = 0
    """Frames that a process still had in its queue when they were settled already, by another one."""
    violations: list[str] = field(default_factory=list)


class Storm:
    """One run of a world under faults, through as many restarts as they ask for."""

    def __init__(self, world: World, ground: Ground, seed: int, book: Book) -> None:
        self.world, self.ground, self.seed, self.book = world, ground, seed, book
        self.random = random.Random(seed)
        self.progress = Progress(ground.archive)
        self.began = self.moved = time.monotonic()
        self.seen: dict[str, tuple[int, int]] = {}
        self.until: list[tuple[float, str, Any]] = []
        """What is to be undone, and when: ("thaw", pid) or ("quicken", file)."""
        self.endings = 0
        """How often the supervisor has ended without draining: a live camera's unsettled frames go with it."""
        self.violations: list[str] = []
        self.run = Run(ground)

    def rage(self, faults: int, seconds: float) -> int:
        """Do so many faults at most, within so many seconds, and let the run end. How many it were."""
        done, until = 0, time.monotonic() + seconds
        try:
            while done < faults and time.monotonic() < until and not self._is_over():
                self._pause(self.random.choice((0.05, 0.3, 0.6, 1.2)))
                if self.random.random() < 0.5:
                    self._wait_for_progress()
                if self._is_over():
                    break
                done += self._fault(self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0])
            self._finish()
        except TimeoutError as error:
            self._violation(str(error))
        finally:
            self.progress.close()
            self._undo(everything=True)
        return done

    # faults

    def _fault(self, kind: str) -> int:
        processes = [p for p in self.run.status() if p["pid"] is not None]
        running = [p for p in processes if p["state"] == "running"]
        in_flight = sum(p["in_flight"] for p in processes)
        match kind:
            case "kill" | "kill two":
                done = [self._kill(p) for p in self._some(running, 1 + (kind == "kill two"))]
            case "kill while starting":
                done = [self._kill(p) for p in self._some(running, 1)]
                self._pause(self.random.uniform(0.0, 0.15))
                starting = [p for p in self.run.status() if p["pid"] is not None and p["state"] == "starting"]
                done += [self._kill(p) for p in starting]
            case "freeze" | "freeze long":
                seconds = self.random.uniform(*((0.2, 2.5) if kind == "freeze" else (4.0, 6.0)))
                done = [self._freeze(p, seconds) for p in self._some(running, 1)]
            case "end one gently":
                done = [self._terminate(p) for p in self._some(running, 1)]
            case "freeze the supervisor":
                done = [self._freeze_for("the supervisor", [self.run.process.pid])]
            case "freeze the fork server":
                done = [self._freeze_for("the fork server", self.run.begun())]
            case "kill the fork server":
                done = [self.ground.signal(pid, signal.SIGKILL) for pid in self.run.begun()]
                self._note(kind, any(done))
            case "slow":
                done = [self._slow(self.random.choice(self.world.slows), self.random.uniform(0.02, 0.2))]
            case "scale":
                done = [self._scale(self.random.choice(self.world.scales), self.random.randint(1, 3))]
            case _:
                done = [self._again(kind, processes)]
        if not any(done):
            return 0
        self.book.faults[kind] += 1
        self.book.in_flight += in_flight > 0
        return 1

    def _some(self, processes: list[dict[str, Any]], number: int) -> list[dict[str, Any]]:
        """Each stage is as likely as another, however many processes it has."""
        chosen: list[dict[str, Any]] = []
        for _ in range(number):
            stages = sorted({p["stage"] for p in processes if p not in chosen})
            if stages:
                stage = self.random.choice(stages)
                chosen.append(
                    self.random.choice([p for p in processes if p["stage"] == stage and p not in chosen])
                )
        return chosen

    def _kill(self, process: dict[str, Any]) -> bool:
        done = self.ground.signal(process["pid"], signal.SIGKILL)
        self.book.killed[process["stage"]] += done
        self._note(f"kill {process['stage']}.{process['replica']}", done)
        return done

    def _freeze(self, process: dict[str, Any], seconds: float) -> bool:
        done = self.ground.signal(process["pid"], signal.SIGSTOP)
        self.until.append((time.monotonic() + seconds, "thaw", process["pid"]))
        self._note(f"freeze {process['stage']}.{process['replica']} for {seconds:.1f} s", done)
        return done

    def _terminate(self, process: dict[str, Any]) -> bool:
        done = self.ground.signal(process["pid"], signal.SIGTERM)
        self._note(f"terminate {process['stage']}.{process['replica']}", done)
        return done

    def _freeze_for(self, whom: str, pids: list[int]) -> bool:
        """Freeze one of those that look after the others, and wait until it goes on."""
        seconds = self.random.uniform(0.3, 3.0)
        done = [self.ground.signal(pid, signal.SIGSTOP) for pid in pids]
        self._note(f"freeze {whom} for {seconds:.1f} s", any(done))
        self._pause(seconds)
        for pid in pids:
            self.ground.signal(pid, signal.SIGCONT)
        return any(done)

    def _slow(self, who: str, seconds: float) -> bool:
        file = self.ground.folder / f"slow-{who}"
        file.write_text(f"{seconds}")
        self.until.append((time.monotonic() + 2.0, "quicken", file))
        self._note(f"slow {who}: {seconds:.2f} s a frame", True)
        return True

    def _scale(self, stage: str, replicas: int) -> bool:
        done = self.run.ask(do="scale", stage=stage, replicas=replicas) is not None
        self._note(f"scale {stage} to {replicas}", done)
        return done

    def _again(self, kind: str, processes: list[dict[str, Any]]) -> bool:
        """End the whole run in one way or another, and begin it anew."""
        run = self.run.process
        self._note(kind, True)
        if kind == "kill everything":
            everything = [run.pid, *(p["pid"] for p in processes)]
            self.random.shuffle(everything)
            for pid in everything:
                self.ground.signal(pid, signal.SIGKILL)
        elif kind == "kill the supervisor":
            self.ground.signal(run.pid, signal.SIGKILL)
        else:
            if not processes:
                return False  # its signals are not handled yet
            self._undo(everything=True)
            self.ground.signal(run.pid, signal.SIGTERM)
            if kind == "leave and run again":
                self._pause(self.random.uniform(0.0, 0.3), is_to_go_on=False)
                self.ground.signal(run.pid, signal.SIGINT)
        code = self._wait_for_end()
        expected = {"drain and run again": {0}, "leave and run again": {0, 130}}.get(
            kind, {-signal.SIGKILL, 0}
        )
        if code not in expected:
            self._violation(f"{kind}: expected exit code {sorted(expected)}, got {code}")
        self.endings += code != 0
        self.run = Run(self.ground)
        return True

    # waiting

    def _is_over(self) -> bool:
        if not self.run.is_over:
            return False
        if self.run.process.returncode != 0:
            self._violation(f"the run ended by itself with exit code {self.run.process.returncode}")
        return True

    def _pause(self, seconds: float, *, is_to_go_on: bool = True) -> None:
        until = time.monotonic() + seconds
        while True:
            self._undo()
            self._look(is_to_go_on=is_to_go_on)
            left = until - time.monotonic()
            if left <= 0 or self.run.is_over:
                return
            time.sleep(min(0.05, left))

    def _wait_for_progress(self) -> None:
        before = self.moved
        while self.moved == before and not self.run.is_over:
            self._pause(0.05)

    def _wait_for_end(self) -> int:
        """The exit code of the run, which has been told to end."""
        until = time.monotonic() + END_S
        while not self.run.is_over:
            if time.monotonic() > until:
                raise TimeoutError(
                    f"did not end within {END_S:g} s of being told to; {told(self.run.status())}"
                )
            self._pause(0.05, is_to_go_on=False)
        return self.run.process.returncode

    def _finish(self) -> None:
        """No more faults: the run has to come to its end."""
        self._undo(everything=True)
        while not self.run.is_over:
            self._pause(0.1)
            if self.world.has_live and self._finite_ones_have_ended():
                self.ground.signal(self.run.process.pid, signal.SIGTERM)
                self._wait_for_end()
        self._is_over()

    def _finite_ones_have_ended(self) -> bool:
        captures = [p for p in self.run.status() if p["stage"] == "capture"]
        return bool(captures) and all(p["state"] == "done" or p["replica"] == LIVE for p in captures)

    def _look(self, *, is_to_go_on: bool) -> None:
        """See whether something was committed; nothing for too long is a violation."""
        now, committed = time.monotonic(), self.progress.committed()
        has_moved = committed != self.seen
        if has_moved and self.seen:
            self.book.longest_pause_s = max(self.book.longest_pause_s, now - self.moved)
        if has_moved or not is_to_go_on or any(what == "thaw" for _, what, _ in self.until):
            self.moved, self.seen = now, committed
        elif now - self.moved > STUCK_S:
            raise TimeoutError(f"nothing was committed for {STUCK_S:g} s; {told(self.run.status())}")

    def _undo(self, *, everything: bool = False) -> None:
        for item in [i for i in self.until if everything or i[0] <= time.monotonic()]:
            self.until.remove(item)
            _, what, which = item
            if what == "thaw":
                self.ground.signal(which, signal.SIGCONT)
            else:
                which.unlink(missing_ok=True)

    def _note(self, what: str, done: bool) -> None:  # noqa: FBT001
        line = f"chaos {time.monotonic() - self.began:6.2f} {what}{'' if done else ' (nobody there)'}\n"
        with (self.ground.folder / "log").open("a") as log:
            log.write(line)

    def _violation(self, text: str) -> None:
        self._note(f"VIOLATION {text}", True)
        self.violations.append(text)
