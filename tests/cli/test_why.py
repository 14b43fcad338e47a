import sqlite3

import pytest

from keepframe.archive import Row
from keepframe.cli.why import decided, learned


def test_the_arithmetic_is_done_again(call, archive):
    """Score, threshold and what follows, with all digits, from what is stored."""
    done = call("why", archive, "lobby/0/2")

    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "lobby/0/2: kept, changed: the score was above the threshold",
        "  taken          2023-11-14T22:13:22.000Z, 2.000 s into the video, clip.mp4, number 2 (from 0)",
        "  compared with  lobby/0/0",
        "  score          ssim-tile 0.75",
        "  score          mse 0.1",
        "  arithmetic     ssim-tile 0.75 > threshold 0.5: changed, as it is written",
        "  noted          score = ssim-tile",
        "  file           lobby/2023-11-14/22-13-22.000_0-000002.jpg (333 B, 12x8, encoded by the archive)",
    ]


def test_a_file_names_its_frame(told, archive):
    """A kept picture is enough to ask about it: relative to the archive, or any path to it."""
    picture = next(archive.rglob("*_0-000000.jpg"))

    assert told("why", archive, picture)[1]["seq"] == 0
    assert told("why", archive, picture.relative_to(archive))[1]["seq"] == 0


@pytest.mark.parametrize(
    ("seq", "first_line"),
    [
        (0, "kept, first: there was nothing to compare with"),
        (1, "unchanged: the score was not above the threshold"),
        (3, "filtered, mine:dark: a stage let it go"),
        (4, "rejected, corrupt: it was no valid picture"),
        (5, "failed, blur: ValueError: expected something else: a stage raised an error over it"),
        (7, "dropped, latest: the pipeline was busy, and the camera's policy is to go on with newer frames"),
    ],
)
def test_every_outcome_is_explained(call, archive, seq, first_line):
    """In words; a drop is found within its run."""
    done = call("why", archive, f"lobby/0/{seq}")

    assert done.exit_code == 0
    assert done.stdout.splitlines()[0].partition(": ")[2] == first_line


def test_scripts_get_the_row_and_the_decision(told, archive):
    """The row as `list --all` has it, and the verdict done again."""
    _, row = told("why", archive, "lobby/0/1")

    assert row["outcome"] == "unchanged"
    assert row["decision"] == {
        "score": "ssim-tile",
        "value": 0.25,
        "threshold": 0.5,
        "follows": "unchanged",
        "agrees": True,
    }


def test_a_frame_without_a_threshold_has_no_decision(told, archive):
    """The first one is kept without one."""
    assert told("why", archive, "lobby/0/0")[1]["decision"] is None


def test_a_row_that_contradicts_its_numbers_is_told(call, archive):
    """Whoever changed the catalogue by hand is found out."""
    with sqlite3.connect(archive / "catalogue.sqlite") as catalogue:
        catalogue.execute("UPDATE frame SET threshold = 0.1 WHERE seq = 1")
    catalogue.close()
    done = call("why", archive, "lobby/0/1")

    assert done.exit_code == 1
    assert "ssim-tile 0.25 > threshold 0.1: changed, but NOT as it is written" in done.stdout


def test_an_unknown_frame_is_told(call, archive):
    """With what may be named."""
    done = call("why", archive, "lobby/0/99")

    assert done.exit_code == 1
    assert (
        "no frame or file 'lobby/0/99'; the newest: lobby/0/8; expected CAMERA/STREAM/SEQ or a kept file"
        in done.stderr
    )


def test_without_a_frame_it_says_why_so_little_or_so_much(call, archive):
    """Sentences for each camera, with what to do."""
    done = call("why", archive)
    lines = done.stdout.splitlines()

    assert done.exit_code == 0
    assert lines[:2] == ["lobby", "  2 of 9 frames kept (22 %)"]
    assert "  33 % of the frames were dropped, mostly 'latest'" in lines


def test_scripts_get_the_findings(told, archive):
    """Each with its camera and kind."""
    _, found = told("why", archive, "--camera", "lobby", "--last", "1h")

    assert [finding["kind"] for finding in found][:2] == ["kept", "rejected"]
    assert {finding["camera"] for finding in found} == {"lobby"}


def test_a_window_and_a_frame_exclude_each_other(call, archive):
    """A frame is one frame."""
    assert (
        "--camera and --last go without a frame" in call("why", archive, "lobby/0/1", "--last", "1h").stderr
    )


@pytest.mark.parametrize(
    ("reason", "outcome", "score", "follows", "agrees"),
    [
        ("changed", "kept", 0.6, "changed", True),
        ("changed", "kept", 0.4, "unchanged", False),
        ("unconfirmed", "unchanged", 0.6, "unconfirmed", True),
        ("too-soon", "unchanged", 0.4, "unchanged", False),
        ("spent", "kept", 0.6, "spent", False),
        ("due", "kept", 0.4, "unchanged, but due goes before", True),
        ("repeated", "unchanged", 0.6, "changed, but repeated goes before", True),
        ("light", "kept", 0.1, "unchanged, but light goes before", True),
        ("blur: ValueError: expected something else", "failed", 0.6, "changed", True),
    ],
)
def test_what_stands_around_the_threshold_is_done_again_too(reason, outcome, score, follows, agrees):
    """What holds a change back was above it; what goes before did not ask."""
    row = Row(camera="a", stream=0, seq=1, outcome=outcome, reason=reason, threshold=0.5, scores={"mse": score}, time_ns=0)  # fmt: skip
    found = decided(row)

    assert (found.follows, found.agrees) == (follows, agrees)


def test_a_learned_threshold_is_multiplied_out():
    """From what is usual, its spread, and how far is far; the noise model's own is told."""
    notes = {"usual": 1.5, "spread": 0.25, "far": 2.0, "state": "extrapolated"}
    row = Row(camera="a", stream=0, seq=1, outcome="unchanged", threshold=3.5, notes=notes, time_ns=0)

    assert (
        learned(row) == "usual 1.5 x exp(spread 0.25 x far 2) = 2.473, but the noise model's 3.5 goes before"
    )
    assert learned(Row(camera="a", stream=0, seq=1, outcome="unchanged", threshold=3.5, time_ns=0)) is None


@pytest.mark.parametrize(
    ("threshold", "words"),
    [
        (2.7673, "= 2.473, but the noise model's 4 x 0.6918 for 10 false keeps a day = 2.767 goes before"),
        (2.07547, "= 2.473, but it is not let rise above 2 x 0.6918 for 10 false keeps a day x 1.5 as it is counted = 2.075"),
    ],
)  # fmt: skip
def test_what_a_preset_makes_of_the_metrics_own_threshold_is_multiplied_out(threshold, words):
    """Whether it goes before what was learned, or bounds it."""
    notes = {
        "usual": 1.5,
        "spread": 0.25,
        "far": 2.0,
        "model": 4.0 if threshold > 2.5 else 2.0,
        "wanted": 10.0,
    }
    row = Row(camera="a", stream=0, seq=1, outcome="unchanged", threshold=threshold, notes=notes, time_ns=0)

    assert (learned(row) or "").endswith(words)
