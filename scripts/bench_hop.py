"""
One hop: frames from one process to another, through keepframe's link and others: scripts/bench hop [--quick] [--repeats 5].

Each run is a pair of processes of its own; transports take turns, in reversed order every other time. The sender holds eight distinct frames, the
receiver reads one byte in each page of every frame and checks two marker bytes. The first 64 frames warm memory up and are not counted. Frames/s: between
the arrivals of the first and the last that count. CPU: user and system time of both processes (and of dora-rs's daemon or ezmsg's server) meanwhile, per
frame. A rival that is not installed, or three times running does not deliver every frame in time, is left out with the reason.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np
from hop_rivals import RIVALS, commands, environment, version_of
from hop_watch import DEADLINE_S, IN_FLIGHT, SIZES, WARM_UP, Watch, cpu_s, frames_of, mark
from pipelines import Ground, machine

COUNTS = {"640x480": 1000, "1280x720": 500, "1920x1080": 300, "3840x2160": 80}
COPY = "one copy in memory"
OURS = ("slots, made in place", "slots, copied in", "inline")
"""Through CaptureNode, Shell, ipc, Shell and ArchiveNode: sessions, marks and acknowledgements as in a pipeline, nothing written to a disk."""
ZMQ = "pyzmq PUSH/PULL ipc"

# --- the two ends of each transport ------------------------------------------------------------------------


def send_ours(way: str, address: str, fd: int, size: str, count: int, watch: Watch) -> None:
    """The capture's end."""
    from keepframe.frame import Frame  # noqa: PLC0415
    from keepframe.picture import Picture, heap  # noqa: PLC0415
    from keepframe.picture.owned_slots import OwnedSlots  # noqa: PLC0415
    from keepframe.wire.capture import CaptureNode  # noqa: PLC0415
    from keepframe.wire.credit import Credit  # noqa: PLC0415
    from keepframe.wire.intake import Intake  # noqa: PLC0415
    from keepframe.wire.shell import Shell  # noqa: PLC0415
    from keepframe.wire.store import Store  # noqa: PLC0415

    intake = Intake("bench", store=Store(4 * IN_FLIGHT, 1 << 40))
    credit = Credit(IN_FLIGHT, 1 << 40)
    node = CaptureNode("capture.bench", ["archive"], ["bench"], nonce, "", intake, credit=credit)
    shell = Shell(node, address, {})
    slots = OwnedSlots(fd)
    (height, width), frames = SIZES[size], frames_of(size)
    shell.start()
    with shell.condition:
        shell.wait_for(lambda: node.begin is not None)
    for n in range(count):
        watch.step()
        flat = frames[n % IN_FLIGHT].reshape(-1)
        if (
            way == "slots, made in place"
        ):  # as a decoder that writes there: the pixels are in the slot, nobody copies them
            space = slots.room(flat.size)
            mark(space.view, n)
            handle = space.close()
        elif way == "slots, copied in":
            mark(flat, n)
            space = slots.room(flat.size)
            space.view[:] = flat.data
            handle = space.close()
        else:
            space = heap(flat.size)
            space.view[:] = flat.data
            mark(space.view, n)
            handle = space.close()
        frame = Frame(camera="bench", time_ns=n, picture=Picture("bgr", height, width, handle))
        with shell.turn():
            shell.wait_for(lambda: node.wants)
            node.offer(frame)
    with shell.turn():
        node.end()
        shell.wait_for(lambda: node.is_over)
    shell.stop()


def receive_ours(way: str, address: str, fd: int, watch: Watch) -> None:
    """The archive's end; what it would write it only looks at."""
    from keepframe.archive import NEVER, Standing  # noqa: PLC0415
    from keepframe.frame import START  # noqa: PLC0415
    from keepframe.picture.slots import Slots  # noqa: PLC0415
    from keepframe.wire.gather import ArchiveNode, OpenJob  # noqa: PLC0415
    from keepframe.wire.shell import Shell  # noqa: PLC0415

    node = ArchiveNode("archive.0", ["capture.bench"], ["bench"], nonce)
    shell = Shell(node, None, {"capture.bench": address}, [Slots(fd)] if way != "inline" else [])
    shell.start()
    while True:
        with shell.condition:
            shell.wait_for(lambda: node.jobs)
            job = node.take()
        if isinstance(job, OpenJob):
            with shell.turn():
                node.opened(job, Standing(START, is_ended=False, memory={}, outcomes=[]), NEVER)
            continue
        outcomes, is_end = [], False
        for item in job.items:
            picture = item.frames[0].picture
            is_end = picture is None
            if picture is not None:
                watch.see(np.frombuffer(picture.handle.data(), np.uint8))
                picture.handle.check()
            outcomes.append((item.at, "end" if is_end else "kept"))
        with shell.turn():
            node.committed(job, outcomes, NEVER)
        if is_end:
            shell.stop()
            return


