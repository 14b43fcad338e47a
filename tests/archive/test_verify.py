import json

import pytest

from keepframe.archive import Archive
from keepframe.archive.reading import Reader
from keepframe.archive.verify import verify
from keepframe.errors import ArchiveLockedError

FIRST = (0, 1, 77)


@pytest.fixture
def filled(folder, item):
    """An archive nobody has open, with three kept pictures."""
    with Archive(folder=folder, name="{camera}/{seq}") as archive:
        archive.open("lobby", FIRST, None)
        archive.commit("lobby", FIRST, (0, 3), [item(0), item(1), item(2), item(3, "end")], {}, [])
    return folder


def kinds(report):
    """The kinds of problems, in order."""
    return [problem.kind for problem in report.problems]


def test_a_sound_archive_is_found_sound(filled):
    """With what was looked at, as scripts get it."""
    report = verify(filled)

    assert report.is_sound
    assert json.loads(json.dumps(report.to_json())) == {
        "archive": str(filled),
        "is_sound": True,
        "cameras": 1,
        "frames": 3,
        "files": 3,
        "problems": [],
        "repaired": [],
        "remarks": [],
    }


def test_a_repair_of_a_sound_archive_does_nothing(filled):
    """No file changes its name, no row its words."""
    before = sorted(filled.rglob("*"))
    report = verify(filled, repair=True)

    assert (report.is_sound, report.repaired) == (True, [])
    assert sorted(filled.rglob("*")) == before


def test_a_missing_picture_is_found_and_its_row_marked(filled):
    """The frame was kept, and stays so in the account; but nobody is sent to a file that is not there."""
    (filled / "lobby/000001.jpg").unlink()
    found = verify(filled)
    repaired = verify(filled, repair=True)

    assert [str(p) for p in found.problems] == ["missing: lobby/000001.jpg: the picture is not there"]
    assert repaired.is_sound
    assert repaired.repaired == ["lobby/000001.jpg: its row is marked as missing"]
    assert repaired.remarks == ["lobby/000001.jpg is gone (missing); its row stays"]
    with Reader(filled) as reader:
        assert [row.seq for row in reader.kept()] == [0, 2]
        assert reader.find("lobby/0/1").to_json()["gone"] == "missing"
        assert reader.counts()["lobby"]["kept"] == 3
        assert [event.kind for event in reader.events()] == ["repaired"]


def test_a_picture_that_comes_back_is_taken_up_again(filled):
    """Also from another place in the archive."""
    picture = filled / "lobby/000001.jpg"
    data = picture.read_bytes()
    picture.unlink()
    verify(filled, repair=True)
    (filled / "elsewhere").mkdir()
    (filled / "elsewhere/found.jpg").write_bytes(data)
    found = verify(filled)
    repaired = verify(filled, repair=True)

    assert kinds(found) == ["stray"]
    assert repaired.repaired == ["lobby/000001.jpg: found again as elsewhere/found.jpg"]
    assert repaired.remarks == []
    assert picture.read_bytes() == data
    assert verify(filled).files == 3


def test_a_picture_restored_to_its_own_place_is_taken_up_again(filled):
    """From a back-up, say."""
    picture = filled / "lobby/000001.jpg"
    data = picture.read_bytes()
    picture.unlink()
    verify(filled, repair=True)
    picture.write_bytes(data)

    assert kinds(verify(filled)) == ["stray"]
    assert verify(filled, repair=True).repaired == ["lobby/000001.jpg: found again"]
    assert verify(filled).files == 3


@pytest.mark.parametrize("harm", [b"", b"half a", None])
def test_a_changed_picture_is_found_and_put_aside(filled, harm):
    """Empty, truncated or with one bit turned: it is not thrown away, and the row says that it is gone."""
    picture = filled / "lobby/000002.jpg"
    data = picture.read_bytes()
    harm = data[:-3] + bytes([data[-3] ^ 1]) + data[-2:] if harm is None else harm
    picture.write_bytes(harm)
    found = verify(filled)
    repaired = verify(filled, repair=True)

    assert kinds(found) == ["damaged"]
    assert f"expected {len(data)} bytes" in found.problems[0].text
    assert repaired.is_sound
    assert (filled / "lost+found/lobby/000002.jpg").read_bytes() == harm
    assert not picture.exists()


