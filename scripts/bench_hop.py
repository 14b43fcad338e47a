"""
One hop: frames from one process to another, through keepframe's link and others: scripts/bench hop [--quick] [--repeats 5].

Each run is a pair of processes of its own; transports take turns, in reversed order every other time. The sender holds eight distinct frames, the
receiver reads one byte in each page of every frame and checks two marker bytes. The first 64 frames warm memory up and are not counted. Frames/s: between
the arrivals of the first and the last that count. CPU: user and system time of both processes meanwhile, per frame.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

SIZES = {"640x480": (480, 640), "1280x720": (720, 1280), "1920x1080": (1080, 1920), "3840x2160": (2160, 3840)}
COUNTS = {"640x480": 1000, "1280x720": 500, "1920x1080": 300, "3840x2160": 80}
COPY = "one copy in memory"
OURS = ("slots, made in place", "slots, copied in", "inline")
"""Through CaptureNode, Shell, ipc, Shell and ArchiveNode: sessions, marks and acknowledgements as in a pipeline, nothing written to a disk."""
ZMQ, IMAGEZMQ = "pyzmq PUSH/PULL ipc", "imagezmq REQ/REP tcp"
IN_FLIGHT, WARM_UP = 8, 64
DEADLINE_S = 120.0

Frames = list[np.ndarray[Any, Any]]


def cpu_s() -> float:
    """User and system time of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def frames_of(size: str) -> Frames:
    """Eight distinct frames."""
    rng = np.random.default_rng(1)
    return [rng.integers(0, 256, (*SIZES[size], 3), np.uint8) for _ in range(IN_FLIGHT)]


def mark(flat: Any, n: int) -> None:
    """Which frame it is, at both ends."""
    flat[0] = flat[-1] = n % 251


class Watch:
    """How many frames have passed this end, and what they have cost once memory was warm."""

    def __init__(self) -> None:
        self.count, self.first_s, self.last_s, self.began_s, self.sum = 0, 0.0, 0.0, 0.0, 0

    def step(self) -> None:
        """One more frame."""
        self.last_s = time.perf_counter()
        if self.count == WARM_UP:
            self.first_s, self.began_s = self.last_s, cpu_s()
        self.count += 1

    def told(self) -> dict[str, float]:
        """What there is to tell at the end."""
        return {"count": self.count, "cpu_s": cpu_s() - self.began_s, "wall_s": self.last_s - self.first_s}

    def see(self, flat: np.ndarray[Any, Any]) -> None:
        """One more frame: a flat array."""
        if flat[0] != self.count % 251 or flat[-1] != self.count % 251:
            raise SystemExit(f"frame {self.count}: expected its marks, got {flat[0]} and {flat[-1]}")
        self.sum += int(flat[::4096].sum())
        self.step()


# --- the two ends of each transport ------------------------------------------------------------------------


def send_ours(way: str, address: str, fd: int, size: str, count: int, watch: Watch) -> None:
    """The capture's end."""
    from keepframe.frame import Frame  # noqa: PLC0415  the rivals' interpreter has no keepframe
    from keepframe.picture import Picture, heap  # noqa: PLC0415
    from keepframe.picture.owned_slots import OwnedSlots  # noqa: PLC0415
    from keepframe.wire.capture import CaptureNode, Credit  # noqa: PLC0415
    from keepframe.wire.shell import Shell  # noqa: PLC0415
    from keepframe.wire.store import Store  # noqa: PLC0415

    node = CaptureNode(
        "capture.bench", ["archive"], ["bench"], nonce, camera="bench", credit=Credit(IN_FLIGHT, 1 << 40)
    )
    node.store = Store(4 * IN_FLIGHT, 1 << 40)
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


def send_imagezmq(address: str, size: str, count: int, watch: Watch) -> None:
    """As its README does."""
    import imagezmq  # noqa: PLC0415

    sender, frames = imagezmq.ImageSender(connect_to=address), frames_of(size)
    for n in range(count):
        watch.step()
        frame = frames[n % IN_FLIGHT]
        mark(frame.reshape(-1), n)
        sender.send_image("bench", frame)


def receive_imagezmq(address: str, count: int, watch: Watch) -> None:
    """As its README does."""
    import imagezmq  # noqa: PLC0415

    hub = imagezmq.ImageHub(open_port=address.replace("127.0.0.1", "*"))
    for _ in range(count):
        _, frame = hub.recv_image()
        watch.see(frame.reshape(-1))
        hub.send_reply(b"OK")


def nonce() -> int:
    """A number that no other incarnation has."""
    return int.from_bytes(os.urandom(8), "big") >> 2


def play(role: str, way: str, address: str, fd: int, size: str, count: int) -> dict[str, float]:
    """Be one end. Returns what it has measured."""
    watch = Watch()
    if role == "send" and way in OURS:
        send_ours(way, address, fd, size, count, watch)
    elif role == "send":
        (send_zmq if way == ZMQ else send_imagezmq)(address, size, count, watch)
    elif way in OURS:
        receive_ours(way, address, fd, watch)
    else:
        (receive_zmq if way == ZMQ else receive_imagezmq)(address, count, watch)
    told = watch.told()
    if told["count"] != count:
        raise SystemExit(f"{way}: expected {count} frames, got {told['count']}")
    return told