def send_zmq(address: str, size: str, count: int, watch: Watch) -> None:
    """Plain pyzmq."""
    import zmq  # noqa: PLC0415

    context = zmq.Context()
    socket = context.socket(zmq.PUSH)
    socket.setsockopt(zmq.SNDHWM, IN_FLIGHT)
    socket.bind(address)
    frames = frames_of(size)
    for n in range(count):
        watch.step()
        flat = (
            frames[n % IN_FLIGHT].reshape(-1).copy()
        )  # a producer makes each frame anew; zmq holds it until it is sent
        mark(flat, n)
        socket.send(flat, copy=False)
    context.destroy(linger=60_000)


def receive_zmq(address: str, count: int, watch: Watch) -> None:
    """Plain pyzmq."""
    import zmq  # noqa: PLC0415

    context = zmq.Context()
    socket = context.socket(zmq.PULL)
    socket.setsockopt(zmq.RCVHWM, IN_FLIGHT)
    socket.connect(address)
    for _ in range(count):
        message = socket.recv(copy=False)
        watch.see(np.frombuffer(message.buffer, np.uint8))


def nonce() -> int:
    """A number that no other incarnation has."""
    return int.from_bytes(os.urandom(8), "big") >> 2


def play(role: str, way: str, folder: str, fd: int, size: str, count: int) -> None:
    """Be one end. What it has measured it leaves in the folder."""
    watch, address = Watch(folder, role, count if role == "receive" else None), f"ipc://{folder}/hop"
    if role == "send" and way in OURS:
        send_ours(way, address, fd, size, count, watch)
    elif role == "send":
        send_zmq(address, size, count, watch)
    elif way in OURS:
        receive_ours(way, address, fd, watch)
    else:
        receive_zmq(address, count, watch)
    watch.leave()


# --- the runs ------------------------------------------------------------------------------------------------------------


def copied(size: str, count: int) -> tuple[float, float]:
    """Frames/s and CPU ms of one copy into a buffer that is there, in one process."""
    frames = frames_of(size)
    buffers = [np.zeros_like(frame) for frame in frames]
    began, used = time.perf_counter(), cpu_s()
    for n in range(count):
        np.copyto(buffers[n % IN_FLIGHT], frames[(n + 1) % IN_FLIGHT])
    return count / (time.perf_counter() - began), (cpu_s() - used) / count * 1e3


def finished(lines: list[list[str]], extra: dict[str, str], folder: str, fds: list[int]) -> str:
    """Start them and wait until all have ended, by themselves or at the deadline. Returns what they printed."""
    ground, said, ends = Ground(Path(folder)), Path(folder, "said"), []
    with said.open("wb") as output:
        try:
            for line in lines:
                given = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": output, "pass_fds": fds}
                ends.append(subprocess.Popen(line, env=ground.environment() | extra, cwd=folder, **given))
            until_s = time.monotonic() + DEADLINE_S
            while (
                time.monotonic() < until_s
                and None in (codes := [end.poll() for end in ends])
                and not any(codes)
            ):
                time.sleep(0.05)
        finally:
            ground.clear()  # what they started in their turn as well
            for end in ends:
                end.wait()
    return said.read_text(errors="replace")


def hop(way: str, size: str, count: int) -> tuple[float, float]:
    """Frames/s and CPU ms per frame of one pair of processes. RuntimeError: not all frames went through."""
    if way == COPY:
        return copied(size, count)
    count += WARM_UP
    fds: list[int] = []
    with tempfile.TemporaryDirectory(prefix="kf") as folder:
        if way in RIVALS:
            address = f"tcp://127.0.0.1:{free_port()}"
            said = finished(commands(way, folder, address, size, count), environment(way), folder, [])
        else:
            if way in OURS:
                from keepframe.picture.slots import Slots, read_only  # noqa: PLC0415

                height, width = SIZES[size]
                nbytes = 4096 if way == OURS[2] else 5 * IN_FLIGHT * height * width * 3
                fds = [Slots.create(nbytes, 8 * IN_FLIGHT)]
                fds.append(read_only(fds[0]))
            given = [("send", fds[0] if fds else -1), ("receive", fds[1] if fds else -1)]
            lines = [
                [sys.executable, __file__, "--play", role, way, folder, str(fd), size, str(count)]
                for role, fd in given
            ]
            said = finished(lines, {}, folder, fds)
            for fd in fds:
                os.close(fd)
        told = {}
        for role in ("send", "receive"):
            file = Path(folder, f"{role}.json")
            told[role] = json.loads(file.read_text()) if file.exists() else {"count": "no end"}
            if told[role]["count"] != count:
                print(said, file=sys.stderr)
                raise RuntimeError(
                    f"{role}: expected {count} frames, got {told[role]['count']} (its output went to stderr)"
                )
    count -= WARM_UP
    return (count - 1) / told["receive"]["wall_s"], (
        told["send"]["cpu_s"] + told["receive"]["cpu_s"]
    ) / count * 1e3


