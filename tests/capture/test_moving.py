import errno
import os
import shutil
from pathlib import Path

import pytest

from keepframe.capture.moving import free, move


@pytest.fixture
def photo(tmp_path):
    """A file, in a folder of its own."""
    path = tmp_path / "in" / "a.jpg"
    path.parent.mkdir()
    path.write_bytes(b"picture")
    return path


@pytest.fixture
def _two_disks(monkeypatch):
    """What is renamed out of its folder is on another file system."""
    rename = Path.rename

    def across(path, target):
        if path.parent != target.parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link", str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", across)


def there(folder):
    """The files below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_name_that_is_taken_gets_a_number(photo):
    """The first that is free, counted from 2."""
    for number in (2, 3, 5):
        photo.with_name(f"a-{number}.jpg").touch()

    assert free(photo) == photo.with_name("a-4.jpg")
    assert free(photo.with_name("b.jpg")) == photo.with_name("b.jpg")


def test_a_file_gets_another_name(photo, tmp_path):
    """On one disk in one step."""
    move(photo, tmp_path / "b.jpg")

    assert there(tmp_path) == ["b.jpg"]


@pytest.mark.usefixtures("_two_disks")
def test_it_goes_to_another_disk_with_its_time(photo, tmp_path):
    """A picture without EXIF has no other one."""
    os.utime(photo, ns=(1_700_000_000_000_000_000,) * 2)
    move(photo, tmp_path / "b.jpg")

    assert there(tmp_path) == ["b.jpg"]
    assert (tmp_path / "b.jpg").read_bytes() == b"picture"
    assert (tmp_path / "b.jpg").stat().st_mtime_ns == 1_700_000_000_000_000_000


@pytest.mark.usefixtures("_two_disks")
def test_a_disk_that_fills_up_costs_nothing(photo, tmp_path, monkeypatch):
    """The file stays, and half a copy does not take the last room."""

    def half(path, target):
        Path(target).write_bytes(Path(path).read_bytes()[:3])
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    monkeypatch.setattr(shutil, "copy2", half)
    with pytest.raises(OSError, match="No space left"):
        move(photo, tmp_path / "b.jpg")

    assert there(tmp_path) == ["in/a.jpg"]


def test_what_cannot_be_moved_is_an_error(photo, tmp_path):
    """Such as into a folder that is not there."""
    with pytest.raises(FileNotFoundError):
        move(photo, tmp_path / "nowhere" / "b.jpg")

    assert there(tmp_path) == ["in/a.jpg"]
