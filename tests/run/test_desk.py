import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest

from keepframe.errors import ArchiveLockedError
from keepframe.run.desk import NAME, Desk, ask, status_of
from keepframe.run.folders import hold
from keepframe.run.life import Child

HOLD = """
import asyncio, sys
from pathlib import Path
from types import SimpleNamespace
from keepframe.run.desk import Desk
async def main():
    await Desk(SimpleNamespace(children={}), Path(sys.argv[1])).open()
    print("open", flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


class Run:
    """A run that notes its orders."""

    def __init__(self):
        self.pipeline = SimpleNamespace(path="/a/pipeline.toml", archive_folder="/a/archive")
        self.children = {"score.0": Child("score.0", status={"waiting": 3})}
        self.scaled = []

    def scale(self, stage, replicas):
        if stage != "score":
            raise LookupError(f"no stage named {stage!r}; known: score")
        if replicas < 1:
            raise ValueError(f"score: expected at least 1 replica, got {replicas}")
        self.scaled.append((stage, replicas))


@pytest.fixture
async def run(short):
    """A run with an open desk in a folder of its own."""
    run = Run()
    run.folder = short / "desk"
    desk = Desk(run, run.folder)
    await desk.open()
    yield run
    await desk.close()


async def answer(folder, *lines):
    """What the desk answers to lines of raw bytes, as long as it does."""
    reader, writer = await asyncio.open_unix_connection(folder / NAME)
    writer.write(b"".join(lines))
    writer.write_eof()
    answers = [json.loads(text) async for text in reader]
    writer.close()
    return answers


async def asked(folder, order):
    """Ask as another process does, which waits for the answer."""
    return await asyncio.to_thread(ask, folder, order)


async def test_it_tells_the_status(run):
    """Of every process, and which run it is."""
    told = await asked(run.folder, {"do": "status"})

    assert (told["pipeline"], told["archive"]) == ("/a/pipeline.toml", "/a/archive")
    assert [(p["stage"], p["replica"], p["waiting"]) for p in told["processes"]] == [("score", "0", 3)]


async def test_an_order_is_carried_out_and_answered_with_the_status(run):
    """Scaling is the only one."""
    told = await asked(run.folder, {"do": "scale", "stage": "score", "replicas": 3})

    assert run.scaled == [("score", 3)]
    assert told["processes"]


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"do": "scale", "stage": "scoer", "replicas": 2}, "no stage named 'scoer'; known: score"),
        ({"do": "scale", "stage": "score", "replicas": 0}, "expected at least 1 replica, got 0"),
        ({"do": "scale", "stage": "score", "replicas": None}, "unknown order"),
        ({"do": "scale", "stage": "score"}, "unknown order"),
        ({"do": "dance"}, "unknown order {'do': 'dance'}; known: "),
        ({}, "unknown order"),
    ],
)
async def test_an_order_that_cannot_be_is_refused_with_the_reason(run, order, words):
    """And nothing is done."""
    with pytest.raises(ValueError) as caught:
        await asked(run.folder, order)

    assert words in str(caught.value)
    assert run.scaled == []


@pytest.mark.parametrize("line", [b"[]\n", b"null\n", b"7\n", b"hello\n", b"\xff\xfe\n", b"\n"])
async def test_what_is_no_order_is_refused_and_the_next_one_is_answered(run, line):
    """The conversation goes on."""
    answers = await answer(run.folder, line, b'{"do": "status"}\n')

    assert "unknown order" in answers[0]["error"]
    assert answers[1]["processes"]


async def test_a_line_without_end_ends_that_conversation_alone(run):
    """Nothing grows without limit."""
    assert await answer(run.folder, b"x" * 200_000) == []
    assert (await asked(run.folder, {"do": "status"}))["processes"]


async def test_one_who_leaves_before_the_answer_disturbs_nobody(run):
    """Others are answered."""
    line = socket.socket(socket.AF_UNIX)
    line.connect(str(run.folder / NAME))
    line.sendall(b'{"do": "status"}\n')
    line.close()

    assert (await asked(run.folder, {"do": "status"}))["processes"]


async def test_a_second_run_is_refused_and_the_first_goes_on(run):
    """Nothing of the first one's folder is touched."""
    second = Desk(Run(), run.folder)

    with pytest.raises(
        ArchiveLockedError, match="running already, into the same archive; end that run first"
    ):
        await second.open()
    await second.close()
    assert (await asked(run.folder, {"do": "status"}))["processes"]


