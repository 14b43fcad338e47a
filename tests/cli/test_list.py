import hashlib
import json

from click.testing import CliRunner

from keepframe.archive import Archive
from keepframe.cli import main

KEYS = {
    "camera",
    "stream",
    "seq",
    "index",
    "time",
    "media_seconds",
    "file",
    "reason",
    "scores",
    "bytes",
    "sha256",
}


def test_kept_frames_are_an_array_for_scripts(told, archive):
    """Ordered, with every key of the contract; files relative to the folder, as they are on the disk."""
    code, rows = told("list", archive)

    assert code == 0
    assert [(row["seq"], row["reason"]) for row in rows] == [(0, "first"), (2, "changed")]
    assert all(set(row) >= KEYS for row in rows)
    for row in rows:
        data = (archive / row["file"]).read_bytes()
        assert (row["bytes"], row["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert rows[1]["time"] == "2023-11-14T22:13:22.000Z"
    assert rows[1]["scores"] == {"ssim-tile": 0.75, "mse": 0.1}


def test_every_row_is_told_if_asked_for(told, archive):
    """With its outcome; a run of drops with its count."""
    _, rows = told("list", archive, "--all")

    assert [row["outcome"] for row in rows] == [
        "kept",
        "unchanged",
        "kept",
        "filtered",
        "rejected",
        "failed",
        "dropped",
    ]
    assert rows[-1]["count"] == 3


def test_people_get_a_table(call, archive):
    """A line for each kept frame: what it is called, when, why, how far it differed, where its picture is."""
    lines = call("list", archive).stdout.splitlines()

    assert lines[0].split() == ["FRAME", "TIME", "REASON", "SCORE", "FILE"]
    assert lines[2].split() == [
        "lobby/0/2",
        "2023-11-14T22:13:22.000Z",
        "changed",
        "0.75",
        "lobby/2023-11-14/22-13-22.000_0-000002.jpg",
    ]
    assert len(lines) == 3


def test_the_table_of_all_rows_names_outcomes(call, archive):
    """No colour and no trailing blanks where nobody looks."""
    text = call("list", archive, "--all").stdout

    assert "dropped ×3" in text
    assert "\x1b" not in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_the_table_of_all_rows_says_where_a_frame_came_from_and_whether_its_picture_is_gone(call, archive):
    """So that a rejected file can be found, and a deleted picture is not looked for."""
    next(archive.rglob("*_0-000002.jpg")).unlink()
    call("verify", archive, "--repair")
    lines = call("list", archive, "--all").stdout.splitlines()

    assert lines[0].split() == ["FRAME", "TIME", "OUTCOME", "REASON", "SCORE", "SOURCE", "FILE"]
    assert "lobby/2023-11-14/22-13-22.000_0-000002.jpg (gone: missing)" in lines[3]


def test_json_is_one_line(archive):
    """Also with what is not ASCII; numbers stay numbers."""
    text = CliRunner().invoke(main, ["list", str(archive), "--json"]).stdout

    assert text.count("\n") == 1
    assert isinstance(json.loads(text)[0]["bytes"], int)


def test_events_are_listed_if_asked_for(call, told, archive):
    """Oldest first, with camera, kind and what is known of it."""
    nothing = call("list", archive, "--events")
    with Archive(folder=archive) as opened:
        opened.open("lobby", (0, 2, 8), None)
        opened.commit("lobby", (0, 2, 8), (0, 9), [], {}, [("lost", "no answer"), ("found", "after 3 s")])
    code, events = told("list", archive, "--events")
    lines = call("list", archive, "--events").stdout.splitlines()

    assert nothing.stdout == f"{archive}: nothing has happened beside the account\n"
    assert code == 0
    assert [(e["camera"], e["kind"], e["text"]) for e in events] == [
        ("lobby", "lost", "no answer"),
        ("lobby", "found", "after 3 s"),
    ]
    assert lines[0].split() == ["TIME", "CAMERA", "EVENT", "DETAIL"]
    assert lines[1].endswith("lobby   lost   no answer")
