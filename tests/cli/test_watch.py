"""A camera without a TOML: what it says, what it writes, how it ends."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest

from keepframe.archive.reading import Reader
from keepframe.capture.naming import Named
from keepframe.cli.watch import pipeline_text, write_new
from keepframe.config import load
from keepframe.frame import OUTCOMES

CLIP = Path(__file__).parents[2] / "examples" / "lobby.mp4"


def scene(height, width, *, is_there):
    """A wall, and a thing that stands before it or not."""
    image = np.full((height, width), 90, np.uint8)
    if is_there:
        image[height // 3 : height * 2 // 3, width // 3 : width // 2] = 200
    return image


@pytest.fixture
def pictures(tmp_path):
    """Make a folder with three pictures; the last one differs."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, is_there in enumerate((False, False, True)):
        cv2.imwrite(str(folder / f"{number}.png"), scene(90, 160, is_there=is_there))
    return folder


@pytest.fixture
def keepframe(tmp_path, runtime):
    """Start the command in an empty folder; whatever is left of it is ended."""
    started = []

    def start(*arguments):
        command = [sys.executable, "-m", "keepframe", *map(str, arguments)]
        child = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"XDG_RUNTIME_DIR": runtime}
        )  # fmt: skip
        started.append(child)
        return child

    yield start
    for child in started:
        child.kill()
        child.communicate()


def test_a_source_that_is_none_is_one_clear_line(call):
    """With what could stand there."""
    done = call("watch", "nowhere")

    assert done.exit_code == 1
    assert done.stderr.startswith(
        "keepframe: nowhere: there is no such file or folder; expected 0 or /dev/video0 (webcam)"
    )


def test_a_name_that_is_none_is_told_in_the_words_of_a_name(call, pictures):
    """Not as TOML that nobody has written."""
    done = call("watch", "pictures", "--name", "a/b")

    assert done.exit_code == 78
    assert done.stderr.startswith(
        'keepframe: watch pictures: 1 problem\n  cameras."a/b": expected a name of 1 to 64 letters'
    )


def test_wrong_options_are_told_without_a_file_nobody_knows(call, pictures):
    """The TOML is the command's own affair."""
    done = call("watch", "pictures", "--every", "soon", "--set", "stages.score.treshold=1")

    assert done.exit_code == 78
    assert done.stderr.startswith("keepframe: watch pictures: 2 problems\n  cameras.pictures.every: ")
    assert "did you mean 'threshold'?" in done.stderr


def test_a_path_set_beside_a_file_that_goes_away_is_refused(call, pictures):
    """Else pictures would be kept in a folder that is deleted at the end."""
    done = call("watch", "pictures", "--set", "stages.archive.folder=kept")

    assert done.exit_code == 78
    assert "archive: folder: expected an absolute path in --set" in done.stderr


def test_the_file_it_saves_has_paths_that_are_right_there(tmp_path, monkeypatch):
    """It is a pipeline, wherever it lies, and shows what else can be set."""
    monkeypatch.chdir(tmp_path)
    Path("pictures").mkdir()
    save = Path("etc/cam.toml")
    save.parent.mkdir()

    write_new(
        save,
        pipeline_text(Named("folder", {"path": "pictures"}, "pictures"), save, Path("kept"), "10s", "door"),
    )

    loaded = load(save)
    assert loaded.cameras["door"].source.options["path"] == tmp_path / "pictures"
    assert loaded.cameras["door"].source.options["every"] == "10s"
    assert loaded.archive_folder == tmp_path / "kept"
    assert "# keep = " in save.read_text()


def test_a_file_that_says_something_else_is_left_alone(tmp_path):
    """The same again is no harm."""
    path = tmp_path / "pipeline.toml"
    write_new(path, "a = 1\n")
    write_new(path, "a = 1\n")

    with pytest.raises(FileExistsError, match="there is one already, which says something else"):
        write_new(path, "a = 2\n")
    assert path.read_text() == "a = 1\n"


def test_a_pipeline_that_cannot_run_is_not_saved(call):
    """The next try is to find the name free."""
    Path("words.mp4").write_text("these are words")
    done = call("watch", "words.mp4", "--save", "cam.toml")

    assert done.exit_code == 78
    assert "cameras.words.path: " in done.stderr
    assert "expected a video, got a file that cannot be read as one" in done.stderr
    assert not Path("cam.toml").exists()


def test_no_password_is_written(tmp_path):
    """An address that carries one is not saved."""
    path = tmp_path / "pipeline.toml"
    text = pipeline_text(
        Named("http", {"url": "http://cam/snap?pwd=s3cret"}), path, Path("archive"), None, None
    )

    with pytest.raises(ValueError, match="not written, for the address carries a password"):
        write_new(path, text)
    assert not path.exists()


@pytest.mark.slow
def test_a_folder_that_fills_up_is_watched_and_each_keep_is_a_line(keepframe, pictures, tmp_path):
    """Why, and where, as files arrive, until Ctrl-C; then the summary of a run."""
    child = keepframe("watch", "pictures", "--into", "kept", "--save", "cam.toml")
    told = [child.stdout.readline() for _ in range(2)]
    shutil.copy(pictures / "0.png", pictures / "3.png")
    told.append(child.stdout.readline())
    child.send_signal(signal.SIGINT)
    rest, errors = child.communicate(timeout=60)

    assert child.returncode == 0, errors
    assert "pictures/0/0  first: there was nothing to compare with  pictures/" in told[0]
    assert "pictures/0/2  changed: score " in told[1]
    assert "pictures/0/3  changed: score " in told[2]
    assert rest.startswith("4 seen, 3 kept")
    assert "watching pictures; pictures go to kept; Ctrl-C ends" in errors
    assert tomllib.loads((tmp_path / "cam.toml").read_text())["cameras"]["pictures"] == {
        "source": "folder",
        "path": "pictures",
        "watch": True,
    }


