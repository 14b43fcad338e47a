import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from keepframe.archive import Archive
from keepframe.archive.catalogue import Catalogue
from keepframe.archive.reading import Reader
from keepframe.archive.verify import verify
from keepframe.frame import START, Frame, Item
from keepframe.picture import Picture

PICTURE = Picture.of_jpeg(Picture.of(np.zeros((4, 4), np.uint8)).jpeg())
IN_MEMORY = (
    "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
)  # thousands of commits; what a disk does is not asked here
OUTCOMES = ["unchanged", "filtered", "rejected", "failed", None]
OLDER, FIRST = (0, 0, 9), (0, 1, 77)


class Account(RuleBasedStateMachine):
    """A capture that commits, loses answers, comes again and is replaced, against a dictionary of what must stand."""

    def __init__(self):
        super().__init__()
        self.place = tempfile.TemporaryDirectory(dir=IN_MEMORY)
        self.folder = Path(self.place.name)
        self.archive = Archive(folder=self.folder).__enter__()
        self.epoch, self.stream, self.seq, self.is_ended = (0, 0, 0), 0, 0, False
        self.rows, self.committed, self.memory, self.last = {}, START, {}, None
        self.begin()

    def teardown(self):
        self.archive.__exit__()
        self.place.cleanup()

    @rule()
    def begin(self):
        """A new session finds what was committed, whatever happened before."""
        old, self.epoch = self.epoch, (0, self.epoch[1] + 1, 0)
        standing = self.archive.open("a", self.epoch, ((0, 0), (99, 0)))

        assert (standing.committed, standing.is_ended) == (self.committed, self.is_ended)
        assert standing.memory == ({"score": self.memory} if self.memory else {})
        assert dict(standing.outcomes) == self.rows
        assert self.archive.commit("a", old, (self.stream, self.seq), [self.frame("kept")], {}, []) is None

    @rule()
    def reopen(self):
        """The process ends and another begins."""
        self.archive.__exit__()
        self.archive = Archive(folder=self.folder).__enter__()
        self.begin()

    @rule(
        outcomes=st.lists(st.sampled_from(OUTCOMES) | st.integers(1, 30), min_size=1, max_size=6),
        ends=st.booleans(),
    )
    def commit(self, outcomes, ends):
        """A mark of some frames, runs of drops (a number is how many) and perhaps the end."""
        if self.is_ended:
            self.stream, self.seq = self.stream + 1, 0
        items, told = [], []
        for outcome in outcomes:
            is_run = isinstance(outcome, int)
            item = Item(self.frame("dropped" if is_run else outcome).frames, outcome if is_run else 1)
            told.append((item.at, "dropped" if is_run else outcome or "kept"))
            items.append(item)
            self.seq += item.count
        if ends:
            items.append(self.frame("end"))
            told.append(((self.stream, self.seq), "end"))
        self.is_ended, self.committed = ends, items[-1].upto
        self.memory = {"count": str(self.seq).encode()}
        self.last = (items, told)

        assert self.archive.commit("a", self.epoch, self.committed, items, {"score": self.memory}, []) == told
        self.rows |= dict(told)

    @precondition(lambda self: self.last)
    @rule()
    def commit_again(self):
        """The answer was lost: the same mark comes once more, and the same is answered."""
        items, told = self.last

        assert self.archive.commit("a", self.epoch, self.committed, items, {}, []) == told

    @rule()
    def be_late(self):
        """A session that was replaced changes nothing."""
        assert (
            self.archive.commit("a", OLDER, (99, 99), [self.frame(None)], {"score": {"count": b"x"}}, [])
            is None
        )
        assert self.archive.open("a", self.epoch, None) is None

    @invariant()
    def the_account_balances(self):
        """After every step."""
        assert verify(self.folder).problems == []
        with Reader(self.folder) as reader:
            assert {(row.stream, row.seq): row.outcome for row in reader.rows()} == {
                at: outcome for at, outcome in self.rows.items() if outcome != "end"
            }
            assert reader.events() == []

    def frame(self, outcome):
        picture = None if outcome else PICTURE
        return Item((Frame(camera="a", stream=self.stream, seq=self.seq, outcome=outcome, picture=picture),))


TestAccount = pytest.mark.slow(Account.TestCase)
TestAccount.settings = settings(
    max_examples=40, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.mark.parametrize(
    ("harm", "where", "text"),
    [
        ("DELETE FROM frame WHERE seq = 1", "lobby/0", "no rows for 1 to 1"),
        ("DELETE FROM frame WHERE seq = 0", "lobby/0", "no rows for 0 to 0"),
        ("UPDATE frame SET count = 5 WHERE outcome = 'dropped'", "lobby/0", "rows overlap from 4 to 6"),
        (
            "UPDATE stream SET frames = NULL, reason = '' WHERE stream = 0",
            "lobby/0",
            "no end although a newer",
        ),
        ("UPDATE stream SET frames = 9 WHERE stream = 0", "lobby/0", "ended with 9 frames, its rows cover 5"),
        ("UPDATE camera SET seq = 7", "lobby", "committed up to 1/7, the rows reach to 1/0"),
        ("DELETE FROM frame WHERE stream = 1", "lobby", "the rows reach to 1/-1"),
        ("DELETE FROM frame WHERE part = '1'", "lobby/1/0", "2 parts, there are rows of 1"),
        ("UPDATE frame SET outcome = 'filtered' WHERE parts > 0", "lobby/1/0", "one of its parts is more"),
        ("UPDATE frame SET parts = 0 WHERE parts > 0", "lobby/1/0/0", "a part without its frame"),
    ],
)
def test_whatever_does_not_add_up_is_found(folder, archive, commit, item, harm, where, text):
    """Each kind of hole, overlap and missing end is named with its place."""
    commit(
        item(0, "unchanged"),
        item(1, "unchanged"),
        item(2, "dropped", count=2),
        item(4, "filtered"),
        item(5, "end"),
    )
    parts = tuple(Frame(camera="lobby", stream=1, part=part, outcome="unchanged") for part in "01")
    archive.commit("lobby", FIRST, (1, 0), [Item(parts)], {}, [])
    sound = verify(folder).problems
    catalogue = Catalogue(folder, now_ns=0)
    with catalogue.change():
        catalogue.run(harm)
    catalogue.close()

    assert sound == []
    assert any(p.where == where and text in p.text and p.kind == "account" for p in verify(folder).problems)


def test_an_archive_without_a_frame_balances(folder, archive):
    """A camera that was opened and has sent nothing yet is no fault."""
    assert verify(folder).problems == []
