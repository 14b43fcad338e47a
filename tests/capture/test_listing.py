"""Which files, in which order, and which are settled."""

import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.capture.listing import CHUNK, Settled, files_in, natural


def touch(folder, *names):
    """Empty files by those names."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_numbers_sort_by_value(tmp_path):
    """As people count."""
    touch(tmp_path, "img10.jpg", "img2.jpg", "IMG1.JPG", "img02b.png", "a.webp")

    assert files_in(tmp_path, None, is_recursive=False) == [
        "a.webp",
        "IMG1.JPG",
        "img2.jpg",
        "img02b.png",
        "img10.jpg",
    ]


def test_only_pictures_are_listed(tmp_path):
    """By extension, in any case; hidden and temporary files, folders and fifos are passed over."""
    touch(
        tmp_path,
        "a.jpg",
        "b.JPEG",
        "c.tif",
        ".hidden.jpg",
        "~$d.png",
        "e.jpg.part",
        "f.png~",
        "notes.txt",
        "Thumbs.db",
        "g.jpg.tmp",
    )
    (tmp_path / "folder.jpg").mkdir()
    os.mkfifo(tmp_path / "pipe.jpg")

    assert files_in(tmp_path, None, is_recursive=False) == ["a.jpg", "b.JPEG", "c.tif"]


def test_a_pattern_decides_alone(tmp_path):
    """Then the extension does not matter."""
    touch(tmp_path, "cam1-1.jpg", "cam1-2", "cam2-1.jpg", ".cam1-3.jpg", "cam1-4.part")

    assert files_in(tmp_path, "cam1*", is_recursive=False) == ["cam1-1.jpg", "cam1-2"]


def test_sub_folders_are_followed_only_if_asked(tmp_path):
    """And links to folders never, since they may lead in a circle."""
    touch(tmp_path, "1.jpg", "day10/1.jpg", "day2/1.jpg", "day2/night/1.jpg", ".thumbnails/1.jpg")
    (tmp_path / "loop").symlink_to(tmp_path)

    assert files_in(tmp_path, None, is_recursive=False) == ["1.jpg"]
    assert files_in(tmp_path, None, is_recursive=True) == [
        "1.jpg",
        "day2/1.jpg",
        "day2/night/1.jpg",
        "day10/1.jpg",
    ]


def test_a_sub_folder_that_goes_away_ends_nothing(tmp_path, monkeypatch):
    """Who watches a tree looks again and again, while others tidy up in it; the folder itself must be there."""
    touch(tmp_path, "1.jpg", "day1/1.jpg")
    scandir = os.scandir

    def late(path):
        if path.name == "day1" and path.exists():
            (path / "1.jpg").unlink()
            path.rmdir()
        return scandir(path)

    monkeypatch.setattr(os, "scandir", late)

    assert files_in(tmp_path, None, is_recursive=True) == ["1.jpg"]
    with pytest.raises(FileNotFoundError):
        files_in(tmp_path / "day1", None, is_recursive=True)


@pytest.fixture
def closed(monkeypatch):
    """Names of folders that cannot be looked into: what may not be listed, and what may but not entered; root may everything."""
    closed = {"list": [], "enter": []}
    scandir, access = os.scandir, os.access

    def listed(path):
        if path.name in closed["list"]:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", listed)
    monkeypatch.setattr(
        os, "access", lambda path, *a, **o: path.name not in closed["enter"] and access(path, *a, **o)
    )
    return closed


@pytest.mark.parametrize("what", ["list", "enter"])
def test_a_sub_folder_that_cannot_be_looked_into_is_told_and_passed_over(tmp_path, closed, what):
    """Its neighbours are there; the folder itself must be open."""
    touch(tmp_path, "1.jpg", "a/1.jpg", "a/lost+found/1.jpg", "b/1.jpg")
    closed[what].append("lost+found")
    told = []
    names = files_in(tmp_path, None, is_recursive=True, on_closed=lambda *why: told.append(why))

    assert names == ["1.jpg", "a/1.jpg", "b/1.jpg"]
    assert told == [("a/lost+found", "Permission denied")]

    closed["list"].append(tmp_path.name)
    with pytest.raises(PermissionError):
        files_in(tmp_path, None, is_recursive=True)


def test_a_link_to_a_file_is_a_file(tmp_path):
    """A broken one is nothing."""
    touch(tmp_path, "1.jpg")
    (tmp_path / "2.jpg").symlink_to(tmp_path / "1.jpg")
    (tmp_path / "3.jpg").symlink_to(tmp_path / "gone.jpg")

    assert files_in(tmp_path, None, is_recursive=False) == ["1.jpg", "2.jpg"]


@given(st.lists(st.text(st.characters(exclude_characters="\0"), min_size=1), unique=True))
def test_any_names_have_one_order(names):
    """Whatever characters they have, digits of other scripts included, and however they were found."""
    backwards = names[::-1]

    assert sorted(names, key=natural) == sorted(backwards, key=natural)


@given(
    st.sets(st.text(st.characters(codec="utf-8"), min_size=1), max_size=30),
    st.sets(st.text(st.characters(codec="utf-8"), min_size=1)),
)
def test_what_was_settled_is_settled_after_a_restart(names, others):
    """And nothing else."""
    settled = Settled({})
    for name in names:
        settled.add(name)
    again = Settled(settled.save())

    assert all(name in again for name in names)
    assert not any(name in again for name in others - names)


@pytest.mark.parametrize("at", [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_only_the_last_chunk_changes(at):
    """So that only it is sent; also after a restart."""
    settled = Settled({})
    for number in range(at):
        settled.add(f"{number}.jpg")
    before = settled.save()
    settled = Settled(before)
    settled.add("one more.jpg")
    after = settled.save()

    assert [key for key in after if after[key] != before.get(key)] == [f"settled/{at // CHUNK}"]
    assert all(len(chunk) <= 8 * CHUNK for chunk in after.values())


def test_a_name_that_is_no_text_is_settled_too(tmp_path):
    """Linux allows any bytes."""
    name = os.fsdecode(b"caf\xe9.jpg")
    touch(tmp_path, name)
    settled = Settled({})
    settled.add(name)

    assert files_in(tmp_path, None, is_recursive=False)[0] in settled
