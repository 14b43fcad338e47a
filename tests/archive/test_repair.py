import fcntl
import os

import pytest

from keepframe.archive import Archive
from keepframe.archive.reading import Reader
from keepframe.archive.repair import ASIDE, mend
from keepframe.archive.verify import verify
from keepframe.clock import FakeClock
from keepframe.errors import ArchiveLockedError

FIRST = (0, 1, 77)


@pytest.fixture
def filled(folder, item):
    """An archive nobody has open, with three kept pictures: lobby/000000.jpg and so on."""
    with Archive(folder=folder, name="{camera}/{seq}") as archive:
        archive.open("lobby", FIRST, None)
        archive.commit("lobby", FIRST, (0, 3), [item(0), item(1), item(2), item(3, "end")], {}, [])
    return folder


def gone(folder):
    """What the rows say of their files."""
    with Reader(folder) as reader:
        return [row.gone for row in reader.rows()]


def contents(folder):
    """Every file below, with what is in it, the catalogue aside."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "catalogue" not in path.name and path.name != ".lock"
    }


def test_a_sound_archive_is_left_as_it_is(filled):
    """Nothing done, nothing said, no event."""
    before = contents(filled)

    assert mend(filled) == []
    assert contents(filled) == before
    with Reader(filled) as reader:
        assert reader.events() == []


def test_what_was_done_is_said_and_recorded_with_its_time(filled):
    """A line for each step, and an event for each line."""
    (filled / "lobby/000001.jpg").unlink()
    done = mend(filled, clock=FakeClock(now_ns=42))
    with Reader(filled) as reader:
        events = [(event.time_ns, event.kind, event.text) for event in reader.events()]

    assert done == ["lobby/000001.jpg: its row is marked as missing"]
    assert events == [(42, "repaired", text) for text in done]
    assert gone(filled) == [None, "missing", None]


def test_a_damaged_picture_is_put_aside_not_thrown_away(filled):
    """Half a picture may be all there is; a second one of the same name gets a number."""
    picture = filled / "lobby/000001.jpg"
    (filled / ASIDE / "lobby").mkdir(parents=True)
    (filled / ASIDE / "lobby/000001.jpg").write_bytes(b"older")
    picture.write_bytes(b"half")
    done = mend(filled)

    assert done[0] == "lobby/000001.jpg: not as it was written, now lost+found/lobby/000001-2.jpg"
    assert (filled / ASIDE / "lobby/000001-2.jpg").read_bytes() == b"half"
    assert (filled / ASIDE / "lobby/000001.jpg").read_bytes() == b"older"
    assert not picture.exists()
    assert gone(filled) == [None, "damaged", None]


def test_mending_twice_is_mending_once(filled):
    """After it the archive is sound, and there is nothing more to do."""
    (filled / "lobby/000001.jpg").write_bytes(b"half")
    (filled / "lobby/000002.jpg").unlink()
    (filled / "holiday.jpg").write_bytes(b"not ours")
    first = mend(filled)
    before = contents(filled)

    assert len(first) == 4
    assert verify(filled).is_sound
    assert mend(filled) == []
    assert contents(filled) == before


def test_no_byte_of_a_possible_picture_is_lost(filled):
    """Whatever names the files have afterwards, every content is still there; only what was never finished goes."""
    (filled / "lobby/000000.jpg").rename(filled / "lobby/moved.jpg")
    (filled / "lobby/000001.jpg").write_bytes(b"half")
    (filled / "lobby/000002-2.jpg").write_bytes(b"stray")
    (filled / "lobby/.keepframe-1-7.part").write_bytes(b"begun")
    before = contents(filled)
    mend(filled)

    assert sorted(contents(filled).values()) == sorted(data for data in before.values() if data != b"begun")


def test_a_picture_that_was_moved_is_found_again_by_its_content(filled):
    """First its row is marked, then its file is put back in its place: in one go."""
    (filled / "lobby/000001.jpg").rename(filled / "elsewhere.jpg")
    done = mend(filled)

    assert done == [
        "lobby/000001.jpg: its row is marked as missing",
        "lobby/000001.jpg: found again as elsewhere.jpg",
    ]
    assert gone(filled) == [None, None, None]
    assert verify(filled).is_sound


def test_a_copy_of_a_picture_that_is_there_is_put_aside(filled):
    """No row wants it."""
    (filled / "copy.jpg").write_bytes((filled / "lobby/000001.jpg").read_bytes())

    assert mend(filled) == ["copy.jpg: no row names it, now lost+found/copy.jpg"]
    assert gone(filled) == [None, None, None]


def test_a_picture_does_not_replace_what_stands_in_its_place(filled):
    """A folder of that name: the picture is put aside instead."""
    (filled / "lobby/000001.jpg").rename(filled / "elsewhere.jpg")
    (filled / "lobby/000001.jpg").mkdir()
    done = mend(filled)

    assert done[-1] == "elsewhere.jpg: no row names it, now lost+found/elsewhere.jpg"
    assert (filled / "lobby/000001.jpg").is_dir()


def test_the_names_of_an_unfinished_commit_are_forgotten(filled):
    """What it had written under its final name is nobody's now."""
    with Archive(folder=filled) as archive:
        catalogue = archive._catalogue
        with catalogue.change():
            catalogue.run("INSERT INTO pending VALUES ('lobby/new.jpg', 'lobby/.keepframe-1-9.part', 'ab')")
    (filled / "lobby/new.jpg").write_bytes(b"other bytes than were noted")

    assert mend(filled) == ["lobby/new.jpg: no row names it, now lost+found/lobby/new.jpg"]
    assert verify(filled).is_sound


def test_nothing_is_mended_while_a_pipeline_runs(filled):
    """Its commit under way would look like a crash's leavings."""
    (filled / "lobby/000001.jpg").unlink()
    fd = os.open(filled / ".lock", os.O_RDWR)
    fcntl.flock(fd, fcntl.LOCK_EX)

    with pytest.raises(ArchiveLockedError, match="another archive"):
        mend(filled)
    assert gone(filled) == [None, None, None]
    os.close(fd)
    assert len(mend(filled)) == 1


def test_an_archive_that_no_lock_could_stop_may_not_write_afterwards(filled, item):
    """On a file system without locks the writer's number covers it."""
    with Archive(folder=filled) as archive:
        archive.open("lobby", (0, 2, 0), None)
        os.close(archive._files._lock)
        archive._files._lock = None
        mend(filled)

        assert not archive.is_current()
        with pytest.raises(ArchiveLockedError):
            archive.commit("lobby", (0, 2, 0), (1, 0), [item(0, stream=1)], {}, [])


@pytest.mark.parametrize("is_there", [True, False])
def test_a_folder_without_an_archive_does_not_become_one(tmp_path, is_there):
    """A wrong path is told, and nothing is made."""
    folder = tmp_path / "pictures"
    if is_there:
        folder.mkdir()
        (folder / "holiday.jpg").write_bytes(b"x")

    with pytest.raises(FileNotFoundError):
        mend(folder)
    assert folder.exists() is is_there
    assert not is_there or [path.name for path in folder.iterdir()] == ["holiday.jpg"]
