import itertools
import json

import numpy as np
import pytest

from keepframe.archive import Archive, quarantine
from keepframe.archive.quarantine import RETRY_OF
from keepframe.frame import Frame, Item
from keepframe.picture import Picture
from keepframe.run.logs import FIELDS
from keepframe.run.retrying import Retries
from keepframe.wire.capture import CaptureNode
from keepframe.wire.intake import Intake

REASON = "poison: score died with it in hand, 3 times"


def made(seq, stream=0, **more):
    """A frame of the camera with a picture of its own."""
    picture = Picture.of(np.full((2, 3), seq, np.uint8))
    return Frame(camera="lobby", stream=stream, seq=seq, picture=picture, **more)


@pytest.fixture
def folder(tmp_path):
    """An archive with three frames in quarantine, two of them marked."""
    folder = tmp_path / "archive"
    with Archive(folder=folder) as archive:
        archive.open("lobby", (0, 1, 7), None)
        items = [Item((made(seq, outcome="failed", reason=REASON),)) for seq in range(3)]
        archive.commit("lobby", (0, 1, 7), (0, 2), items, {}, [])
    quarantine.mark(folder, ["lobby/0/0", "lobby/0/2"])
    return folder


@pytest.fixture
def node():
    """A capture of the camera, which knows where to begin."""
    node = CaptureNode("capture.lobby", ["score"], ["lobby"], itertools.count().__next__, "", Intake("lobby"))
    node.store.begin((1, 0))
    node.begin = {}
    return node


def test_what_is_marked_is_given_one_after_the_other(folder, node):
    """With the picture as it was captured."""
    retries = Retries(folder, node)
    frames = list(retries)

    assert len(retries.entries) == 2
    assert [frame.notes[RETRY_OF] for frame in frames] == ["lobby/0/0", "lobby/0/2"]
    assert [int(frame.image[0, 0]) for frame in frames] == [0, 2]
    assert not retries.is_under_way


def test_what_is_on_its_way_already_is_not_given_twice(folder, node):
    """A process that goes on with the frames of the one before it has some of them."""
    node.retry(next(iter(Retries(folder, node))))

    assert [entry.row.name for entry in Retries(folder, node).entries] == ["lobby/0/2"]


def test_a_stream_of_retried_frames_is_known_again(folder, node):
    """The process before was killed over it."""
    with Archive(folder=folder) as archive:
        archive.open("lobby", (0, 2, 7), None)
        tried = made(0, stream=1, notes={RETRY_OF: "lobby/0/0"})
        archive.commit("lobby", (0, 2, 7), (1, 0), [Item((tried,))], {}, [])
    retries = Retries(folder, node)

    assert retries.is_under_way
    assert [entry.row.name for entry in retries.entries] == ["lobby/0/2"]


def test_a_file_that_cannot_be_read_keeps_no_other_from_being_tried(folder, node, caplog):
    """It is told and stays where it is."""
    (folder / "quarantine" / "lobby_0-000000.frame").write_bytes(b"")

    assert [frame.notes[RETRY_OF] for frame in Retries(folder, node)] == ["lobby/0/2"]
    (record,) = caplog.records
    assert (record.msg, getattr(record, FIELDS)["frame"]) == ("cannot-retry", "lobby/0/0")


def test_without_an_archive_there_is_nothing_to_try(tmp_path, node):
    """A capture on another machine does not see it."""
    assert list(Retries(tmp_path / "elsewhere", node)) == []


def test_an_archive_that_cannot_be_read_keeps_no_camera_from_starting(tmp_path, node, caplog):
    """A damaged catalogue is the archive's trouble, and told."""
    (tmp_path / "catalogue.sqlite").write_text(json.dumps("no catalogue" * 100))

    assert list(Retries(tmp_path, node)) == []
    assert [record.msg for record in caplog.records] == ["no-quarantine"]
