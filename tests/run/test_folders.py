import fcntl
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from keepframe.run.folders import clear, clear_all, hold, runtime_folder, runtime_folders

PIPELINE, ARCHIVE = Path("/home/a/pipeline.toml"), Path("/home/a/archive")
HOLD = """
import os, sys, time
from pathlib import Path
from keepframe.run.folders import hold
hold(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def held(sockets):
    """Make the folder and hold it; let go of in the end."""
    fds = []

    def make():
        folder = runtime_folder(PIPELINE, ARCHIVE)
        fds.append(hold(folder))
        return folder, fds[-1]

    yield make
    for fd in fds:
        os.close(fd)


def test_the_folder_is_private_and_the_same_for_whoever_asks(sockets, held):
    """A second process finds the first by the same pipeline and archive; another archive is another folder."""
    folder, _ = held()

    assert folder == runtime_folder(Path("/home/a/x/../pipeline.toml"), ARCHIVE)
    assert folder != runtime_folder(PIPELINE, ARCHIVE, ["score"])
    assert folder != runtime_folder(PIPELINE, Path("/home/a/other"))
    assert folder.parent == sockets
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("given", [None, ""])
def test_without_a_folder_of_the_user_s_it_lies_in_a_private_one_below_the_temporary_folder(
    given, short, monkeypatch, held
):
    """Unset and empty are the same."""
    monkeypatch.setattr(tempfile, "tempdir", str(short))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    if given is not None:
        monkeypatch.setenv("XDG_RUNTIME_DIR", given)

    folder, _ = held()

    assert folder.parent == short / f"keepframe-{os.getuid()}"
    assert {stat.S_IMODE(f.stat().st_mode) for f in (folder, folder.parent)} == {0o700}


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
@pytest.mark.parametrize("is_below", [False, True])
def test_a_folder_that_others_can_enter_is_refused(mode, is_below, short, monkeypatch, held):
    """Whoever can reach the sockets can read the pictures; the shared folder above counts as well."""
    monkeypatch.setattr(tempfile, "tempdir", str(short))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    folder, _ = held()
    (folder if is_below else folder.parent).chmod(mode)

    with pytest.raises(
        PermissionError, match=rf"expected a folder of uid {os.getuid()} with mode 0700; remove it or"
    ):
        runtime_folder(PIPELINE, ARCHIVE)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_s_is_refused(sockets, held):
    """Made by another user before this one came."""
    folder, _ = held()
    os.chown(folder, 12345, 12345)

    with pytest.raises(PermissionError, match="expected a folder of uid 0"):
        runtime_folder(PIPELINE, ARCHIVE)


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_folder_is_refused(kind, sockets, held):
    """A link could lead anywhere."""
    folder, _ = held()
    folder.rmdir()
    if kind == "file":
        folder.write_text("")
    else:
        (sockets / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(sockets / "elsewhere")

    with pytest.raises(PermissionError, match="expected a folder"):
        runtime_folder(PIPELINE, ARCHIVE)


def test_a_user_s_folder_that_is_not_there_is_said(monkeypatch):
    """As after `su`, in a container or in cron."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/4321")

    with pytest.raises(
        FileNotFoundError, match=r"/run/user/4321: no such folder; set XDG_RUNTIME_DIR to one that is"
    ):
        runtime_folder(PIPELINE, ARCHIVE)


def test_a_path_too_long_for_sockets_is_said_before_anything_is_made(short, monkeypatch):
    """With the limit, and what to do."""
    deep = short / ("x" * 60)
    deep.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))

    with pytest.raises(
        ValueError, match=r"too long for the sockets in it, expected at most 74 bytes; set XDG_RUNTIME_DIR"
    ):
        runtime_folder(PIPELINE, ARCHIVE)
    assert not list(deep.iterdir())


def test_looking_makes_nothing(short, monkeypatch):
    """Neither the folder, nor the one of this user above it; whoever looks finds no run."""
    monkeypatch.setattr(tempfile, "tempdir", str(short))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    folder, found = runtime_folder(PIPELINE, ARCHIVE), runtime_folders()

    assert not folder.exists()
    assert found == []
    assert list(short.iterdir()) == []


def leave(folder, *names):
    """What processes leave that were killed: a socket each, and its lock."""
    for name in names:
        with socket.socket(socket.AF_UNIX) as line:
            line.bind(str(folder / name))
        (folder / f"{name}.lock").touch()


