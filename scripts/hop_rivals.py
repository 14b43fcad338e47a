"""
The other ways from one process to another for bench_hop.py, each as its own README or examples show it, losing nothing, at most eight frames under way.

The ends run in an interpreter of their own ($BENCH_RIVAL_PYTHON, see scripts/bench) and import their library there; commands() says what to start.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from hop_watch import DEADLINE_S, IN_FLIGHT, Watch, frames_of, mark

IMAGEZMQ, EZMSG, ICEORYX2 = "imagezmq REQ/REP tcp", "ezmsg, two units", "iceoryx2, copied in"
DORA, DORA_POOL = "dora-rs, as installed", "dora-rs, pool of 512 MiB"
"""A dora-rs node lends from a pool of 8 MiB unless told otherwise: one picture of 1080p, and of eight under way it loses some. So one at a time."""
RIVALS = {IMAGEZMQ: "imagezmq", EZMSG: "ezmsg", DORA: "dora-rs", DORA_POOL: "dora-rs", ICEORYX2: "iceoryx2"}
"""How the table calls it, and its distribution."""
MODULES = {"imagezmq": "imagezmq", "ezmsg": "ezmsg.core", "dora-rs": "dora", "iceoryx2": "iceoryx2"}
HELLO, HELLOS, PATIENCE_S = 255, 16, 10.0
"""The mark of frames that do not count: while dora-rs's nodes find each other, frames are lost."""
DATAFLOW = """
nodes:
  - id: send
    path: send.py
    inputs: {seen: receive/seen}
    outputs: [frame]
  - id: receive
    path: receive.py
    inputs: {frame: {source: send/frame, queue_size: 64}}
    outputs: [seen]
"""

# --- imagezmq ------------------------------------------------------------------------------------------------------------


def send_imagezmq(address: str, size: str, count: int, watch: Watch) -> None:
    """As its README does."""
    import imagezmq  # noqa: PLC0415

    sender, frames = imagezmq.ImageSender(connect_to=address), frames_of(size)
    for n in range(count):
        watch.step()
        frame = frames[n % IN_FLIGHT]
        mark(frame.reshape(-1), n)
        sender.send_image("bench", frame)


def receive_imagezmq(address: str, size: str, count: int, watch: Watch) -> None:  # noqa: ARG001  all ends alike
    """As its README does."""
    import imagezmq  # noqa: PLC0415

    hub = imagezmq.ImageHub(open_port=address.replace("127.0.0.1", "*"))
    for _ in range(count):
        _, frame = hub.recv_image()
        watch.see(frame.reshape(-1))
        hub.send_reply(b"OK")


# --- iceoryx2 ------------------------------------------------------------------------------------------------------------


def services(address: str) -> tuple[Any, Any, Any]:
    """A node, the publish-subscribe service that loses nothing, and the event service that wakes its receiver."""
    import ctypes  # noqa: PLC0415

    import iceoryx2 as iox2  # noqa: PLC0415

    iox2.set_log_level(iox2.LogLevel.Error)
    node = iox2.NodeBuilder.new().create(iox2.ServiceType.Ipc)
    name = iox2.ServiceName.new(address)
    pictures = (
        node.service_builder(name)
        .publish_subscribe(iox2.Slice[ctypes.c_uint8])
        .enable_safe_overflow(False)
        .subscriber_max_buffer_size(IN_FLIGHT)
        .open_or_create()
    )
    return node, pictures, node.service_builder(name).event().open_or_create()


def send_iceoryx2(address: str, size: str, count: int, watch: Watch) -> None:
    """As its examples publish_subscribe_dynamic_data and event_based_communication do; the pixels go in as one array."""
    import iceoryx2 as iox2  # noqa: PLC0415

    node, pictures, event = services(address)
    frames = [frame.reshape(-1) for frame in frames_of(size)]
    publisher = (
        pictures.publisher_builder()
        .initial_max_slice_len(frames[0].size)
        .backpressure_strategy(iox2.BackpressureStrategy.RetryUntilDelivered)
        .create()
    )
    notifier = event.notifier_builder().create()
    while not pictures.dynamic_config.number_of_subscribers:
        node.wait(iox2.Duration.from_millis(10))
    publisher.update_connections()
    for n in range(count):
        watch.step()
        flat = frames[n % IN_FLIGHT]
        mark(flat, n)
        sample = publisher.loan_slice_uninit(flat.size)
        np.asarray(sample.payload().as_memory_view())[:] = flat
        sample.assume_init().send()
        notifier.notify()
    while pictures.dynamic_config.number_of_subscribers:  # what it has not taken would go with this process
        node.wait(iox2.Duration.from_millis(10))