def free_port() -> int:
    """A tcp port that is free now."""
    import socket  # noqa: PLC0415

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def spread(values: list[float], form: Callable[[float], str]) -> str:
    """Median, least and greatest."""
    return f"{form(statistics.median(values))} [{form(min(values))}–{form(max(values))}]"


def tried(way: str, size: str, count: int) -> tuple[float, float]:
    """What hop() returns; a rival may fail twice."""
    for _ in range(2 if way in RIVALS else 0):
        try:
            return hop(way, size, count)
        except RuntimeError as error:
            print(f"{size} {way}: once more: {error}", file=sys.stderr)
    return hop(way, size, count)


def rows(size: str, ways: list[str], repeats: int, share: float) -> Iterator[str]:
    """The table of one size, ratios taken side by side in one repeat. A rival that fails leaves the list."""
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for repeat in range(repeats):
        for way in list(ways) if repeat % 2 == 0 else list(reversed(ways)):
            count = max(20, int(COUNTS[size] * share * (3 if way == OURS[0] else 1)))
            try:
                found[way].append(tried(way, size, count))
            except (OSError, RuntimeError) as error:
                if way not in RIVALS:
                    raise
                ways.remove(way)
                yield f"\nLeft out: {way}: {error}"
                continue
            print(f"{size} {repeat} {way}: {found[way][-1][0]:.0f}/s", file=sys.stderr)
    yield f"\n**{size}**, BGR, {SIZES[size][0] * SIZES[size][1] * 3 / 1e6:.1f} MB\n"
    yield "| transport | frames/s | CPU ms/frame | made in place / it, frames/s | copied in / it, frames/s | its CPU / one copy |"
    yield "|---|---|---|---|---|---|"
    for way in ways:
        pairs = list(zip(found[OURS[0]], found[OURS[1]], found[way], found[COPY], strict=True))
        in_place = spread([ours[0] / it[0] for ours, _, it, _ in pairs], lambda v: f"{v:.1f}")
        copied_in = spread([ours[0] / it[0] for _, ours, it, _ in pairs], lambda v: f"{v:.2f}")
        copies = spread([it[1] / copy[1] for _, _, it, copy in pairs], lambda v: f"{v:.2f}")
        rate = spread([it[0] for it in found[way]], lambda v: f"{v:.0f}")
        cost = spread([it[1] for it in found[way]], lambda v: f"{v:.2f}")
        yield f"| {way} | {rate} | {cost} | {in_place} | {copied_in} | {copies} |"


def main() -> None:
    """Measure, and print tables in Markdown."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the frames, two repeats, 640x480 and 1080p"
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--sizes", nargs="+", choices=list(SIZES), help="these alone")
    parser.add_argument("--play", nargs=6, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.play:
        role, way, folder, fd, size, count = given.play
        play(role, way, folder, int(fd), size, int(count))
        return
    ways, told = [COPY, *OURS, ZMQ], [f"{name} {version(name)}" for name in ("numpy", "pyzmq")]
    for name in dict.fromkeys(RIVALS.values()):
        try:
            told.append(f"{name} {version_of(name)}")
        except RuntimeError as error:
            print(f"Left out: {name}: {error}")
        else:
            ways += [way for way, distribution in RIVALS.items() if distribution == name]
    repeats = 2 if given.quick else given.repeats
    print(f"{machine()}; {', '.join(told)}")
    print(f"{repeats} repeats, median [least–greatest]")
    for size in given.sizes or (("640x480", "1920x1080") if given.quick else SIZES):
        for line in rows(size, ways, repeats, 0.1 if given.quick else 1.0):
            print(line, flush=True)


if __name__ == "__main__":
    main()
