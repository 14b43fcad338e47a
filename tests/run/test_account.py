import pytest

from keepframe.archive import Archive
from keepframe.frame import Frame, Item
from keepframe.run.account import Account
from keepframe.stage.memory import pack


@pytest.fixture
def commit(tmp_path):
    """Commit frames of these outcomes for a camera, from seq on, with a memory of its source."""
    epochs = {}

    def commit(camera, *outcomes, seq=0, stream=0, memory=None):
        epoch = epochs[camera] = (0, epochs.get(camera, (0, 0, 0))[1] + 1, 7)
        items = [
            Item((Frame(camera=camera, stream=stream, seq=seq + n, outcome=outcome),))
            for n, outcome in enumerate(outcomes)
        ]
        with Archive(folder=tmp_path / "archive") as archive:
            archive.open(camera, epoch, None)
            delta = {"capture": pack(memory, "capture")} if memory else {}
            archive.commit(camera, epoch, items[-1].upto, items, delta, [])

    return commit


@pytest.fixture
def account(tmp_path):
    """The account of an archive as it is now."""

    def account(*cameras, again=False):
        return Account(tmp_path / "archive", cameras, again=again)

    return account


def test_an_archive_that_is_not_there_yet_counts_nothing(account, commit):
    """The first run; what it makes is counted from the start."""
    first = account("a", again=True)
    before = first.counts()
    commit("a", "unchanged", "filtered")

    assert (first.before, first.runs, before) == (0, {}, {})
    assert first.counts()["a"]["captured"] == 2


def test_only_streams_that_were_worked_on_are_counted(account, commit):
    """Each as a whole; a camera that had nothing new is not named."""
    commit("a", "unchanged", "filtered")
    commit("b", "unchanged")
    second = account("a", "b")
    commit("a", "failed", seq=2)

    assert second.before == 2
    assert list(second.counts()) == ["a"]
    assert {k: n for k, n in second.counts()["a"].items() if n} == {
        "captured": 3, "unchanged": 1, "filtered": 1, "failed": 1,
    }  # fmt: skip


def test_what_is_new_is_counted_apart_from_what_stood(account, commit):
    """Of a stream that a run goes on with only what that run has settled, of a new camera or stream all."""
    commit("a", "unchanged", "filtered")
    commit("b", "unchanged")
    second = account("a", "b")
    commit("a", "failed", "end", seq=2)
    commit("a", "unchanged", "unchanged", stream=1)
    commit("c", "filtered")
    told = {camera: {k: n for k, n in of.items() if n} for camera, of in second.new().items()}

    assert told == {
        "a": {"captured": 3, "failed": 1, "unchanged": 2},
        "c": {"captured": 1, "filtered": 1},
    }
    assert account("a").new() == {}


def test_asked_again_each_camera_begins_its_next_reading(account, commit):
    """One more than the committed one; the first, if it was never read; none, if nobody asks."""
    commit("a", "unchanged", memory={"next": 4, "run": 2})
    commit("b", "unchanged")

    assert account("a", "b", "new", again=True).runs == {"a": 3, "b": 1, "new": 1}
    assert account("a", "b", "new").runs == {}


def test_a_folder_without_a_catalogue_is_an_archive_that_is_not_there_yet(account, tmp_path):
    """Made by hand, or by a run that ended before its first commit."""
    (tmp_path / "archive").mkdir()

    assert account("a", again=True).counts() == {}
    assert list((tmp_path / "archive").iterdir()) == []


def test_a_catalogue_that_is_none_is_told_before_the_run(account, tmp_path):
    """Not taken for an empty one."""
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "catalogue.sqlite").write_bytes(b"not a database" * 100)

    with pytest.raises(RuntimeError, match="catalogue"):
        account("a")
