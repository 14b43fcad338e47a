import os

import pytest

from keepframe.config.places import missing_places

SOURCE = "from pathlib import Path\ndef door(*, path: Path):\n    yield from ()\n"


@pytest.fixture
def missing(loaded):
    """What a pipeline would not find."""
    return lambda text, *sets: missing_places(loaded(text, *sets))


def test_a_missing_file_or_folder_is_told(missing, folder):
    """Each with its key path; so is a file that is no video, before anything is started for it."""
    (folder / "there.mp4").touch()
    text = "".join(
        f"[cameras.{name}]\nsource = '{source}'\npath = '{path}'\n"
        for name, source, path in [
            ("a", "video", "x.mp4"),
            ("b", "folder", "y"),
            ("c", "video", "there.mp4"),
            ("d", "video", "words.mp4"),
        ]
    )
    (folder / "words.mp4").write_text("these are words")

    assert missing(text) == [
        f"cameras.a.path: expected a file or folder, there is no {folder / 'x.mp4'}",
        f"cameras.b.path: expected a file or folder, there is no {folder / 'y'}",
        f"cameras.c.path: {folder / 'there.mp4'}: expected a video, got an empty file",
        f"cameras.d.path: {folder / 'words.mp4'}: expected a video, got a file that cannot be read as one "
        "(Invalid data found when processing input)",
    ]


def test_a_folder_for_a_file_and_a_file_for_a_folder_are_told(missing, folder):
    """With the source that reads what is there."""
    (folder / "there.mp4").touch()
    (folder / "there").mkdir()

    assert missing(
        "[cameras.a]\nsource = 'folder'\npath = 'there.mp4'\n[cameras.b]\nsource = 'video'\npath = 'there'"
    ) == [
        f"cameras.a.path: expected a folder of pictures, {folder / 'there.mp4'} is a file; "
        "a video is read with source = 'video'",
        f"cameras.b.path: expected a video file, {folder / 'there'} is a folder; "
        "its pictures are read with source = 'folder'",
    ]


def test_a_link_to_nowhere_is_told(missing, folder):
    """It is there, and nothing is behind it."""
    (folder / "clip.mp4").symlink_to("gone.mp4")

    assert missing("[cameras.a]\nsource = 'video'\npath = 'clip.mp4'") == [
        f"cameras.a.path: {folder / 'clip.mp4'} cannot be read (permission denied, or a link to nowhere)"
    ]


def test_a_users_own_source_is_left_alone(missing, folder):
    """Its path may be one that it makes."""
    (folder / "door_for_places.py").write_text(SOURCE)

    assert missing("[cameras.a]\nsource = 'door_for_places:door'\npath = 'x'") == []


def test_an_archive_that_cannot_be_made_is_told(missing, folder):
    """Something that is no folder stands in the way; folders that are not there yet are made."""
    (folder / "file").touch()
    camera = "[cameras.a]\nsource = 'synthetic'\n"

    assert missing(camera, "stages.archive.folder=new/and/deep") == []
    assert missing(camera, "stages.archive.folder=file/archive") == [
        f"stages.archive.folder: expected a folder, but {folder / 'file'} is something else"
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_archive_that_may_not_be_written_is_told(missing, folder):
    """Before a process could stumble over it."""
    (folder / "closed").mkdir(mode=0o500)

    assert missing("[cameras.a]\nsource = 'synthetic'\n", "stages.archive.folder=closed/archive") == [
        f"stages.archive.folder: {folder / 'closed'} cannot be written "
        "(permission denied, or a file system that is read-only)"
    ]
