import contextlib
import errno
import os
import subprocess

import numpy as np
import pytest

from keepframe.archive import Archive
from keepframe.archive.reading import Reader
from keepframe.archive.verify import verify
from keepframe.picture import Picture

FIRST = (0, 1, 77)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 6 MB."""
    if os.geteuid() != 0:
        pytest.skip("a small file system can only be mounted by root")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", place], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"this machine mounts no tmpfs: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", place], check=True)


def fill(archive, item, first):
    """Commit one kept picture of 64 kB after the other until the disk is full; gives the number of the one that failed."""
    noise = np.random.default_rng(3).integers(0, 255, (256, 256), np.uint8)
    for seq in range(first, 200):
        frames = [item(seq, picture=Picture.of(np.roll(noise, seq)))]
        try:
            archive.commit("lobby", FIRST, (0, seq), frames, {"score": {"reference": noise.tobytes()}}, [])
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            return seq
    return pytest.fail("the disk never got full")


def take_the_rest(ballast):
    """Leave not a byte."""
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as rest:
        while rest.write(bytes(4096)):
            pass


def open_often(archive):
    """A session after the other, each of them durable."""
    for attempt in range(2000):
        archive.open("lobby", (0, 1, 100 + attempt), None)


def test_a_full_disk_stops_committing_and_goes_on_when_there_is_room(small_disk, item):
    """Nothing half-written, nothing lost: the same commit is made as soon as space returns."""
    folder, ballast = small_disk / "archive", small_disk / "ballast"
    ballast.write_bytes(bytes(2 << 20))
    with Archive(folder=folder, format="png") as archive:
        archive.open("lobby", FIRST, None)
        stopped = fill(archive, item, 0)
        stopped_again = fill(archive, item, stopped)
        when_full = verify(folder)
        ballast.unlink()
        went_on = fill(archive, item, stopped)
        when_full_again = verify(folder)

    assert stopped == stopped_again > 5
    assert went_on > stopped + 5
    assert when_full.problems == when_full_again.problems == []
    assert when_full.frames == stopped
    assert when_full_again.frames == went_on


def test_an_archive_on_a_full_disk_is_whole_after_a_restart(small_disk, item):
    """Opening it again needs room; with some, everything that was committed is there."""
    folder, ballast = small_disk / "archive", small_disk / "ballast"
    ballast.write_bytes(bytes(1 << 20))
    with Archive(folder=folder, format="png") as archive:
        archive.open("lobby", FIRST, None)
        stopped = fill(archive, item, 0)
        take_the_rest(ballast)
        with pytest.raises(OSError, match="No space"):
            open_often(archive)
    with pytest.raises(OSError, match="No space"):
        Archive(folder=folder).__enter__()
    ballast.unlink()

    with Archive(folder=folder, format="png") as archive:
        assert archive.open("lobby", (0, 2, 0), None).committed == (0, stopped - 1)
    with Reader(folder) as reader:
        assert len(reader.kept()) == stopped
    assert verify(folder).is_sound


def test_an_archive_on_a_read_only_medium_can_be_read(small_disk, item):
    """A card with the write protection on, or a snapshot."""
    with Archive(folder=small_disk) as archive:
        archive.open("lobby", FIRST, None)
        archive.commit("lobby", FIRST, (0, 0), [item(0)], {}, [])
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)

    with Reader(small_disk) as reader:
        assert len(reader.kept()) == 1
    assert verify(small_disk).is_sound
    with pytest.raises(OSError, match="Read-only file system"):
        verify(small_disk, repair=True)
