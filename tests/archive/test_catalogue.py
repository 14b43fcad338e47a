import errno
import sqlite3

import pytest

from keepframe.archive import Archive
from keepframe.archive.catalogue import Catalogue
from keepframe.archive.reading import Reader
from keepframe.archive.schema import TABLES, VERSION


@pytest.fixture
def catalogue(tmp_path):
    """A new catalogue, open for writing."""
    opened = Catalogue(tmp_path, now_ns=5)
    yield opened
    opened.close()


def test_a_commit_is_on_the_disk_when_it_returns(catalogue):
    """Write-ahead log, every commit synced: less may roll back what was acknowledged."""
    assert catalogue.one("PRAGMA journal_mode") == ("wal",)
    assert catalogue.one("PRAGMA synchronous") == (2,)
    assert catalogue.one("PRAGMA foreign_keys") == (1,)


def test_all_of_a_transaction_or_nothing(catalogue):
    """What was begun before an error is undone, whatever the error."""

    def interrupted():
        with catalogue.change():
            catalogue.run("INSERT INTO camera (camera, epoch) VALUES ('a', '0.0.0')")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert catalogue.rows("SELECT * FROM camera") == []


def test_the_catalogue_of_a_newer_keepframe_is_refused(tmp_path, catalogue):
    """By writer and reader, with both versions; nothing in it is touched."""
    catalogue.run(f"PRAGMA user_version = {VERSION + 1}")
    for attempt in (lambda: Archive(folder=tmp_path).__enter__(), lambda: Reader(tmp_path)):
        with pytest.raises(
            RuntimeError, match=rf"expected version {VERSION} or older, got {VERSION + 1}.*newer keepframe"
        ):
            attempt()

    assert catalogue.writer() == 0


def test_a_refused_archive_lets_go_of_the_folder(tmp_path, catalogue):
    """It can be opened as soon as what was wrong is mended."""
    catalogue.run(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(RuntimeError):
        Archive(folder=tmp_path).__enter__()
    catalogue.run(f"PRAGMA user_version = {VERSION}")

    with Archive(folder=tmp_path) as archive:
        assert archive.is_current()


def test_a_catalogue_that_was_never_finished_is_made_anew(tmp_path):
    """A crash in the first moment leaves an empty file; a reader says so, a writer makes it."""
    (tmp_path / "catalogue.sqlite").touch()
    with pytest.raises(FileNotFoundError, match="still empty; run the pipeline first"):
        Reader(tmp_path)

    with Archive(folder=tmp_path) as archive:
        assert archive.is_current()


def test_a_catalogue_that_may_not_be_read_is_told_as_that(tmp_path, catalogue, monkeypatch):
    """SQLite says of it what it says of a disk that fails."""
    monkeypatch.setattr("os.access", lambda _path, _mode: False)  # root may read everything
    with pytest.raises(PermissionError, match="Permission denied") as caught:
        Catalogue(tmp_path)

    assert caught.value.filename == str(catalogue.path)


def test_a_busy_catalogue_is_an_oserror_to_be_tried_again(tmp_path, catalogue, monkeypatch):
    """Somebody has it open in a shell, in the middle of a transaction."""
    monkeypatch.setattr("keepframe.archive.catalogue.BUSY_S", 0.0)
    impatient = Catalogue(tmp_path, now_ns=0)
    shell = sqlite3.connect(catalogue.path, isolation_level=None)
    shell.execute("BEGIN IMMEDIATE")
    with pytest.raises(OSError) as refused, impatient.change():
        pass
    shell.execute("ROLLBACK")
    shell.close()

    assert refused.value.errno == errno.EBUSY
    with impatient.change():
        impatient.run("UPDATE archive SET writer = 9")
    assert impatient.writer() == 9
    impatient.close()


def test_every_table_and_every_column_that_needs_it_is_explained():
    """Whoever opens the catalogue in a shell finds the words beside the tables."""
    for statement in TABLES:
        assert statement.strip().startswith("-- "), statement


@pytest.mark.parametrize(
    "wrong",
    [
        {"outcome": "end"},
        {"outcome": "unchanged", "file": "a.jpg", "bytes": 1, "sha256": "0" * 64},
        {"outcome": "kept"},
        {"outcome": "kept", "file": "a.jpg"},
        {"outcome": "kept", "file": "a.jpg", "bytes": 0, "sha256": "0" * 64},
        {"outcome": "kept", "file": "a.jpg", "bytes": 1, "sha256": "0"},
        {"outcome": "unchanged", "count": 2},
        {"outcome": "dropped", "count": 0},
        {"outcome": "unchanged", "seq": -1},
        {"outcome": "unchanged", "scores": "not json"},
        {"outcome": "unchanged", "stream": 1},
        {"outcome": "unchanged", "time_ns": "noon"},
        {"outcome": "unchanged", "gone": "missing"},
    ],
)
def test_a_row_that_cannot_be_is_refused_by_the_catalogue_itself(catalogue, wrong):
    """The tables hold what the account promises, whoever writes into them."""
    catalogue.run("INSERT INTO camera (camera, epoch) VALUES ('a', '0.0.0')")
    catalogue.run("INSERT INTO stream (camera, stream, last_commit) VALUES ('a', 0, 1)")
    row = {"camera": "a", "stream": 0, "seq": 0, "time_ns": 0} | wrong
    names, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
    with pytest.raises(sqlite3.IntegrityError), catalogue.change():
        catalogue.run(f"INSERT INTO frame ({names}) VALUES ({marks})", *row.values())

    assert catalogue.rows("SELECT * FROM frame") == []
