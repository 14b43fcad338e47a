import hashlib
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from keepframe.cli import main

sys.path.insert(0, str(Path(__file__).parents[1] / "capture"))

from servers import HttpCamera, jpeg

PASSWORD = "s3cret pass"


@pytest.fixture
def snap(tmp_path, monkeypatch):
    """A function that runs `keepframe snap` in a folder of the test."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, ["snap", *words])


def test_a_camera_s_picture_is_written_byte_for_byte(snap, tmp_path, monkeypatch):
    """With a login from the environment; what is said names file, size and bytes."""
    monkeypatch.setenv("KEEPFRAME_PASSWORD", PASSWORD)
    with HttpCamera(login="digest", password=PASSWORD) as camera:
        done = snap(camera.url(userinfo="admin@"), "door.jpg")

    data = (tmp_path / "door.jpg").read_bytes()
    assert done.output == f"door.jpg  64x48, {len(data)} bytes\n"
    assert hashlib.sha256(data).hexdigest() == camera.sent[0]


def test_without_a_name_it_is_called_after_the_camera_and_the_time(snap, tmp_path):
    """So that a second one does not replace it."""
    done = snap("synthetic")
    (file,) = tmp_path.glob("synthetic-*.jpg")

    assert done.exit_code == 0
    assert cv2.imread(str(file)).shape == (240, 320, 3)


def test_a_png_and_stdout(snap, tmp_path):
    """A lossless file, and a pipe."""
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.jpg").write_bytes(jpeg())
    snap("pictures", "a.png")
    piped = snap("pictures", "-")

    assert piped.stdout_bytes == jpeg()
    assert np.array_equal(
        cv2.imread(str(tmp_path / "a.png"), 0), cv2.imread(str(tmp_path / "pictures" / "a.jpg"), 0)
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["/dev/video97"],
            "/dev/video97: there is no such device; `keepframe cameras` lists what is attached",
        ),
        (["http://127.0.0.1:1/"], "http://127.0.0.1:1/: cannot be reached (Connection refused)"),
        (["rtsp://127.0.0.1:1/"], "rtsp://127.0.0.1:1/: cannot be reached or read (Connection refused)"),
        (["nowhere"], "nowhere: there is no such file or folder; expected 0 or /dev/video0 (webcam)"),
        (["ftp://cam/"], "'ftp://cam/': no source reads ftp://"),
        (["empty"], "empty: there is no picture"),
        (["synthetic", "x.gif"], "x.gif: expected a name that ends in .jpg or .png"),
    ],
)
def test_what_gives_no_picture_is_told_in_one_line(words, told, snap, tmp_path):
    """On stderr, and exit code 1."""
    (tmp_path / "empty").mkdir()
    done = snap(*words)

    assert done.exit_code == 1
    assert done.stderr.startswith(f"keepframe: {told}")
    assert done.stderr.count("\n") == 1


def test_an_option_of_the_source_can_be_set(snap, tmp_path):
    """As in a pipeline, without the camera's name; a wrong one is told as there."""
    (tmp_path / "word").write_text(PASSWORD)
    with HttpCamera(login="basic", password=PASSWORD) as camera:
        done = snap(camera.url(), "x.jpg", "--set", "user=admin", "--set", "password_file=word")
    wrong = snap("synthetic", "--set", "sed=3")

    assert done.exit_code == 0
    assert "did you mean 'seed'?" in wrong.stderr
    assert wrong.exit_code == 78


def test_pictures_that_are_no_good_are_told_in_the_end(snap):
    """Some of a camera's first ones may be; not all."""
    with HttpCamera(body=jpeg()[:-200], pause_s=0.001) as camera:
        done = snap(camera.url("video"))

    assert "no whole picture among 50; the last one: truncated" in done.stderr