def receive_iceoryx2(address: str, size: str, count: int, watch: Watch) -> None:  # noqa: ARG001
    """As its example event_based_communication does."""
    import iceoryx2 as iox2  # noqa: PLC0415

    _node, pictures, event = services(address)
    listener = event.listener_builder().create()
    subscriber = pictures.subscriber_builder().create()
    while watch.count < count:
        listener.timed_wait(iox2.Duration.from_secs(1))
        while (sample := subscriber.receive()) is not None:
            watch.see(np.asarray(sample.payload().as_memory_view()))
            sample.delete()
    subscriber.delete()


# --- ezmsg ---------------------------------------------------------------------------------------------------------------


def run_ezmsg(folder: str, size: str, count: int) -> None:
    """As its example ezmsg_normalterm does: both ends are units in processes of their own, started by this one."""
    import ezmsg.core as ez  # noqa: PLC0415

    class Send(ez.Unit):
        OUTPUT = ez.OutputStream(np.ndarray, num_buffers=IN_FLIGHT)

        @ez.publisher(OUTPUT)
        async def send(self) -> AsyncGenerator[Any, None]:
            watch, frames = Watch(folder, "send"), frames_of(size)
            for n in range(count):
                watch.step()
                frame = frames[n % IN_FLIGHT].reshape(-1)
                mark(frame, n)
                yield self.OUTPUT, frame
            watch.leave()
            raise ez.Complete

    class Receive(ez.Unit):
        INPUT = ez.InputStream(np.ndarray)

        async def initialize(self) -> None:
            self.watch = Watch(folder, "receive", count, has_broker=True)

        @ez.subscriber(INPUT)
        async def receive(self, flat: np.ndarray[Any, Any]) -> None:
            self.watch.see(flat)
            if self.watch.count == count:
                self.watch.leave()
                raise ez.NormalTermination

    send, receive = Send(), Receive()
    ez.run(
        components={"SEND": send, "RECEIVE": receive},
        connections=[(send.OUTPUT, receive.INPUT)],
        process_components=[send, receive],
    )


# --- dora-rs -------------------------------------------------------------------------------------------------------------


def send_dora(under_way: int, address: str, size: str, count: int, watch: Watch) -> None:  # noqa: ARG001
    """
    As its example python-zero-copy-send does: the pixels are copied into memory that it lends.

    Its queues drop what does not fit, so the receiver tells how many frames it has seen (-1: none that counts), again and again while none comes.
    """
    from dora import Node  # noqa: PLC0415

    node, frames = Node(), [frame.reshape(-1) for frame in frames_of(size)]

    def send(flat: np.ndarray[Any, Any]) -> None:
        with node.send_output_raw("frame", flat.size) as space:
            view = np.asarray(space, dtype=np.uint8)
            view[:] = flat
            del view

    def told(timeout_s: float) -> int:
        event = node.next(timeout=timeout_s)
        if event is not None and event["type"] in ("STOP", "INPUT_CLOSED"):
            raise SystemExit("the receiver went away")
        return int(event["value"].to_numpy()[0]) if event is not None and event["type"] == "INPUT" else -1

    def wait_until(enough: int, seen: int) -> int:
        until_s = time.monotonic() + PATIENCE_S
        while seen < enough:
            seen = max(seen, told(1.0))
            if time.monotonic() > until_s:
                raise SystemExit(f"lost: {seen} frames seen after {PATIENCE_S} s, {enough} expected")
        return seen

    frames[0][0], seen = HELLO, -1
    while seen < 0:
        send(frames[0])
        seen = told(0.05)
    for n in range(count):
        seen = wait_until(n + 1 - under_way, seen)
        watch.step()
        flat = frames[n % IN_FLIGHT]
        mark(flat, n)
        send(flat)
    wait_until(count, seen)  # what the receiver has not seen would go with this process