# --- the runs ------------------------------------------------------------------------------------------------------------


def copied(size: str, count: int) -> tuple[float, float]:
    """Frames/s and CPU ms of one copy into a buffer that is there, in one process."""
    frames = frames_of(size)
    buffers = [np.zeros_like(frame) for frame in frames]
    began, used = time.perf_counter(), cpu_s()
    for n in range(count):
        np.copyto(buffers[n % IN_FLIGHT], frames[(n + 1) % IN_FLIGHT])
    return count / (time.perf_counter() - began), (cpu_s() - used) / count * 1e3


def hop(way: str, size: str, count: int) -> tuple[float, float]:
    """Frames/s and CPU ms per frame of one pair of processes."""
    if way == COPY:
        return copied(size, count)
    count += WARM_UP
    python, fds = sys.executable, []
    if way == IMAGEZMQ:
        python = os.environ["BENCH_RIVAL_PYTHON"]
    with tempfile.TemporaryDirectory(prefix="kf") as folder:
        address = f"tcp://127.0.0.1:{free_port()}" if way == IMAGEZMQ else f"ipc://{folder}/hop"
        if way in OURS:
            from keepframe.picture.slots import Slots, read_only  # noqa: PLC0415

            height, width = SIZES[size]
            nbytes = 4096 if way == OURS[2] else 5 * IN_FLIGHT * height * width * 3
            fds = [Slots.create(nbytes, 8 * IN_FLIGHT)]
            fds.append(read_only(fds[0]))
        ends = []
        for i, role in enumerate(("send", "receive")):
            fd = fds[i] if fds else -1
            command = [python, __file__, "--play", role, way, address, str(fd), size, str(count)]
            ends.append(subprocess.Popen(command, stdout=subprocess.PIPE, pass_fds=fds))
        told = []
        for end in ends:
            out, _ = end.communicate(timeout=DEADLINE_S)
            if end.returncode:
                raise SystemExit(f"{way}: a process ended with {end.returncode}")
            told.append(json.loads(out))
        for fd in fds:
            os.close(fd)
    send, receive = told
    count -= WARM_UP
    return (count - 1) / receive["wall_s"], (send["cpu_s"] + receive["cpu_s"]) / count * 1e3


def free_port() -> int:
    """A tcp port that is free now."""
    import socket  # noqa: PLC0415

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def spread(values: list[float], form: Callable[[float], str]) -> str:
    """Median, least and greatest."""
    return f"{form(statistics.median(values))} [{form(min(values))}–{form(max(values))}]"


def rows(size: str, ways: list[str], repeats: int, share: float) -> Iterator[str]:
    """The table of one size, ratios taken side by side in one repeat."""
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for repeat in range(repeats):
        for way in ways if repeat % 2 == 0 else reversed(ways):
            count = max(20, int(COUNTS[size] * share * (3 if way == OURS[0] else 1)))
            found[way].append(hop(way, size, count))
            print(f"{size} {repeat} {way}: {found[way][-1][0]:.0f}/s", file=sys.stderr)
    yield f"\n**{size}**, BGR, {SIZES[size][0] * SIZES[size][1] * 3 / 1e6:.1f} MB\n"
    yield "| transport | frames/s | CPU ms/frame | slots in place / it, frames/s | its CPU / one copy |"
    yield "|---|---|---|---|---|"
    for way in ways:
        pairs = list(zip(found[OURS[0]], found[way], found[COPY], strict=True))
        faster = spread([ours[0] / it[0] for ours, it, _ in pairs], lambda v: f"{v:.1f}")
        copies = spread([it[1] / copy[1] for _, it, copy in pairs], lambda v: f"{v:.2f}")
        rate = spread([it[0] for it in found[way]], lambda v: f"{v:.0f}")
        cost = spread([it[1] for it in found[way]], lambda v: f"{v:.2f}")
        yield f"| {way} | {rate} | {cost} | {faster} | {copies} |"


def main() -> None:
    """Measure, and print tables in Markdown."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the frames, two repeats, 640x480 and 1080p"
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--play", nargs=6, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.play:
        role, way, address, fd, size, count = given.play
        print(json.dumps(play(role, way, address, int(fd), size, int(count))))
        return
    from importlib.metadata import version  # noqa: PLC0415

    from pipelines import machine  # noqa: PLC0415

    ways = [COPY, *OURS, ZMQ]
    rival = os.environ.get("BENCH_RIVAL_PYTHON")
    told = [f"{name} {version(name)}" for name in ("numpy", "pyzmq")]
    if rival:
        ways.append(IMAGEZMQ)
        code = "from importlib.metadata import version as v; print('imagezmq', v('imagezmq'), 'with pyzmq', v('pyzmq'))"
        told.append(
            subprocess.run([rival, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        )
    print(
        f"{machine()}; {', '.join(told)}; {time.strftime('%Y-%m-%d')}; {given.repeats} repeats, median [least–greatest]"
    )
    for size in ("640x480", "1920x1080") if given.quick else SIZES:
        for line in rows(size, ways, 2 if given.quick else given.repeats, 0.1 if given.quick else 1.0):
            print(line, flush=True)


if __name__ == "__main__":
    main()
