import json

import numpy as np
import pytest

from keepframe.archive import Archive
from keepframe.frame import Frame, Item
from keepframe.picture import Picture


@pytest.fixture
def archive(tmp_path):
    """An archive with two frames in quarantine."""
    frames = [
        Frame(
            camera="lobby",
            seq=seq,
            time_ns=seq * 10**9,
            picture=Picture.of(np.full((8, 12), seq, np.uint8)),
            outcome="failed",
            reason=f"poison: {killed} died with it in hand, 3 times",
        )
        for seq, killed in enumerate(["score", "preprocess"])
    ]
    with Archive(folder=tmp_path / "archive") as opened:
        opened.open("lobby", (0, 1, 7), None)
        opened.commit("lobby", (0, 1, 7), (0, 1), [Item((frame,)) for frame in frames], {}, [])
    return "archive"


def test_the_list_shows_frame_time_stage_and_size(call, archive):
    """What one needs to decide: which frame, when, which stage died over it, how large."""
    call("quarantine", archive, "retry", "lobby/0/1")

    lines = call("quarantine", archive, "list").stdout.splitlines()

    assert lines[0].split() == ["FRAME", "TIME", "KILLED", "SIZE", "RETRY", "FILE"]
    assert lines[1].startswith("lobby/0/0  1970-01-01T00:00:00.000Z  score       12x8, ")
    assert lines[1].endswith("-           quarantine/lobby_0-000000.frame")
    assert "next start" in lines[2]


def test_the_list_for_scripts_has_everything(told, archive):
    """Rows as `list --json` has them, with frame, stage and mark."""
    code, found = told("quarantine", archive, "list", "lobby/0/1")

    assert code == 0
    assert [(e["frame"], e["stage"], e["is_marked"], e["outcome"]) for e in found] == [
        ("lobby/0/1", "preprocess", False, "failed")
    ]


def test_retry_marks_and_drop_deletes(call, told, archive, tmp_path):
    """One frame by name, or all; each says what is done."""
    done = call("quarantine", archive, "retry", "lobby/0/0")

    assert done.stdout == "lobby/0/0: will be tried again when its camera next starts\n"
    assert [e["is_marked"] for e in told("quarantine", archive, "list")[1]] == [True, False]

    done = call("quarantine", archive, "drop", "--all")

    assert (
        done.stdout == "lobby/0/0: dropped; its row stays failed\nlobby/0/1: dropped; its row stays failed\n"
    )
    assert list((tmp_path / "archive" / "quarantine").iterdir()) == []
    assert call("quarantine", archive).stdout == "archive: nothing in quarantine\n"
    assert call("quarantine", archive, "drop", "--all").stdout == "archive: nothing in quarantine\n"


@pytest.mark.parametrize("action", ["retry", "drop"])
def test_nothing_happens_to_all_frames_by_accident(action, call, told, archive):
    """Without a name it takes --all, and not both."""
    for more in ([], ["lobby/0/0", "--all"]):
        done = call("quarantine", archive, action, *more)

        assert done.exit_code == 2
        assert f"{action}: name the frames, or say --all" in done.stderr
    assert len(told("quarantine", archive, "list")[1]) == 2


@pytest.mark.parametrize("action", ["list", "retry", "drop"])
def test_a_frame_that_is_not_there_is_told(action, call, archive):
    """One line, exit 1."""
    done = call("quarantine", archive, action, "lobby/0/9")

    assert done.exit_code == 1
    assert "no frame 'lobby/0/9' in quarantine" in done.stderr


def test_a_folder_without_an_archive_is_told(call, tmp_path):
    """And does not become one."""
    done = call("quarantine", ".", "drop", "--all")

    assert done.exit_code == 1
    assert "expected an archive" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_why_knows_a_quarantined_frame(call, archive):
    """What it means, and where its picture is."""
    done = call("why", archive, "lobby/0/0")

    assert "it killed the process working on it" in done.stdout
    assert "in quarantine)" in done.stdout
    call("quarantine", archive, "drop", "lobby/0/0")
    assert "was in quarantine; gone: dropped)" in call("why", archive, "lobby/0/0").stdout
    assert json.loads(call("why", archive, "lobby/0/0", "--json").stdout)["gone"] == "dropped"