def receive_dora(under_way: int, address: str, size: str, count: int, watch: Watch) -> None:  # noqa: ARG001
    """As its example python-zero-copy-send does."""
    import pyarrow as pa  # noqa: PLC0415
    from dora import Node  # noqa: PLC0415

    node, hellos, told = Node(), 0, 0
    while True:
        event = node.next(timeout=0.2)
        if event is not None and event["type"] in (
            "STOP",
            "INPUT_CLOSED",
        ):  # the sender has been told of the last
            return
        if event is not None and event["type"] == "INPUT":
            flat = event["value"].to_numpy()
            if flat[0] != HELLO:
                watch.see(flat)
            elif hellos < HELLOS:
                hellos += 1
                continue
        elif hellos < HELLOS or (event is not None and event["type"] != "ERROR"):
            continue
        if (
            event is None
            or event["type"] != "INPUT"
            or watch.count - told >= under_way / 2
            or watch.count in (0, count)
        ):
            node.send_output("seen", pa.array([watch.count]))
            told = watch.count


# --- starting them -------------------------------------------------------------------------------------------------------

SEND = {
    IMAGEZMQ: send_imagezmq,
    DORA: partial(send_dora, 1),
    DORA_POOL: partial(send_dora, IN_FLIGHT),
    ICEORYX2: send_iceoryx2,
}
RECEIVE = {
    IMAGEZMQ: receive_imagezmq,
    DORA: partial(receive_dora, 1),
    DORA_POOL: partial(receive_dora, IN_FLIGHT),
    ICEORYX2: receive_iceoryx2,
}


def play(role: str, way: str, folder: str, address: str, size: str, count: int) -> None:
    """Be one end, or start both."""
    if way == EZMSG:
        run_ezmsg(folder, size, count)
        return
    has_broker = RIVALS[way] == "dora-rs" and role == "receive"  # its daemon, counted once
    watch = Watch(folder, role, count if role == "receive" else None, has_broker=has_broker)
    (SEND if role == "send" else RECEIVE)[way](address, size, count, watch)
    watch.leave()


def version_of(name: str) -> str:
    """The version of a distribution. RuntimeError: why it cannot be had here."""
    if "BENCH_RIVAL_PYTHON" not in os.environ:
        raise RuntimeError("no $BENCH_RIVAL_PYTHON: scripts/bench hop sets it")
    code = f"import {MODULES[name]}; from importlib.metadata import version; print(version('{name}'))"
    if name == "dora-rs":
        code += "; version('dora-rs-cli')"
    command = [os.environ["BENCH_RIVAL_PYTHON"], "-c", code]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RuntimeError(str(error)) from error
    if done.returncode:
        raise RuntimeError((done.stderr.strip() or f"exit {done.returncode}").splitlines()[-1])
    return done.stdout.strip()


def commands(way: str, folder: str, address: str, size: str, count: int) -> list[list[str]]:
    """What to start for one run, in environment(way); each end leaves its count in the folder."""
    python = os.environ["BENCH_RIVAL_PYTHON"]
    if RIVALS[way] == "dora-rs":
        for role in ("send", "receive"):
            Path(folder, f"{role}.py").write_text(
                f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\nimport hop_rivals\n"
                f"hop_rivals.play({role!r}, {way!r}, {folder!r}, {address!r}, {size!r}, {count})\n"
            )
        Path(folder, "dataflow.yml").write_text(DATAFLOW)
        return [[str(Path(python).with_name("dora")), "run", str(Path(folder, "dataflow.yml"))]]
    roles = ["both"] if way == EZMSG else ["send", "receive"]
    return [[python, __file__, role, way, folder, address, size, str(count)] for role in roles]


def environment(way: str) -> dict[str, str]:
    """Their python first in PATH, and dora-rs looks for no other machine."""
    folder = Path(os.environ["BENCH_RIVAL_PYTHON"]).parent
    given = {"PATH": f"{folder}:{os.environ['PATH']}", "DORA_ZENOH_MULTICAST": "false", "RUST_BACKTRACE": "0"}
    return given | ({"DORA_NODE_SHM_POOL_SIZE": str(512 << 20)} if way == DORA_POOL else {})


if __name__ == "__main__":
    play(*sys.argv[1:6], int(sys.argv[6]))
