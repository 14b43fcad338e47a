import errno
from pathlib import Path

import pytest

from keepframe.capture.disposal import Disposal


@pytest.fixture
def settled(tmp_path):
    """A function that reads a file and settles it; what lies in the folder and beside it then."""

    def settle(after, outcome="kept", *, between=lambda path: None, name="a.jpg"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"picture")
        target = tmp_path / "out" if after == "move" else None
        disposal = Disposal(tmp_path / "in", "leave" if target else after, target)
        about = path.stat()
        disposal.remember(name, about.st_size, about.st_mtime_ns)
        between(path)
        disposal.settle(name, outcome)
        return sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.jpg"))

    return settle


def test_a_file_is_left_deleted_or_moved(settled):
    """As it is said; moved with its folders, and never over another one."""
    assert settled("leave") == ["in/a.jpg"]
    assert settled("move") == ["out/a.jpg"]
    assert settled("move") == ["out/a-2.jpg", "out/a.jpg"]
    assert settled("move", name="day/b.jpg") == ["out/a-2.jpg", "out/a.jpg", "out/day/b.jpg"]
    assert settled("delete") == ["out/a-2.jpg", "out/a.jpg", "out/day/b.jpg"]


@pytest.mark.parametrize("outcome", ["rejected", "dropped", "failed"])
def test_one_that_was_not_seen_stays(outcome, settled):
    """Somebody may want to look at it."""
    assert settled("delete", outcome) == ["in/a.jpg"]


def test_one_that_was_written_again_meanwhile_stays(settled):
    """It is another picture, under the same name."""
    assert settled("delete", between=lambda path: path.write_bytes(b"another one")) == ["in/a.jpg"]


def test_one_that_is_gone_is_no_trouble(settled, caplog):
    """Somebody else has taken it."""
    assert settled("delete", between=lambda path: path.unlink()) == []
    assert caplog.records == []


def test_it_moves_to_another_file_system_too(settled, monkeypatch):
    """By a copy that gets its name when it is whole."""
    rename = Path.rename

    def across(path, target):
        if not str(path).endswith(".part"):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", across)

    assert settled("move") == ["out/a.jpg"]


def test_what_cannot_be_done_is_told(settled, monkeypatch, caplog):
    """The run goes on."""

    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    settled("delete")

    assert [record.fields["error"] for record in caplog.records] == ["Permission denied"]