@pytest.fixture
def other(short):
    """Another process that has opened the desk in a folder; it is killed in the end."""
    folder = short / "desk"
    process = subprocess.Popen([sys.executable, "-c", HOLD, folder], stdout=subprocess.PIPE, text=True)
    process.folder = folder
    assert process.stdout.readline() == "open\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


async def test_a_run_that_is_stopped_or_busy_still_counts(other):
    """It does not answer, and it has not ended."""
    os.kill(other.pid, signal.SIGSTOP)

    with pytest.raises(ArchiveLockedError):
        await Desk(Run(), other.folder).open()


async def test_the_socket_of_a_killed_run_is_replaced(other):
    """Nothing has to be cleared away by hand."""
    other.kill()
    other.wait()
    is_left = (other.folder / NAME).exists()
    desk = Desk(Run(), other.folder)
    await desk.open()

    assert is_left
    assert (await asked(other.folder, {"do": "status"}))["processes"]
    await desk.close()


async def test_a_folder_that_somebody_else_holds_stays(short):
    """A stage that was started by hand, which finds its neighbours there."""
    desk = Desk(Run(), short / "desk")
    await desk.open()
    held = hold(short / "desk")
    await desk.close()
    is_there = (short / "desk").is_dir()
    os.close(held)

    assert is_there


async def test_closing_takes_the_folder_away(short):
    """With what the processes have left in it; after that nobody answers, and the next run can begin."""
    folder = short / "desk"
    desk = Desk(Run(), folder)
    await desk.open()
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(str(folder / "score.0"))
    (folder / "score.0.lock").touch()
    await desk.close()
    is_gone = not folder.exists()

    with pytest.raises(FileNotFoundError):
        ask(folder, {"do": "status"})
    assert is_gone


def test_asking_where_nothing_runs_is_an_error(short):
    """No folder, and a socket that nobody listens on."""
    with pytest.raises(FileNotFoundError):
        ask(short, {"do": "status"})
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(str(short / NAME))
    with pytest.raises(ConnectionRefusedError):
        ask(short, {"do": "status"})


async def test_a_run_that_ends_before_it_answers_is_an_error(short):
    """Not an answer without content."""

    async def hang_up(reader, writer):
        await reader.readline()
        writer.close()

    async with await asyncio.start_unix_server(hang_up, short / NAME):
        with pytest.raises(ConnectionResetError, match="ended before it had answered"):
            await asked(short, {"do": "status"})


def test_the_status_says_what_top_shows():
    """Each process with its state, load and trouble; each camera with its frames by outcome, over all lives."""
    archive = Child(
        "archive.0", is_ready=True, restarts=2,
        status={"waiting": 4, "in_hand_s": 1.5, "trouble": "no room", "refused": ["a runs another"], "missing": [{"who": who} for who in ("score.0", "capture.yard")]},
    )  # fmt: skip
    capture = Child("capture.front-door", status={"settled": {"kept": 2, "end": 1}, "in_flight": 5})
    capture.begin_life()
    capture.update({"settled": {"kept": 1, "unchanged": 1}, "in_flight": 7})

    told = status_of([archive, capture, Child("capture.yard", is_done=True)])

    assert told["cameras"] == {"front-door": {"kept": 3, "unchanged": 1}, "yard": {}}
    assert told["processes"][0] == {
        "pid": None, "stage": "archive", "replica": "0", "state": "restarting", "frames_per_s": 0.0, "waiting": 4,
        "in_flight": 0, "restarts": 2, "in_hand_s": 1.5, "oldest": None, "oldest_s": 0.0, "rss_mb": 0,
        "trouble": "no room; a runs another", "missing": [{"who": "score.0"}],
    }  # fmt: skip
    assert (told["processes"][1]["replica"], told["processes"][1]["in_flight"]) == ("front-door", 7)
