"""What a growing account says of each new picture."""

import errno
import json

import numpy as np

from keepframe.archive import Archive
from keepframe.archive.catalogue import Catalogue
from keepframe.cli.keeps import Keeps
from keepframe.frame import Frame, Item
from keepframe.picture import Picture

NEW = {"outcome": None, "reason": "changed", "scores": {"ssim-tile": 1.0}, "threshold": 0.5}


def grow(folder, picture):
    """Commit two more frames, one of them kept, in a new stream of the camera `lobby`."""
    frames = [
        Frame(camera="lobby", stream=1, seq=0, time_ns=10**18, picture=picture, **NEW),
        Frame(camera="lobby", stream=1, seq=1, time_ns=10**18, outcome="unchanged", reason="unchanged", scores={"ssim-tile": 0.1}, threshold=0.5),
    ]  # fmt: skip
    with Archive(folder=folder) as opened:
        opened.open("lobby", (0, 2, 7), None)
        opened.commit("lobby", (0, 2, 7), (1, 1), [Item((frame,)) for frame in frames], {}, [])


def test_only_what_is_new_is_told_once(archive):
    """Each kept picture in a line that says why; every score as a share of its threshold."""
    written = []
    keeps = Keeps(archive, ["lobby"], written.append)
    before = keeps.told()
    grow(archive, Picture.of(np.zeros((8, 12), np.uint8)))

    ratios = keeps.told()

    assert (before, ratios, keeps.told()) == ([], [2.0, 0.2], [])
    assert len(written) == 1
    assert "lobby/1/0  changed: score 1, threshold 0.5  lobby/2001-09-09/" in written[0]


def test_an_archive_that_is_not_there_yet_is_waited_for(archive, tmp_path):
    """Whatever it holds when it comes is new."""
    written = []
    keeps = Keeps(tmp_path / "later", ["lobby"], written.append, is_json=True)
    before = keeps.told()
    archive.rename(tmp_path / "later")

    keeps.told()

    assert before == []
    assert [json.loads(text)["reason"] for text in written] == ["first", "changed"]


def test_an_archive_that_cannot_be_read_just_now_ends_no_run(archive, monkeypatch):
    """Somebody holds it, or its disk has a bad moment: what is new is told the next time."""
    written = []
    keeps = Keeps(archive, ["lobby"], written.append)
    grow(archive, Picture.of(np.zeros((8, 12), np.uint8)))
    with monkeypatch.context() as patched:
        patched.setattr(Catalogue, "rows", _busy)
        meanwhile = keeps.told()

    assert meanwhile == []
    assert keeps.told() == [2.0, 0.2]


def _busy(*_):
    raise OSError(errno.EBUSY, "Device or resource busy: database is locked", "catalogue.sqlite")
