import os
from pathlib import Path

import pytest

from keepframe.archive import folder as folder_module
from keepframe.archive.folder import Folder, settle

OPEN = Path("/proc/self/fd")


@pytest.fixture
def opened(tmp_path):
    """An open, empty folder."""
    (tmp_path / "root").mkdir()
    opened = Folder(tmp_path / "root")
    yield opened
    opened.close()


@pytest.mark.parametrize("path", ["../x", "a/../../x", "./x", "//x", "/etc/x"])
def test_no_path_leads_out(opened, tmp_path, path):
    """Not to write, not to read, not to look."""
    for call in (lambda: opened.write(path, b"x"), lambda: opened.stat(path), lambda: opened.sha256(path)):
        with pytest.raises(ValueError, match="expected a path inside the archive"):
            call()

    assert list(tmp_path.rglob("x")) == []


def test_a_link_is_followed_nowhere(opened, tmp_path):
    """Neither a folder nor a file."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/file").write_bytes(b"secret")
    (opened.path / "folder").symlink_to(tmp_path / "outside")
    (opened.path / "file").symlink_to(tmp_path / "outside/file")
    (opened.path / "pipe.jpg").mkdir()
    with pytest.raises(OSError):
        opened.write("folder/new", b"x")
    with pytest.raises(OSError):
        opened.write("file", b"x")

    assert opened.sha256("file") is None
    assert opened.sha256("pipe.jpg") is None
    assert "folder/file" not in set(opened.files())
    assert (tmp_path / "outside/file").read_bytes() == b"secret"


def test_a_named_pipe_keeps_nobody_waiting(opened):
    """What is no file has no hash; opening it must not hang."""
    os.mkfifo(opened.path / "x.jpg")

    assert opened.sha256("x.jpg") is None


def test_the_order_is_write_sync_rename_sync(folder, commit, item, monkeypatch):
    """A picture has its name only when its bytes are on the disk, and is booked only when its name is."""
    calls = []
    real_fsync, real_rename = os.fsync, os.rename

    def fsync(fd):
        calls.append("sync folder" if Path(f"/proc/self/fd/{fd}").is_dir() else "sync file")
        real_fsync(fd)

    def rename(*args, **kwargs):
        calls.append("rename")
        real_rename(*args, **kwargs)

    commit(item(0))  # the folders are made
    monkeypatch.setattr(folder_module.os, "fsync", fsync)
    monkeypatch.setattr(folder_module.os, "rename", rename)
    commit(item(1), item(2))

    assert calls == ["sync file", "sync file", "rename", "rename", "sync folder"]


def test_a_file_is_never_written_over(opened):
    """A name that is taken is an error."""
    settle(opened.write("a", b"1"))
    with pytest.raises(FileExistsError):
        opened.write("a", b"2")

    assert (opened.path / "a").read_bytes() == b"1"


def test_a_large_file_is_written_whole(opened):
    """One call of the system may take less than all."""
    data = os.urandom(3 << 20)
    settle(opened.write("a", data))

    assert (opened.path / "a").read_bytes() == data


def test_an_archive_leaves_no_descriptor_open(folder, item):
    """A process opens archives for months."""
    from keepframe.archive import Archive
    from keepframe.archive.verify import verify

    def work():
        with Archive(folder=folder) as archive:
            epoch = (0, archive.newest("lobby")[1] + 1, 0)
            at = archive.open("lobby", epoch, None).committed[1] + 1
            archive.commit("lobby", epoch, (0, at), [item(at)], {}, [])
        verify(folder, repair=True)

    work()
    before = len(list(OPEN.iterdir()))
    for _ in range(3):
        work()

    assert len(list(OPEN.iterdir())) == before