@pytest.mark.slow
def test_a_folder_may_be_read_once(keepframe, pictures):
    """What is there, then the end."""
    child = keepframe("watch", "pictures", "--once", "--save", "cam.toml")
    said, errors = child.communicate(timeout=60)
    again = keepframe("run", "cam.toml", "--json")

    assert child.returncode == 0, errors
    assert "3 seen, 2 kept" in said
    assert json.loads(again.communicate(timeout=60)[0].splitlines()[-1])["frames"]["captured"] == 0


@pytest.mark.slow
def test_the_shipped_clip_is_watched(keepframe, tmp_path):
    """One JSON object for each kept picture, as it is kept, then that of the run; the account balances, nothing is left behind."""
    shutil.copy(CLIP, tmp_path / "lobby.mp4")
    child = keepframe("watch", "lobby.mp4", "--every", "1s", "--json")
    *keeps, result = [json.loads(line) for line in child.communicate(timeout=100)[0].splitlines()]

    with Reader(tmp_path / "archive") as reader:
        rows = reader.kept()
    assert child.returncode == 0
    assert [keep["seq"] for keep in keeps] == [row.seq for row in rows]
    assert result["frames"]["kept"] == len(rows) > 6
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["archive"]


@pytest.fixture
def camera():
    """Serve snapshots over HTTP, as a cheap camera does: the third one and those after it show something new. Gives its address and them."""
    calm, new = (
        cv2.imencode(".jpg", scene(180, 320, is_there=is_there))[1].tobytes() for is_there in (False, True)
    )
    asked = []

    class Camera(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            picture = calm if len(asked) <= 2 else new
            self.send_response(200)
            self.send_header("Content-Type", "image/jpeg")
            self.send_header("Content-Length", str(len(picture)))
            self.end_headers()
            self.wfile.write(picture)

        def log_message(self, *_):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Camera) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}/snap.jpg", (calm, new)
        server.shutdown()
        serving.join()


@pytest.mark.slow
def test_an_http_camera_is_watched_and_its_pictures_are_its_own(keepframe, camera, tmp_path):
    """Snapshots as they come; what is kept is what the server sent, byte for byte."""
    url, sent = camera
    child = keepframe("watch", url, "--every", "200ms", "--name", "door")
    told = [child.stdout.readline() for _ in sent]
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=60)

    assert child.returncode == 0, errors
    assert [line.split()[3] for line in told] == ["first:", "changed:"]
    assert [(tmp_path / "archive" / line.split()[-1]).read_bytes() for line in told] == list(sent)


@pytest.mark.slow
def test_stopping_a_live_camera_drains_it(keepframe):
    """Ctrl-C: what was captured gets its outcome, and the summary says so."""
    child = keepframe("watch", "synthetic")
    first = child.stdout.readline()
    stop = threading.Timer(60, child.kill)  # the deadline: readline has none
    stop.start()
    child.send_signal(signal.SIGINT)
    rest, errors = child.communicate(timeout=60)
    stop.cancel()

    assert first.endswith(".jpg\n"), errors
    assert child.returncode == 0, errors
    assert "stopped before the end: the same command goes on from here" in rest


@pytest.mark.slow
def test_a_reader_that_has_seen_enough_ends_the_run_in_order(keepframe, tmp_path):
    """As with `| head -1`: drained, nobody left behind, and not a word of a failure."""
    child = keepframe("watch", "synthetic")
    first = child.stdout.readline()
    child.stdout.close()
    deadline = threading.Timer(60, child.kill)
    deadline.start()
    errors = child.stderr.read()
    code = child.wait(timeout=60)
    deadline.cancel()
    with Reader(tmp_path / "archive") as reader:
        counts = reader.counts()["synthetic"]

    assert first.endswith(".jpg\n"), errors
    assert code == 0, errors
    assert "ending: what was captured gets its outcome" in errors
    assert not any(word in errors for word in ("failed", "ERROR", "Traceback", "Broken")), errors
    assert counts["captured"] == sum(counts[outcome] for outcome in OUTCOMES)


@pytest.mark.slow
def test_what_happens_to_the_camera_is_a_sentence_and_top_finds_the_run(keepframe, tmp_path):
    """Without a file of its own, from anywhere on this machine."""
    child = keepframe("watch", "http://127.0.0.1:1/snap.jpg", "--name", "door")
    told = next(line for line in child.stderr if "door" in line and "watching" not in line)
    top = keepframe("top", "--once")
    shown, errors = top.communicate(timeout=60)
    child.send_signal(signal.SIGINT)
    _, rest = child.communicate(timeout=60)

    assert told[8:] == (
        " UTC  door  lost: http://127.0.0.1:1/snap.jpg: cannot be reached (Connection refused); tried again until it is found\n"
    )
    assert (top.returncode, errors) == (0, "")
    assert "capture.door: lost: http://127.0.0.1:1/snap.jpg" in shown
    assert "ending: what was captured gets its outcome" in rest
