import hashlib

import pytest

from keepframe.archive.catalogue import Catalogue
from keepframe.archive.faults import expected_files, file_faults, is_temporary, strays, unfinished
from keepframe.archive.folder import Folder


@pytest.fixture
def filled(folder, archive, commit, item):
    """An archive with two kept pictures: its catalogue and its folder, to look into."""
    commit(item(0), item(1, "unchanged"), item(2))
    catalogue, files = Catalogue(folder, now_ns=0), Folder(folder)
    yield catalogue, files
    catalogue.close()
    files.close()


def put(files, name, data=b"x"):
    """A file in the archive's folder."""
    path = files.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def test_what_should_be_there_is_what_was_kept(filled, folder):
    """Name, size and digest of each; a picture that is known to be gone is not expected."""
    catalogue, _ = filled
    expected = expected_files(catalogue)
    with catalogue.change():
        catalogue.run("UPDATE frame SET gone = 'missing' WHERE file = ?", expected[0][0])

    assert [(size, sha256) for _, size, sha256 in expected] == [
        (len(data), hashlib.sha256(data).hexdigest())
        for data in ((folder / file).read_bytes() for file, _, _ in expected)
    ]
    assert expected_files(catalogue) == expected[1:]


def test_files_as_they_were_written_have_no_fault(filled):
    """The check does not cry wolf."""
    catalogue, files = filled

    assert list(file_faults(files, expected_files(catalogue))) == []


@pytest.mark.parametrize("harm", ["remove", "folder", "link", "no parent"])
def test_a_picture_that_is_not_there_is_missing(filled, harm, tmp_path):
    """What stands in its place and is no file does not count."""
    catalogue, files = filled
    (expected, *_) = expected_files(catalogue)
    path = files.path / expected[0]
    path.rename(tmp_path / "away")
    if harm == "folder":
        path.mkdir()
    elif harm == "link":
        path.symlink_to(tmp_path / "away")
    elif harm == "no parent":
        path.parent.rename(tmp_path / "day")

    assert list(file_faults(files, [expected])) == [(expected[0], "missing", "the picture is not there")]


@pytest.mark.parametrize("harm", [lambda data: data[:-1], lambda data: b"", lambda data: data[:-1] + b"?"])
def test_a_picture_that_has_changed_is_damaged(filled, harm):
    """Truncated, empty, or one byte different at the same size; both sizes are told."""
    catalogue, files = filled
    (expected, *_) = expected_files(catalogue)
    path = files.path / expected[0]
    path.write_bytes(harm(path.read_bytes()))
    [(file, fault, words)] = file_faults(files, [expected])

    assert (file, fault) == (expected[0], "damaged")
    assert words.startswith(
        f"expected {expected[1]} bytes, sha256 {expected[2][:12]}…; got {path.stat().st_size} bytes, "
    )


def test_pictures_that_nobody_knows_are_strays(filled):
    """In any folder and any spelling of the suffix; whatever is no picture, hidden or kept apart is not."""
    catalogue, files = filled
    strange = ["holiday.jpg", "lobby/x.JPEG", "deep/er/z.png"]
    for name in (
        *strange,
        "index.html",
        "notes.txt",
        ".thumbnails/a.jpg",
        "lobby/.a.jpg",
        "lost+found/b.jpg",
        "quarantine/c.jpg",
    ):
        put(files, name)

    assert strays(catalogue, files.files()) == sorted(strange)


def test_a_stray_with_a_name_of_raw_bytes_is_found(filled):
    """As a camera card may have it."""
    catalogue, files = filled
    put(files, "b\udcfcro.jpg")

    assert strays(catalogue, files.files()) == ["b\udcfcro.jpg"]


def test_a_commit_under_way_is_no_stray_but_unfinished(filled):
    """Its final names are known before its files are begun; temporary ones are known by how they are called."""
    catalogue, files = filled
    with catalogue.change():
        catalogue.run("INSERT INTO pending VALUES ('lobby/new.jpg', 'lobby/.keepframe-1-9.part', 'ab')")
    for name in ("lobby/new.jpg", "lobby/.keepframe-1-9.part", "door/.keepframe-2-1.part", "lobby/x.part"):
        put(files, name)

    assert strays(catalogue, files.files()) == []
    assert unfinished(catalogue, files.files()) == [
        "door/.keepframe-2-1.part",
        "lobby/.keepframe-1-9.part",
        "lobby/new.jpg",
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (".keepframe-1-2.part", True),
        ("a/b/.keepframe-12-345.part", True),
        ("keepframe-1-2.part", False),
        (".keepframe-1.part", False),
        (".keepframe-a-b.part", False),
        (".keepframe-1-2.part.jpg", False),
        (".keepframe-1-2.part/a.jpg", False),
    ],
)
def test_a_temporary_file_is_known_by_its_whole_name(name, expected):
    """Nobody else's file is taken for one, and removed."""
    assert is_temporary(name) is expected
