import json
import os
from pathlib import Path

import pytest

from keepframe.run.control import Control, pair, parse


@pytest.fixture
def line():
    """The supervisor's end, and a child's control on the other."""
    ours, fd = pair()
    theirs = Control(fd)
    yield ours, theirs
    ours.close()
    theirs._socket.close()


def read(control):
    """The commands that have come."""
    commands = []
    control.read(commands.append)
    return commands


def test_what_a_child_tells_comes_as_one_line(line):
    """An event with its values, as JSON."""
    ours, control = line
    control.tell("status", frames=3, trouble="no room\nat all")

    told = ours.recv(1000)

    assert told.count(b"\n") == 1
    assert json.loads(told) == {"event": "status", "frames": 3, "trouble": "no room\nat all"}


def test_commands_are_taken_one_by_one_however_they_arrive(line):
    """Two in one piece, one in three pieces."""
    ours, control = line
    ours.send(b'{"do": "drain"}\n{"do": "for')
    first = read(control)
    ours.send(b'get", "name"')
    second = read(control)
    ours.send(b': "score.0"}\n')

    assert (first, second) == ([{"do": "drain"}], [])
    assert read(control) == [{"do": "forget", "name": "score.0"}]


@pytest.mark.parametrize("garbage", [b"", b"{", b"[1]", b"null", b'"drain"', b"\xff\xfe", b'{"do": }'])
def test_what_is_no_command_is_passed_over(line, garbage):
    """One bad line does not end a process, and the next line counts."""
    ours, control = line
    ours.send(garbage + b'\n{"do": "drain"}\n')

    assert read(control) == [{"do": "drain"}]
    assert parse(garbage) is None


def test_nothing_to_read_is_no_news(line):
    """Asked too early, it neither waits nor takes its supervisor for dead."""
    _, control = line

    assert read(control) == []
    assert not control.is_orphan


@pytest.mark.parametrize("is_reset", [False, True])
def test_a_closed_end_makes_an_orphan(line, is_reset):
    """The supervisor is gone, in order or with something unread."""
    ours, control = line
    if is_reset:
        control.tell("ready")  # unread at the close, so the kernel reports a reset
    ours.close()

    assert read(control) == []
    assert control.is_orphan


def test_telling_one_that_is_gone_is_no_error(line):
    """It is only news."""
    ours, control = line
    ours.close()
    control.tell("status", frames=1)

    assert read(control) == []
    assert control.is_orphan


def test_a_full_line_loses_news_but_tears_none(line):
    """A supervisor that does not read for a while finds whole lines, and hears again after that."""
    ours, control = line
    for number in range(2000):
        control.tell("status", frames=number, filler="x" * 997)
    ours.setblocking(False)
    told, numbers = b"", []
    while True:
        try:
            told += ours.recv(1 << 20)
        except BlockingIOError:
            break
        control.tell("status", frames=-1)
        if told.count(b"\n") and json.loads(told.splitlines()[-1])["frames"] == -1:
            break
    numbers = [json.loads(text)["frames"] for text in told.splitlines()]

    assert numbers[:-1] == list(range(len(numbers) - 1))
    assert 10 < len(numbers) < 2000
    assert numbers[-1] == -1


def test_a_child_without_a_supervisor_says_and_hears_nothing():
    """Started by hand: no line, no waiting, no orphan."""
    control = Control(None)
    control.tell("ready")

    assert control.fd is None
    assert read(control) == []
    assert not control.is_orphan


def test_neither_end_reaches_a_program_that_somebody_starts():
    """It would hold the line open."""
    ours, fd = pair()
    control = Control(fd)

    assert (os.get_inheritable(fd), ours.get_inheritable()) == (False, False)
    assert control.fd == fd
    control._socket.close()
    ours.close()


def test_a_number_that_is_no_socket_is_an_error():
    """Said at the start, with the number's fault."""
    with Path(os.devnull).open() as file, pytest.raises(OSError, match="socket"):
        Control(file.fileno())
