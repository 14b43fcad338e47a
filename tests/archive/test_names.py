import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.archive import Archive
from keepframe.archive.names import DEFAULT, FIELDS, MAX_BYTES, Template
from keepframe.archive.verify import verify
from keepframe.frame import Frame

HOSTILE = [
    "../../etc/passwd",
    "/etc/passwd",
    "a/b",
    "..",
    ".",
    ".hidden",
    "-rf",
    "a\0b",
    "a\nb",
    "x" * 5000,
    "ü" * 400,
]
HOSTILE += [
    "{camera}",
    "%s",
    "C:\\x",
    "\udcff",
    "lost+found",
    "quarantine",
    "CON ",
    "a.",
    "catalogue.sqlite",
    ".lock",
]


def test_the_default_sorts_by_time_and_tells_the_frame():
    """A person can browse it, and find the row from it."""
    frame = Frame(camera="lobby", stream=2, seq=31, time_ns=1_700_000_000_250_000_000)

    assert Template(DEFAULT).name(frame) == "lobby/2023-11-14/22-13-20.250_2-000031"


@given(text=st.text(max_size=300) | st.sampled_from(HOSTILE), seq=st.integers(0, 10**9))
def test_no_field_leads_out_of_the_folder(text, seq):
    """Whatever a camera or a file is called, the name has the template's depth and no part that means something else."""
    frame = Frame(camera=text, source=text, reason=text, part=text, seq=seq)
    name = Template("{camera}/{source}-{index}/{reason}_{part}/{camera}").name(frame)

    assert len(name.split("/")) == 4
    for part in name.split("/"):
        assert part not in {"", ".", ".."}
        assert not part.startswith((".", "-"))
        assert len(os.fsencode(part)) <= MAX_BYTES
        assert "\0" not in part


@pytest.mark.parametrize("camera", HOSTILE)
def test_a_picture_of_a_hostile_camera_stays_in_the_archive(tmp_path, item, camera):
    """The name in the account is the camera's own; the file's is harmless."""
    folder = tmp_path / "a" / "archive"
    with Archive(folder=folder) as archive:
        archive.open(camera, (0, 1, 0), None)
        out = archive.commit(camera, (0, 1, 0), (0, 0), [item(0, camera=camera)], {}, [])

    assert out == [((0, 0), "kept")]
    assert verify(folder).problems == []
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["archive"]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{nobody}", "unknown field '{nobody}' in '{nobody}'; known: camera, date"),
        ("{camera.__class__}", "unknown field"),
        ("{camera!r}", "unknown field"),
        ("{seq:04}", "unknown field"),
        ("{}", "unknown field"),
        ("{camera", "expected fields like {camera}"),
        ("camera}", "expected fields like {camera}"),
        ("a\\b", "expected fields like {camera}"),
        ("a\0b", "expected fields like {camera}"),
        ("/abs/{seq}", "may be empty or begin with a dot"),
        ("{camera}//{seq}", "may be empty or begin with a dot"),
        ("{camera}/", "may be empty or begin with a dot"),
        ("", "may be empty or begin with a dot"),
        ("../{camera}", "may be empty or begin with a dot"),
        ("{camera}/../../{seq}", "may be empty or begin with a dot"),
        (".{camera}", "may be empty or begin with a dot"),
        ("lost+found/{camera}", "'lost+found' in"),
        ("index.html/{camera}", "'index.html' in"),
    ],
)
def test_a_template_that_cannot_be_is_refused_at_once(template, text):
    """Before anything starts, with what is wrong in it."""
    with pytest.raises(ValueError, match=r"^name: ") as refused:
        Archive(name=template)

    assert text in str(refused.value)


def test_every_field_can_be_used():
    """Also where a frame does not know it."""
    frame = Frame(camera="c", source="dir/IMG 7.jpeg", index=4, reason="changed", part="0.1", time_ns=10**18)
    name = Template("-".join(f"{{{field}}}" for field in FIELDS)).name(frame)
    bare = Template("{part}{index}{source}").name(Frame(camera="c"))

    assert name == "c-2001-09-09-01-46-40.000-2001-09-09-01-0-000000-0.1-IMG_7-000004-changed"
    assert bare == "_"


def test_parts_get_names_of_their_own():
    """Two parts of one frame differ, whether the template thinks of it or not."""
    names = {Template("{camera}/{seq}").name(Frame(camera="c", part=part)) for part in ("", "0", "0.1")}

    assert names == {"c/000000", "c/000000-0", "c/000000-0.1"}
