"""The process that others are forked from: what a forked one finds, and that nothing of the server's is left in it."""

import errno
import json
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from keepframe.run import fork_server
from keepframe.run.fork_server import ForkServer, be_called, die_with_parent

BE_CALLED = """
import sys
from pathlib import Path
from keepframe.run.fork_server import be_called
be_called(sys.argv[1].split("|"))
print(Path("/proc/self/cmdline").read_bytes().rstrip(b"\\0").decode().replace("\\0", "|"))
print(b"KEEPFRAME_HERE=yes" in Path("/proc/self/environ").read_bytes().split(b"\\0"))
"""
IMPORTED = """
import os, socket, sys, threading
from keepframe.run import fork_server
seen = []
class Looks:
    def __init__(self, line):
        pass
    def serve(self):
        seen.extend(sorted({name.split(".")[1] for name in sys.modules if name.startswith("keepframe.")}))
fork_server.ForkServer = Looks
code = fork_server.main("pipeline.toml", sys.argv[1], "synthetic", "mine:frames")
print(code, threading.active_count(), "keepframe.capture.synthetic_camera" in sys.modules, "av" in sys.modules, *seen)
"""

FORKED = """
import sys
from keepframe.run import child, fork_server
class Forked:
    def __init__(self, line):
        pass
    def serve(self):
        return ["pipeline.toml", "score.0", "--control=7"]
fork_server.ForkServer = Forked
child.main = lambda arguments: print(arguments == sys.argv[1:], *sys.argv[1:])
fork_server.main("pipeline.toml", sys.argv[1])
"""


def said(script, *arguments, **more):
    """What a Python process that runs a script has said, line by line."""
    return subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True, **more
    ).stdout.splitlines()


def open_files():
    """How many descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("python|-m|keepframe.run|pipeline.toml|score.0", "python|-m|keepframe.run|pipeline.toml|score.0"),
        ("kurz", "kurz"),
        ("Tür|🚪", "Tür|🚪"),
    ],
)
def test_a_process_is_called_what_it_is(words, shown):
    """In what `ps` shows of it; what it was given as its environment stands."""
    environment = {**os.environ, "KEEPFRAME_HERE": "yes"}

    assert said(BE_CALLED, words, " " * 40, env=environment) == [shown, "True"]


def test_a_name_that_is_too_long_is_cut_off():
    """There is no more room than the old command line took."""
    (cmdline, stands) = said(BE_CALLED, "x" * 4000 + "|y", env={**os.environ, "KEEPFRAME_HERE": "yes"})
    longer = said(BE_CALLED.replace('sys.argv[1].split("|")', '["x" * 100_000]'), "")

    assert cmdline == "x" * 4000 + "|y"
    assert stands == "True"
    assert 0 < len(longer[0]) < 1000


def test_without_a_proc_a_process_keeps_the_name_that_it_has(monkeypatch):
    """It is no reason not to run."""

    def read_text(_path):
        raise FileNotFoundError(errno.ENOENT, "no /proc here")

    monkeypatch.setattr(fork_server.Path, "read_text", read_text)

    assert be_called(["score.0"]) is None


def test_everything_that_children_need_is_imported_and_nothing_of_the_users():
    """All rooms that a process works in, and of the sources the built-in ones that were named; no thread is begun."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ((told),) = said(IMPORTED, str(theirs.fileno()), pass_fds=[theirs.fileno()])
    code, threads, has_source, has_decoder, *rooms = told.split()

    assert (code, threads) == ("130", "1")
    assert (has_source, has_decoder) == ("True", "False")
    assert {"archive", "capture", "metrics", "preprocess", "run", "score", "wire"} <= set(rooms)


def test_a_forked_process_has_the_arguments_of_one_that_was_begun():
    """Also for what it imports or starts itself and looks at them."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        told = said(FORKED, str(theirs.fileno()), pass_fds=[theirs.fileno()])

    assert told == ["True pipeline.toml score.0 --control=7"]


def test_a_system_without_room_for_a_process_is_told(monkeypatch):
    """The error is passed on; what was given for the child is let go of, and the next request begins anew."""

    def fork():
        raise OSError(errno.EAGAIN, "no room")

    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    number = signal.getsignal(signal.SIGCHLD)
    before = open_files()
    with ours, theirs:
        server = ForkServer(theirs)
        monkeypatch.setattr(fork_server.os, "fork", fork)
        socket.send_fds(ours, [json.dumps({"options": ["--hand="]}).encode()], [0])
        ours.send(json.dumps({"arguments": [], "reads_stdin": False}).encode())
        ours.shutdown(socket.SHUT_WR)
        try:
            arguments = server.serve()
        finally:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, number)
        told = json.loads(ours.recv(1000))
        left = open_files() - before
        os.close(server._woken)
        os.close(server._waking)

    assert arguments is None
    assert told == {"failed": errno.EAGAIN}
    assert left == 2


def test_a_supervisor_that_left_without_reading_is_the_end_too():
    """As one that has read everything: no error of its own."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    number = signal.getsignal(signal.SIGCHLD)
    with ours, theirs:
        theirs.send(b"{}")
        ours.close()
        server = ForkServer(theirs)
        try:
            arguments = server.serve()
        finally:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, number)
            os.close(server._woken)
            os.close(server._waking)

    assert arguments is None


def test_it_dies_with_its_parent():
    """Even if that one is killed: a grandchild of this test ends when its parent does."""
    ours, theirs = os.pipe()
    asked, tell = os.pipe()
    parent = os.fork()
    if parent == 0:
        if os.fork() == 0:
            os.close(ours)
            die_with_parent()
            os.write(tell, b"x")
            signal.pause()
            os._exit(0)
        os.read(asked, 1)
        os.kill(os.getpid(), signal.SIGKILL)
    os.close(theirs)
    os.waitpid(parent, 0)
    ended, _, _ = select.select([ours], [], [], 10)

    assert ended
    assert os.read(ours, 1) == b""
    for fd in (ours, asked, tell):
        os.close(fd)