def test_a_picture_without_a_row_is_found_and_put_aside(filled):
    """Never deleted, never over another one."""
    for text in (b"one", b"two"):
        (filled / "stray.PNG").write_bytes(text)
        found = verify(filled)
        repaired = verify(filled, repair=True)

        assert kinds(found) == ["stray"]
        assert repaired.is_sound
    assert [path.read_bytes() for path in sorted((filled / "lost+found").iterdir())] == [b"two", b"one"]


def test_what_is_no_picture_is_nobodys_business(filled):
    """Notes, sheets, hidden folders and quarantine are left alone."""
    (filled / "notes.txt").write_text("mine")
    (filled / "index.html").write_text("sheet")
    for folder in ("quarantine", ".thumbnails"):
        (filled / folder).mkdir()
        (filled / folder / "x.jpg").write_bytes(b"x")
    before = sorted(filled.rglob("*"))

    assert verify(filled, repair=True).repaired == []
    assert sorted(filled.rglob("*")) == before


def test_a_link_is_no_picture(filled, tmp_path):
    """A row's file must be a file; where a link leads is not looked at."""
    picture = filled / "lobby/000000.jpg"
    (tmp_path / "copy.jpg").write_bytes(picture.read_bytes())
    picture.unlink()
    picture.symlink_to(tmp_path / "copy.jpg")

    assert kinds(verify(filled)) == ["missing"]


def test_a_file_that_was_never_finished_is_found_and_removed(filled):
    """By its name, also when the catalogue does not know of it."""
    (filled / "lobby/.keepframe-3-1.part").write_bytes(b"half")
    found = verify(filled)

    assert kinds(found) == ["unfinished"]
    assert verify(filled, repair=True).is_sound
    assert list(filled.rglob("*.part")) == []


def test_a_commit_under_way_is_no_fault(folder, archive, commit, item):
    """Verifying while a pipeline writes sees a sound archive at every step."""
    seen = {}
    archive.passing = lambda step: seen.setdefault(step, kinds(verify(folder)))
    commit(item(0), item(1))

    assert list(seen) == ["noted", "written", "synced", "renamed", "stored", "booked", "committed"]
    assert not any(seen.values())


def test_a_repair_while_a_pipeline_runs_is_refused(folder, archive):
    """It would take away what is being written."""
    with pytest.raises(ArchiveLockedError):
        verify(folder, repair=True)

    assert archive.is_current()


def test_a_lost_store_is_remarked(folder, archive, commit, item):
    """The account balances; what nobody could save is said."""
    commit(item(0, "unchanged"), item(1, "end", reason="store-lost"))
    report = verify(folder)

    assert report.is_sound
    assert report.remarks == [
        "lobby/0 ended after 1 frames because its store was lost: later ones are not in the account"
    ]


def test_a_torn_catalogue_is_found(filled):
    """A catalogue that was cut in the middle is a fault, or refused with what to do; never a crash of its own."""
    path = filled / "catalogue.sqlite"
    data = bytearray(path.read_bytes())
    data[8192:16384] = b"\xff" * 8192
    path.write_bytes(data)
    report = verify(filled)

    assert set(kinds(report)) == {"catalogue"}


@pytest.mark.parametrize("content", [b"this is no catalogue at all", b"\0" * 4096])
def test_what_is_no_catalogue_is_refused(filled, content):
    """With what to do about it."""
    (filled / "catalogue.sqlite").write_bytes(content)
    with pytest.raises(RuntimeError, match="put a copy of the catalogue back"):
        verify(filled)


def test_a_folder_without_an_archive_does_not_become_one(tmp_path):
    """Neither by verifying nor by repairing."""
    for repair in (False, True):
        with pytest.raises(FileNotFoundError, match="expected an archive"):
            verify(tmp_path, repair=repair)

    assert list(tmp_path.iterdir()) == []
