import json
import subprocess
import sys

import pytest

from keepframe.archive import Archive, Row
from keepframe.archive.reading import Reader
from keepframe.archive.summary import moment, sentence
from keepframe.frame import OUTCOMES

FIRST = (0, 1, 77)


@pytest.fixture
def filled(folder, archive, commit, item):
    """Two cameras: a video with two streams, and a live one with a run of drops and a frame in parts."""
    video = [
        item(0, source="a.mp4", index=0, media_ns=0, reason="first", scores={}),
        item(1, "unchanged", source="a.mp4", index=3, media_ns=10**9, scores={"ssim": 0.01}, threshold=0.05),
        item(
            2,
            source="a.mp4",
            index=6,
            media_ns=2 * 10**9,
            reason="changed",
            scores={"ssim": 0.4},
            threshold=0.05,
        ),
        item(3, "end"),
    ]
    commit(*video)
    archive.open("yard", FIRST, None)
    live = [
        item(0, camera="yard"),
        item(1, "dropped", count=3, camera="yard"),
        item(4, "failed", camera="yard"),
    ]
    archive.commit("yard", FIRST, (0, 4), live, {}, [("fresh", "score started fresh")])
    return folder


@pytest.fixture
def reader(filled):
    """The filled archive, read while it is open for writing."""
    with Reader(filled) as opened:
        yield opened


def test_kept_rows_carry_what_scripts_are_promised(reader, filled):
    """The contract of `list --json`: these keys, these types, and nothing where nothing is known."""
    told = json.loads(json.dumps([row.to_json() for row in reader.kept()]))

    first, second, live = told
    assert [(row["camera"], row["stream"], row["seq"]) for row in told] == [
        ("lobby", 0, 0),
        ("lobby", 0, 2),
        ("yard", 0, 0),
    ]
    assert (second["index"], second["media_seconds"], second["time"]) == (6, 2.0, "2023-11-14T22:13:22.000Z")
    assert (second["reason"], second["scores"], second["threshold"]) == ("changed", {"ssim": 0.4}, 0.05)
    assert second["bytes"] == (filled / second["file"]).stat().st_size
    assert len(second["sha256"]) == 64
    assert first["scores"] == {}
    assert live.keys().isdisjoint({"index", "media_seconds", "source", "threshold", "part", "count"})


def test_all_rows_carry_their_outcome(reader):
    """`list --all`: drops and failures as well; the end of a stream is no row."""
    rows = [row.to_json() for row in reader.rows()]

    assert [(row["outcome"], row.get("count", 1)) for row in rows] == [
        *[("kept", 1), ("unchanged", 1), ("kept", 1)],
        *[("kept", 1), ("dropped", 3), ("failed", 1)],
    ]


def test_rows_come_by_camera_then_time_then_seq(folder, archive, commit, item):
    """Not by the order of arrival."""
    commit(item(0, "filtered", time_ns=50), item(1, "filtered", time_ns=20), item(2, "filtered", time_ns=20))

    with Reader(folder) as reader:
        assert [row.seq for row in reader.rows()] == [1, 2, 0]


def test_what_is_stored_comes_back(reader):
    """Row to columns and back is the same row."""
    for row in reader.rows():
        stored = row.to_columns()

        assert Row.from_columns([int(v) if isinstance(v, bool) else v for v in stored]) == row


@pytest.mark.parametrize("name", ["lobby/0/2", "{file}", "{folder}/{file}", "{folder}/lobby/../{file}"])
def test_a_frame_is_found_by_its_name_or_its_file(reader, filled, name):
    """Relative to the archive, or any path that leads to the file."""
    file = reader.kept()[1].file

    assert reader.find(name.format(file=file, folder=filled)).at == (0, 2)


@pytest.mark.parametrize(("name", "seq"), [("yard/0/1", 1), ("yard/0/3", 1), ("yard/0/4", 4)])
def test_a_position_in_a_run_finds_the_run(reader, name, seq):
    """Each dropped frame has an answer, too."""
    assert reader.find(name).seq == seq


@pytest.mark.parametrize(
    "name",
    [
        "lobby/0/3",
        "lobby/7/0",
        "nobody/0/0",
        "lobby",
        "lobby/0",
        "x.jpg",
        "",
        "lobby/0/-1",
        "../x",
        "lobby/0/²",
        "a\0b",
    ],
)
def test_what_is_not_there_is_said_with_what_was_expected(reader, name):
    """One sentence; the user's text in it."""
    with pytest.raises(LookupError, match="expected CAMERA/STREAM/SEQ or a kept file"):
        reader.find(name)


def test_a_camera_with_a_slash_in_its_name_is_found(folder, archive, item):
    """The position is read from the end."""
    archive.open("a/1/2", FIRST, None)
    archive.commit("a/1/2", FIRST, (0, 0), [item(0, camera="a/1/2")], {}, [])

    with Reader(folder) as reader:
        assert reader.find("a/1/2/0/0").camera == "a/1/2"


def test_counts_are_of_frames_by_camera(reader):
    """Every outcome is named, also those that did not occur."""
    counts = reader.counts()

    assert {key: n for key, n in counts["lobby"].items() if n} == {"captured": 3, "kept": 2, "unchanged": 1}
    assert {key: n for key, n in counts["yard"].items() if n} == {
        "captured": 5,
        "kept": 1,
        "dropped": 3,
        "failed": 1,
    }
    assert set(counts["lobby"]) == {"captured", *OUTCOMES}
    assert list(counts["yard"])[:2] == ["captured", "kept"]
    assert list(reader.counts(streams={("yard", 0)})) == ["yard"]


