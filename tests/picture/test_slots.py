"""A store of pictures as its readers have it, and what becomes of it when processes are killed."""

import gc
import mmap
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from keepframe.errors import StalePictureError
from keepframe.picture import Inline, Picture
from keepframe.picture.owned_slots import OwnedSlots
from keepframe.picture.slots import Slots, read_only


def told(reader, slot):
    """The handle as another process makes it of what it was told."""
    return reader.slot(slot.index, slot.generation, slot.nbytes)


def test_a_reader_sees_what_the_owner_has_put(owner, reader):
    """The same bytes, without a copy."""
    handle = told(reader, owner.put(b"pixels"))

    assert (bytes(handle.data()), handle.nbytes, handle.is_lasting) == (b"pixels", 6, False)


def test_a_reader_cannot_write(owner, reader):
    """Neither into what it was given nor by making a view of its own."""
    data = told(reader, owner.put(b"pixels")).data()

    with pytest.raises(TypeError):
        data[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        np.frombuffer(data, np.uint8)[0] = 1
    assert not np.frombuffer(data, np.uint8).flags.writeable


def test_a_readers_file_descriptor_cannot_be_mapped_for_writing(fd):
    """What a reading process inherits is read-only itself."""
    readers_fd = read_only(fd)

    with pytest.raises(PermissionError):
        mmap.mmap(readers_fd, 0)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.pwrite(readers_fd, b"x", 0)
    with pytest.raises(PermissionError):
        OwnedSlots(readers_fd)
    os.close(readers_fd)


def test_not_even_the_owner_writes_through_a_handle(owner):
    """What a picture shows is decided before it is closed."""
    with pytest.raises(TypeError):
        owner.put(b"pixels").data()[0] = 1


def test_a_picture_that_was_let_go_is_refused(owner, reader):
    """Also when another stands in its place, and by a check after reading."""
    handle = told(reader, owner.put(b"before"))
    handle.data()
    owner.free(handle)
    owner.put(b"behind")

    with pytest.raises(StalePictureError, match="let go"):
        handle.data()
    with pytest.raises(StalePictureError, match=r"copy frame\.image"):
        handle.check()


def test_a_generation_that_was_never_there_is_refused(owner, reader):
    """A descriptor that somebody has made up shows nothing."""
    slot = owner.put(b"pixels")

    with pytest.raises(StalePictureError):
        reader.slot(slot.index, slot.generation + 1, 6).data()


def test_another_size_than_the_pictures_is_refused(owner, reader):
    """Nobody reads into the next picture."""
    slot = owner.put(b"pixels")

    with pytest.raises(StalePictureError, match="expected 7 bytes, got 6"):
        reader.slot(slot.index, slot.generation, 7).data()


@pytest.mark.parametrize("wrong", [(8, 1, 1), (-1, 1, 1), (0, 0, 1), (0, 1, 0), (0, 1, 1 << 40)], ids=str)
def test_a_slot_that_cannot_be_is_refused(reader, wrong):
    """Index, generation and size are checked before anything is read."""
    with pytest.raises(ValueError, match="got slot"):
        reader.slot(*wrong)


def test_a_picture_of_a_slot_gives_what_an_inline_one_gives(owner, photo):
    """In every format the same gray, colour and files."""
    photo = photo[:64, :96]
    bgr = Picture.of(photo)
    height, width = photo.shape[:2]
    flat = np.resize(photo, height * width * 3 // 2)
    pictures = [
        bgr,
        Picture.of(bgr.gray()),
        Picture.of_jpeg(bgr.jpeg()),
        Picture("yuv420", height, width, Inline(flat.data)),
        Picture("yuv420", height, width, Inline(flat.data), is_full_range=False, matrix="bt709"),
    ]
    for inline in pictures:
        slot = owner.put(inline.handle.data())
        assert slot is not None
        shared = Picture(inline.format, height, width, slot, inline.is_full_range, inline.matrix)

        for shrink in (1, 2, 8):
            np.testing.assert_array_equal(shared.gray(shrink), inline.gray(shrink))
        np.testing.assert_array_equal(shared.bgr(), inline.bgr())
        assert (shared.jpeg(), shared.png()) == (inline.jpeg(), inline.png())


def test_an_image_outlives_its_slot(owner):
    """A stage that keeps what it was given for a reference never sees it change."""
    pixels = np.arange(12, dtype=np.uint8)
    gray, bgr, luma = (
        Picture("gray", 3, 4, owner.put(pixels.data)),
        Picture("bgr", 2, 2, owner.put(pixels.data)),
        Picture("yuv420", 2, 4, owner.put(pixels.data)),
    )
    images = gray.gray(), bgr.bgr(), luma.gray()
    for picture in (gray, bgr, luma):
        owner.free(picture.handle)
        owner.put(bytes(12))

    assert [image.ravel().tolist() for image in images] == [[*range(12)], [*range(12)], [*range(8)]]
    assert not any(image.flags.writeable for image in images)


def test_a_picture_that_is_let_go_while_it_is_read_is_no_picture(owner, monkeypatch):
    """What was read in between may be half of another one; a damaged file is not taken for the camera's fault."""
    real = Slots.data

    def data(self, slot):
        view = real(self, slot)
        owner.free(slot)
        owner.put(bytes(slot.nbytes))
        return view

    jpeg = Picture.of(np.eye(32, dtype=np.uint8) * 200).jpeg()
    slots = [owner.put(jpeg), owner.put(jpeg), owner.put(bytes(range(12)))]
    monkeypatch.setattr(OwnedSlots, "data", data)

    with pytest.raises(StalePictureError):
        Picture("jpeg", 32, 32, slots[0]).gray()
    with pytest.raises(StalePictureError):
        Picture("jpeg", 32, 32, slots[1]).jpeg()
    with pytest.raises(StalePictureError):
        Picture("gray", 3, 4, slots[2]).gray()


@pytest.mark.parametrize(("nbytes", "pictures"), [(0, 1), (-1, 1), (1 << 50, 1), (1, 0), (1, 1 << 30)])
def test_sizes_out_of_range_are_refused(nbytes, pictures):
    """Before any memory is asked for."""
    with pytest.raises(ValueError, match="picture store: expected"):
        Slots.create(nbytes, pictures)


def test_what_is_no_store_is_refused(tmp_path):
    """A file, a memory that can shrink, one that holds something else."""
    file = tmp_path / "file"
    file.write_bytes(bytes(1 << 20))
    with file.open("r+b") as opened, pytest.raises(ValueError, match="is none"):
        Slots(opened.fileno())
    shrinking = os.memfd_create("test", os.MFD_ALLOW_SEALING)
    os.ftruncate(shrinking, 1 << 20)
    with pytest.raises(ValueError, match="can become fewer"):
        Slots(shrinking)
    os.close(shrinking)
    other = Slots.create(1000)
    os.pwrite(other, b"other", 0)
    with pytest.raises(ValueError, match="none of this version"):
        Slots(other)
    os.close(other)


def test_a_store_cannot_be_made_shorter(fd):
    """A reader that touches a page that is gone would be killed."""
    with pytest.raises(PermissionError):
        os.ftruncate(fd, 4096)


def test_two_stores_are_told_apart(fd):
    """A descriptor names its store by a number that nobody else has."""
    other = Slots.create(1000)

    assert Slots(fd).id != Slots(other).id
    os.close(other)


def test_nothing_is_left_when_the_last_file_descriptor_is_closed():
    """No name, so nothing to clean up."""
    fd = Slots.create(1 << 20)
    owner, inode = OwnedSlots(fd), os.fstat(fd).st_ino
    owner.put(b"pixels")
    os.close(fd)
    assert inode in _mapped_inodes()
    del owner
    gc.collect()

    assert inode not in _mapped_inodes()


def _mapped_inodes():
    return {int(line.split()[4]) for line in Path("/proc/self/maps").read_text().splitlines()}


KILLS = """
import os, random, signal, sys, time
from pathlib import Path
from keepframe.errors import StalePictureError
from keepframe.picture.owned_slots import OwnedSlots
from keepframe.picture.slots import Slots, read_only

SIZES = (100, 40_000, 300_000)
fd = Slots.create(2_000_000, 16)
readers_fd = read_only(fd)
random.seed(int(sys.argv[1]))

def write():
    owner = OwnedSlots(fd)
    held = [slot for slot, _ in owner.left()]
    while True:
        while len(held) > 4:
            owner.free(held.pop(0))
        slot = owner.space(random.choice(SIZES))
        word = bytes([slot._slot.generation % 251])
        for start in range(0, len(slot.view), 10_000):
            piece = slot.view[start : start + 10_000]
            piece[:] = word * len(piece)
        held.append(slot.close())

def read():
    reader = Slots(readers_fd)
    while True:
        index = random.randrange(reader.count)
        stamp, _, nbytes, _ = reader._rows[4 * index : 4 * index + 4]
        if stamp % 4 != 2:
            continue
        try:
            slot = reader.slot(index, stamp // 4, nbytes)
            data = bytes(slot.data())
            slot.check()
        except (StalePictureError, ValueError):
            continue
        if data != bytes([stamp // 4 % 251]) * nbytes:
            os._exit(3)

def forked(work):
    pid = os.fork()
    if not pid:
        try:
            work()
        finally:
            os._exit(4)
    return pid

torn = filled = 0
for _ in range(200):
    pids = [forked(write), forked(read)]
    time.sleep(random.uniform(0.002, 0.02))
    for pid in random.sample(pids, 2):
        os.kill(pid, signal.SIGKILL)
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    torn += codes != [-9, -9]
    owner = OwnedSlots(fd)
    for slot, _ in owner.left():
        filled += 1
        torn += bytes(slot.data()) != bytes([slot.generation % 251]) * slot.nbytes
    torn += sum(1 for i in range(owner.count) if owner._rows[4 * i] % 4 == 1)
for slot, _ in owner.left():
    owner.free(slot)
print(torn, filled > 200, owner.used_bytes)
del owner, slot
os.close(fd), os.close(readers_fd)
print(sum("keepframe-pictures" in line for line in Path("/proc/self/maps").read_text().splitlines()))
print(sum("keepframe-pictures" in os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{n}")))
print(len(list(Path("/dev/shm").glob("*keepframe*"))))
"""


@pytest.mark.slow
def test_two_hundred_kills_leave_nothing_torn_and_nothing_behind():
    """Writer and reader are killed with -9 at any moment: every picture that is seen is whole, and the memory goes away."""
    done = subprocess.run(
        [sys.executable, "-c", KILLS, "7"], capture_output=True, text=True, timeout=100, check=False
    )

    assert (done.stdout.split(), done.stderr) == (["0", "True", "0", "0", "0", "0"], "")