@pytest.fixture
def other(sockets):
    """Another process that holds a folder, with a socket in it."""
    folder = runtime_folder(PIPELINE, ARCHIVE)
    process = subprocess.Popen([sys.executable, "-c", HOLD, folder], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    leave(folder, "supervisor", "score.0")
    process.folder = folder
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.parametrize("number", [None, signal.SIGSTOP])
def test_the_folder_of_one_that_lives_is_left_alone(other, number):
    """Whether it answers or not."""
    if number is not None:
        os.kill(other.pid, number)
    before = sorted(other.folder.iterdir())
    clear_all()

    assert not clear(other.folder)
    assert sorted(other.folder.iterdir()) == before


def test_the_folder_of_one_that_was_killed_is_cleared_away(other):
    """With its sockets and locks; nothing else is touched."""
    (other.folder.parent / "keepframe-0123456789ab.txt").touch()
    other.kill()
    other.wait()
    clear_all()

    assert not other.folder.exists()
    assert [path.name for path in other.folder.parent.iterdir()] == ["keepframe-0123456789ab.txt"]


def test_one_of_several_that_hold_it_is_enough(held):
    """Each process of a run does; the last one's end counts."""
    folder, first = held()
    _, second = held()
    cleared = [clear(folder)]
    fcntl.flock(first, fcntl.LOCK_UN)
    cleared.append(clear(folder))
    fcntl.flock(second, fcntl.LOCK_UN)

    assert [*cleared, clear(folder)] == [False, False, True]


def test_what_holds_one_of_its_locks_lives(held):
    """As a run of an older version does, which does not hold the folder itself."""
    folder, fd = held()
    leave(folder, "supervisor", "score.0")
    fcntl.flock(fd, fcntl.LOCK_UN)
    with (folder / "score.0.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        cleared = clear(folder)
        names = {path.name for path in folder.iterdir()}

    assert not cleared
    assert names == {"supervisor", "supervisor.lock", "score.0", "score.0.lock"}
    assert clear(folder)


@pytest.mark.parametrize("name", ["keepframe-notes", "keepframe-0123456789abc", "keepframe-0123456789AB"])
def test_a_folder_of_another_name_is_none_of_ours(sockets, name):
    """A temporary folder may hold whatever begins like ours."""
    (sockets / name).mkdir(mode=0o700)
    clear_all()

    assert runtime_folders() == []
    assert (sockets / name).is_dir()


def test_nothing_but_sockets_and_locks_is_removed(held):
    """A file of somebody's own, and a folder, keep it there."""
    folder, fd = held()
    leave(folder, "score.0")
    (folder / "mine.txt").write_text("of worth")
    (folder / "more").mkdir()
    fcntl.flock(fd, fcntl.LOCK_UN)

    assert not clear(folder)
    assert {path.name for path in folder.iterdir()} == {"mine.txt", "more"}
    assert (folder / "mine.txt").read_text() == "of worth"


def test_a_link_to_a_folder_is_not_followed(sockets):
    """Wherever it leads."""
    (sockets / "elsewhere").mkdir(mode=0o700)
    leave(sockets / "elsewhere", "score.0")
    link = sockets / "keepframe-0123456789ab"
    link.symlink_to(sockets / "elsewhere")

    assert not clear(link)
    assert len(list((sockets / "elsewhere").iterdir())) == 2


def test_what_is_held_is_there_however_often_it_is_cleared_away(sockets):
    """Several begin and end while others clear away: nobody ever holds a folder that is gone."""
    folder, is_over, lost = runtime_folder(PIPELINE, ARCHIVE), threading.Event(), []

    def clear_away():
        while not is_over.is_set():
            clear(folder)

    def come_and_go():
        for number in range(300):
            fd = hold(folder)
            try:
                (folder / f"{threading.get_ident()}-{number}.lock").touch()
                if not os.path.samestat(folder.lstat(), os.fstat(fd)):
                    lost.append("another")
            except FileNotFoundError:
                lost.append("gone")
            os.close(fd)

    clearing = [threading.Thread(target=clear_away) for _ in range(2)]
    coming = [threading.Thread(target=come_and_go) for _ in range(2)]
    for thread in (*clearing, *coming):
        thread.start()
    for thread in coming:
        thread.join()
    is_over.set()
    for thread in clearing:
        thread.join()

    assert lost == []