def test_counts_since_a_commit_are_of_the_streams_worked_on(folder, archive, commit, item):
    """An interrupted stream counts as a whole when it goes on, if only with its end; what is over does not count again."""
    commit(item(0), item(1, "unchanged"))
    archive.open("yard", FIRST, None)
    archive.commit(
        "yard", FIRST, (0, 1), [item(0, "filtered", camera="yard"), item(1, "end", camera="yard")], {}, []
    )
    with Reader(folder) as reader:
        begun = reader.newest_commit()
        nothing = reader.counts(since_commit=begun)
    commit(item(1, "unchanged"))
    with Reader(folder) as reader:
        again = reader.counts(since_commit=begun)
    commit(item(2, "end"))

    assert begun == 2
    assert nothing == again == {}
    with Reader(folder) as reader:
        assert reader.counts(since_commit=begun) == {"lobby": reader.counts()["lobby"]}
        assert reader.counts(since_commit=begun)["lobby"]["captured"] == 2


def test_what_comes_behind_a_position_is_counted_alone(folder, commit, item):
    """However it stands to streams; of a camera without a position all."""
    commit(item(0), item(1, "unchanged"), item(2, "filtered"))

    with Reader(folder) as reader:
        assert reader.counts_behind({}) == reader.counts()
        assert reader.counts_behind({"lobby": (0, 0)})["lobby"]["captured"] == 2
        assert reader.counts_behind({"lobby": (0, 2)}) == {}


def test_positions_streams_and_events_can_be_read(reader):
    """What `top`, `list` and `why` build on."""
    assert reader.committed() == {"lobby": (0, 3), "yard": (0, 4)}
    assert [(s.camera, s.frames) for s in reader.streams()] == [("lobby", 3), ("yard", None)]
    (event,) = reader.events("yard")
    assert event.to_json() | {"time": ""} == {
        "time": "",
        "camera": "yard",
        "kind": "fresh",
        "text": "score started fresh",
    }
    assert reader.events("lobby") == []


def test_the_biggest_change_is_the_farthest_above_its_threshold(folder, commit, item):
    """By the score that decided: the one noted, else the greatest."""
    commit(
        item(0),
        item(1, scores={"ssim": 0.5}, threshold=0.05),
        item(2, scores={"ssim": 0.3}, threshold=0.01),
        item(3, scores={"ssim": 0.2, "mad": 9.0}, threshold=0.1, notes={"score": "ssim"}),
    )

    with Reader(folder) as reader:
        assert reader.biggest_change().seq == 2
        assert reader.biggest_change(since_commit=reader.newest_commit()) is None
        assert reader.biggest_change(behind={"lobby": (0, 2)}).seq == 3


def test_an_example_of_an_outcome_is_its_first_frame(folder, commit, item):
    """Of what has come since a commit, and none where there was none."""
    commit(
        item(0),
        item(1, outcome="rejected", reason="too-large", notes={"error": "too-large: 9x9"}),
        item(2, outcome="rejected", reason="corrupt"),
    )

    with Reader(folder) as reader:
        assert (reader.example("rejected").seq, reader.example("rejected").fault) == (1, "too-large: 9x9")
        assert reader.example("failed") is None
        assert reader.example("rejected", since_commit=reader.newest_commit()) is None


def test_a_folder_without_an_archive_is_one_clear_error(tmp_path):
    """For a folder, for nothing, for a file; and none of them becomes an archive."""
    (tmp_path / "file").touch()
    for place in (tmp_path, tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(FileNotFoundError, match="expected an archive, found no catalogue"):
            Reader(place)

    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_reading_changes_nothing(folder, item):
    """Not a byte, and no file is left behind."""
    with Archive(folder=folder) as archive:
        archive.open("lobby", FIRST, None)
        archive.commit("lobby", FIRST, (0, 0), [item(0)], {}, [])
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with Reader(folder) as reader:
        reader.kept()
        with pytest.raises(Exception, match="readonly"):
            reader.catalogue.run("DELETE FROM frame")

    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_another_process_reads_while_this_one_writes(filled):
    """And sees what was committed."""
    code = "import sys; from keepframe.archive.reading import Reader; print(len(Reader(sys.argv[1]).rows()))"
    said = subprocess.run([sys.executable, "-c", code, filled], capture_output=True, text=True, check=True)

    assert said.stdout == "6\n"


def test_a_run_is_told_in_one_sentence():
    """Plain numbers; nothing rounded to all or none that is not."""
    row = Row(
        camera="a", stream=0, seq=0, outcome="kept", time_ns=0, media_ns=46_900_000_000, index=9, file="x"
    )

    assert (
        sentence({"a": {"captured": 1394, "kept": 31}}, row)
        == "1,394 seen, 31 kept, 98 % not stored, biggest change at 0:46"
    )
    assert sentence({"a": {"captured": 2000, "kept": 1, "failed": 2}}).endswith(
        "over 99 % not stored, 2 failed"
    )
    assert sentence({"a": {"captured": 2000, "kept": 1999}}).endswith("under 1 % not stored")
    assert sentence({"a": {"captured": 3, "kept": 3}, "b": {"captured": 1, "kept": 1}}, row) == (
        "4 seen, 4 kept, 0 % not stored, biggest change at 0:46 of a"
    )
    assert sentence({}) == "nothing seen"
    assert moment(Row(camera="a", stream=0, seq=0, outcome="kept", time_ns=10**18)) == "01:46:40 UTC"
