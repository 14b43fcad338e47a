import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from keepframe.archive import Archive
from keepframe.archive.reading import Reader
from keepframe.archive.verify import verify
from keepframe.frame import START

CHILD = Path(__file__).with_name("crashing.py")
STEPS = [
    "noted",
    "written",
    "synced",
    "written",
    "synced",
    "renamed",
    "renamed",
    "stored",
    "booked",
    "committed",
]
"""Of one mark with two kept pictures."""


class Child:
    """The process of crashing.py."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(CHILD), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def work(self, steps):
        """Let it work for so many steps; says at which it died, or "done"."""
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


@pytest.fixture
def child(folder):
    """A process that works on the folder until it dies."""
    child = Child(folder)
    yield child
    child.close()


def account(folder):
    """What must not depend on crashes: rows, pictures, position, memory."""
    with Reader(folder) as reader:
        rows, committed = reader.rows(), reader.committed()
        memory = reader.catalogue.rows("SELECT stage, key, value FROM memory")
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.jpg"))
    return rows, committed, memory, files


def leftovers(folder):
    """The names of files that were never finished."""
    return sorted(path.name for path in folder.rglob("*.part"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The account of the clip when nothing dies."""
    folder = tmp_path_factory.mktemp("undisturbed") / "archive"
    child = Child(folder)
    said = child.work(float("inf"))
    child.close()
    assert said == "done"
    return account(folder)


@pytest.mark.slow
def test_a_crash_at_any_step_of_a_commit_leaves_all_of_it_or_nothing(folder, child, undisturbed):
    """The process dies once after each step; each time the next one finds a whole archive and goes on."""
    died = []
    for steps, name in enumerate(STEPS, start=1):
        shutil.rmtree(folder, ignore_errors=True)
        died.append(child.work(steps))
        before = verify(folder)
        with Archive(folder=folder) as archive:
            standing = archive.open("lobby", (0, 50, 0), ((0, 0), (0, 3)))

        is_committed = name == "committed"
        assert standing.committed == ((0, 3) if is_committed else START), name
        assert len(standing.outcomes) == (4 if is_committed else 0), name
        assert standing.memory == ({"score": {"seen": b"3"}} if is_committed else {}), name
        assert verify(folder).problems == [], name
        assert leftovers(folder) == [], name
        assert {problem.kind for problem in before.problems} <= {"unfinished"}, name
        assert child.work(float("inf")) == "done"
        assert account(folder) == undisturbed, name

    assert died == STEPS


def test_repair_of_a_crash_finds_the_same_as_the_archive(folder, child):
    """`verify --repair` after a crash leaves no picture without a row, and throws none away."""
    for steps in range(1, len(STEPS) + 1):
        shutil.rmtree(folder, ignore_errors=True)
        child.work(steps)
        pictures = len(list(folder.rglob("*.jpg")))

        assert verify(folder, repair=True).problems == []
        assert len(list(folder.rglob("*.jpg"))) == pictures
        assert leftovers(folder) == []


def crash(folder, child, rounds, undisturbed):
    """Crash at random until so many rounds are through; whenever the clip is, look at it and begin anew."""
    rng, clips = random.Random(17), 0
    for _ in range(rounds):
        if child.work(rng.randint(1, 40)) == "done":
            clips += 1
            assert account(folder) == undisturbed
            assert verify(folder).problems == []
            assert leftovers(folder) == []
            shutil.rmtree(folder)
    return clips


@pytest.mark.slow
def test_crashes_at_random_change_nothing(folder, child, undisturbed):
    """Forty crashes: the same rows, the same pictures, once each."""
    assert crash(folder, child, 40, undisturbed) >= 3


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_five_hundred_crashes_change_nothing(folder, child, undisturbed):
    """The same at length."""
    assert crash(folder, child, 500, undisturbed) >= 50


@pytest.mark.parametrize("step", dict.fromkeys(STEPS[:-1]))
def test_a_failure_at_any_step_leaves_nothing_and_the_same_call_succeeds(folder, archive, commit, item, step):
    """The disk refuses: nothing is half-done, and nothing has to be known for trying again."""

    def refuse(passed):
        if passed == step:
            raise OSError(28, "No space left on device")

    items = [item(0), item(1, "unchanged"), item(2), item(3, "end")]
    archive.passing = refuse
    with pytest.raises(OSError, match="No space"):
        commit(*items, memory={"score": {"k": b"v"}}, events=[("fresh", "score")])
    with Reader(folder) as reader:
        rows, committed, streams = reader.rows(), reader.committed(), reader.streams()
    left = [path for path in folder.rglob("*") if path.suffix in {".jpg", ".part"}]
    archive.passing = lambda step: None
    out = commit(*items, memory={"score": {"k": b"v"}}, events=[("fresh", "score")])

    assert (rows, committed, streams, left) == ([], {"lobby": START}, [], [])
    assert [decision for _, decision in out] == ["kept", "unchanged", "kept", "end"]
    assert len(list(folder.rglob("*.jpg"))) == 2
    assert verify(folder).is_sound


def test_a_file_that_only_looks_like_a_leftover_is_not_touched(folder, child):
    """A crash leaves a name noted; whoever puts another file there keeps it, and the picture gets the next name."""
    child.work(1)
    with Reader(folder) as reader:
        ((file,), *_) = reader.catalogue.rows("SELECT file FROM pending ORDER BY file")
    (folder / file).parent.mkdir(parents=True)
    (folder / file).write_bytes(b"mine")

    assert child.work(float("inf")) == "done"
    assert (folder / file).read_bytes() == b"mine"
    with Reader(folder) as reader:
        assert reader.kept()[0].file == file.replace(".jpg", "-2.jpg")
