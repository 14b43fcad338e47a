"""Labels as they are written down: beside a clip, in a folder, in a folder of folders."""

from pathlib import Path

import pytest

from keepframe.measure.labels import labelled

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"


@pytest.fixture
def written(tmp_path):
    """Write files into a folder and return the folder."""

    def written(**files):
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/").replace("_csv", ".csv").replace("_mp4", ".mp4")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return written


@pytest.mark.parametrize("name", ["", "lobby.events.csv", "lobby.quiet.csv"])
def test_the_shipped_labels_are_read_from_folder_and_file(name):
    """Six visits and seven quiet stretches, with the clip beside them."""
    (found,) = labelled(ROOT / "examples" / name)

    assert (found.name, len(found.events), len(found.quiet)) == ("lobby", 6, 7)
    assert found.clip == ROOT / "examples" / "lobby.mp4"
    assert found.events[0] == (60, 199)


def test_a_line_for_each_picture_gives_events_and_quiet_stretches(written):
    """Motion after something static is an event, ten static pictures a quiet stretch."""
    marks = ["static"] * 12 + ["uncertain"] + ["motion"] * 6 + ["static"] * 3
    folder = written(
        frames_csv="frame,label\n" + "".join(f"{n},{mark}\n" for n, mark in enumerate(marks)), a_mp4=""
    )
    (found,) = labelled(folder)

    assert found.events == ((13, 18),)
    assert found.quiet == ((0, 11),)
    assert found.clip == folder / "a.mp4"
    assert labelled(folder / "frames.csv") == [found]


def test_a_clip_that_is_always_busy_has_no_event(written):
    """Nobody can say when it began."""
    folder = written(frames_csv="frame,label\n" + "".join(f"{n},motion\n" for n in range(20)))

    assert labelled(folder)[0].events == ()


def test_events_that_were_labelled_apart_and_listed_quiet_stretches_win(written):
    """What a person has written down goes before what follows from the pictures."""
    rows = "frame,label\n" + "".join(f"{n},static\n" for n in range(30))
    index = '{"quiet_segments": [{"clip": "a", "first_frame": 3, "last_frame": 9}]}'
    folder = written(
        a__frames_csv=rows, a__events_csv="first_frame,last_frame,what\n10,12,cat\n", b__frames_csv=rows
    )
    (folder / "index.json").write_text(index)
    a, b = labelled(folder)

    assert (a.name, a.events, a.quiet) == ("a", ((10, 12),), ((3, 9),))
    assert (b.name, b.events, b.quiet) == ("b", (), ())


def test_snapshots_have_their_files(written):
    """In the order of the lines, from the folder or one in it."""
    folder = written(frames_csv="frame,label,file\n0,quiet,x.jpg\n1,change,y.jpg\n", shots__x_jpg="")
    (folder / "shots" / "x_jpg").rename(folder / "shots" / "x.jpg")
    (found,) = labelled(folder)

    assert (found.marks, found.files, found.clip) == (
        ("quiet", "change"),
        ("x.jpg", "y.jpg"),
        folder / "shots",
    )


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "nothing is labelled here; expected CLIP.events.csv and CLIP.quiet.csv, or frames.csv"),
        ({"a.events_csv": "first,last\n"}, "a.events.csv: expected the columns first_frame, last_frame; missing: first_frame, last_frame"),
        ({"a.events_csv": "first_frame,last_frame\n1,x\n"}, "a.events.csv:2: last_frame: expected a picture number from 0, got 'x'"),
        ({"a.quiet_csv": "first_frame,last_frame\n1,2\n9,2\n", "a.events_csv": "first_frame,last_frame\n"}, r"a.quiet.csv:3: expected first_frame up to last_frame, got \(9, 2\)"),
        ({"frames_csv": "frame,label\n0,static\n2,static\n"}, "frames.csv:3: frame: expected 1, got '2'"),
    ],
)  # fmt: skip
def test_what_is_no_label_is_told(written, files, message):
    """With file, line and column."""
    folder = written(**files)

    with pytest.raises((ValueError, FileNotFoundError), match=message):
        labelled(folder)


def test_another_file_or_none_is_told(tmp_path):
    """With what was expected."""
    (tmp_path / "x.txt").touch()

    with pytest.raises(ValueError, match=r"x\.txt: expected labels"):
        labelled(tmp_path / "x.txt")
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        labelled(tmp_path / "y")


def test_the_data_set_is_read_as_its_own_scorer_reads_it():
    """Clips, events and quiet stretches; checked where it lies beside the checkout."""
    if not DATA.exists():
        pytest.skip(f"no data set: {DATA} is absent")
    found = {one.name: one for one in labelled(DATA)}

    assert len(found["cdnet_traffic_jitter"].events) == 12
    assert found["cdnet_traffic_jitter"].quiet == ((899, 950), (1312, 1328))
    assert len(found["intel_one_by_one_person"].quiet) == 7
    assert found["wallflower_waving_trees"].events == ((243, 259),)
    assert len(found["webcam_site_june14_16"].files) == 244
