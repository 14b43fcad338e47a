import pytest

from keepframe import capture

SOURCES = """
import numpy as np

class Door:
    is_live = True
    def __call__(self):
        yield np.zeros((4, 4), np.uint8)

def still(*, level: int = 0):
    yield np.full((4, 4), level, np.uint8)
"""


@pytest.fixture
def folder(folder):
    """A folder with a user's sources."""
    (folder / "door_for_cameras.py").write_text(SOURCES)
    return folder


@pytest.mark.parametrize(
    ("source", "policy", "is_live"),
    [
        ("source = 'video'\npath = 'x.mp4'", "block", False),
        ("source = 'folder'\npath = 'x'", "block", False),
        ("source = 'synthetic'", "latest", True),
        ("source = 'synthetic'\ncount = 3", "block", False),
        ("source = 'door_for_cameras:Door'", "latest", True),
        ("source = 'door_for_cameras:still'\nlevel = 3", "block", False),
        ("source = 'synthetic'\npolicy = 'block'", "block", True),
        ("source = 'video'\npath = 'x.mp4'\npolicy = 'latest'", "latest", False),
    ],
)
def test_what_ends_is_lossless_and_what_lives_is_new_unless_it_is_said(loaded, source, policy, is_live):
    """Files and folders wait, live cameras go on with the newest."""
    camera = loaded(f"[cameras.a]\n{source}").cameras["a"]

    assert (camera.policy, camera.is_live) == (policy, is_live)


def test_many_cameras_share_one_path(loaded):
    """They stand in the order of the file."""
    text = "".join(f"[cameras.c{i}]\nsource = 'synthetic'\n" for i in (2, 0, 1))

    assert list(loaded(text).cameras) == ["c2", "c0", "c1"]


@pytest.mark.parametrize("name", ["a", "A-b_c", "0", "x" * 64])
def test_a_good_name_is_taken(loaded, name):
    """Letters, digits, - and _."""
    assert list(loaded(f"[cameras.{name}]\nsource = 'synthetic'").cameras) == [name]


@pytest.mark.parametrize("name", ["", "-a", "a.b", "../x", "x" * 65, "ä", "a b", "a\\n"])
def test_a_bad_name_is_refused(problems, name):
    """A name becomes a folder, a socket and a part of a command: nothing else may be in it."""
    (told,) = problems(f"[cameras.\"{name}\"]\nsource = 'synthetic'")

    assert told.endswith(
        ": expected a name of 1 to 64 letters, digits, - and _, beginning with a letter or digit"
    )


def test_an_unknown_source_is_answered_with_the_sources(problems):
    """Not with stages, which cannot stand there."""
    assert problems("[cameras.a]\nsource = 'lidar'") == [
        f"cameras.a.source: nothing is named 'lidar'; known: {', '.join(capture.__all__)} (your own: \"module:attribute\")"
    ]


@pytest.mark.parametrize(
    ("source", "write"),
    [
        ("rtsp://door.lan/1", 'source = "rtsp" and url = "rtsp://door.lan/1"'),
        ("http://door.lan/snap.jpg", 'source = "http" and url = "http://door.lan/snap.jpg"'),
        ("/dev/video0", 'source = "webcam" and device = "/dev/video0"'),
        ("clips/none.mp4", 'source = "video" and path = "clips/none.mp4"'),
        ("none.mkv", 'source = "video" and path = "none.mkv"'),
        ("~/none/pictures", 'source = "folder" and path = "~/none/pictures"'),
        (".", 'source = "folder" and path = "."'),
        ("2", 'source = "webcam" and device = "/dev/video2"'),
    ],
)
def test_a_place_instead_of_a_source_is_answered_with_what_to_write(problems, source, write):
    """`keepframe watch` takes places, so people write them here too."""
    assert problems(f"[cameras.a]\nsource = '{source}'") == [
        f"cameras.a.source: {source} says where, not what reads it; write {write}"
    ]


def test_a_module_with_a_dot_for_a_colon_is_no_path(problems):
    """It is answered with how one's own source is written."""
    (told,) = problems("[cameras.a]\nsource = 'mine.camera'")

    assert told.endswith('(your own: "module:attribute")')


def test_a_password_in_an_address_is_not_said_again(problems):
    """Instead of a source, too."""
    (told,) = problems("[cameras.a]\nsource = 'rtsp://me:secret@door.lan/1'")

    assert "a password in an address" in told
    assert "secret" not in told


def test_a_misspelt_source_key_is_pointed_at(problems):
    """The key that is there is the likely cause of the one that is missing."""
    (told,) = problems("[cameras.a]\nsorce = 'video'\npath = 'x.mp4'")

    assert told.startswith("cameras.a.source: missing; ")
    assert told.endswith("; is 'sorce' meant to be it?")


def test_the_pipe_can_be_read_by_one_camera(problems, loaded):
    """Every further one is told, beside whatever else is wrong."""
    pipe = "source = 'stdin'\n"
    text = f"[cameras.a]\n{pipe}[cameras.b]\n{pipe}[cameras.c]\n{pipe}every = 'soon'"
    already = "expected one camera that reads the pipe, cameras.a does already; run this one as a pipeline of its own"

    assert problems(text) == [
        "cameras.c.every: expected a duration like '1s', '500ms' or seconds above 0, got 'soon'",
        f"cameras.b.source: {already}",
        f"cameras.c.source: {already}",
    ]
    assert list(loaded(f"[cameras.a]\n{pipe}").cameras) == ["a"]
