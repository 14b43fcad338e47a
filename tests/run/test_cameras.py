"""Live cameras as whole pipelines of processes: real servers on loopback that are killed, frozen, replaced, and that ask for passwords."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from running import begin, is_sound, rows, write

from keepframe.archive.reading import Reader

sys.path.insert(0, str(Path(__file__).parents[1] / "capture"))

from servers import HttpCamera, RtspServer, jpeg, rtsp_is_missing
from videos import write_video

SECRET = "p@ss w/ö:rd%41"
FORMS = [
    SECRET,
    quote(SECRET, safe=""),
    quote(SECRET),
    quote(SECRET, safe="").lower(),
    base64.b64encode(f"admin:{SECRET}".encode()).decode(),
]


@pytest.fixture(autouse=True)
def _private(sockets):
    """Runtime folders of the test's own."""


def camera_table(name, url, **options):
    """A table of an HTTP camera that takes every picture."""
    told = "".join(f"{key} = {json.dumps(value)}\n" for key, value in ({"every": "20ms"} | options).items())
    return f'[cameras.{name}]\nsource = "http"\nurl = "{url}"\n{told}'


def kinds(folder, camera):
    """The kinds of the events of a camera, in order."""
    with Reader(folder / "archive") as reader:
        return [e.kind for e in reader.events() if e.camera == camera and e.kind != "still-lost"]


def captured(running, camera):
    """How many frames of a camera are settled."""
    return sum((running.status() or {"cameras": {}})["cameras"].get(camera, {}).values())


def trouble(running, camera):
    """What `top` shows of a camera's capture."""
    processes = (running.status() or {"processes": []})["processes"]
    return next((p["trouble"] for p in processes if p["stage"] == "capture" and p["replica"] == camera), "")


@pytest.mark.slow
def test_a_camera_that_is_killed_and_replaced_is_found_again_and_disturbs_no_other(short):
    """Lost, found, resized in the catalogue; a stream each; the account balances; the JPEGs are the camera's own."""
    with HttpCamera() as steady:
        first = HttpCamera(login="digest", password=SECRET)
        (short / "word").write_text(f"admin:{SECRET}")
        write(
            short,
            camera_table("a", first.url("video"), password_file="word")
            + camera_table("b", steady.url())
            + "[stages.score]\nthreshold = 0.0\n",
        )
        running = begin(short)
        running.wait_until(
            lambda: captured(running, "a") > 10 and captured(running, "b") > 10, "both deliver"
        )
        first.stop()
        running.wait_until(lambda: "lost: " in trouble(running, "a"), "one is lost")
        before = captured(running, "b")
        running.wait_until(lambda: captured(running, "b") > before + 10, "the other goes on")
        with HttpCamera(first.port, size=(96, 128), login="digest", password=SECRET) as second:
            before = captured(running, "a")
            running.wait_until(
                lambda: captured(running, "a") > before + 10 and not trouble(running, "a"), "it is found"
            )
            running.process.send_signal(2)
            assert running.end() == 0
        sent = {*first.sent, *second.sent, *steady.sent}
    with Reader(short / "archive") as reader:
        kept = [row for row in reader.rows() if row.outcome == "kept"]

    assert is_sound(short)
    assert kinds(short, "a") == ["lost", "found", "resized"]
    assert kinds(short, "b") == []
    assert {row.stream for row in kept if row.camera == "a"} == {0, 1}
    assert kept
    assert {row.sha256 for row in kept} <= sent
    assert {row.is_original for row in kept} == {True}
    assert not any(form in running.log() for form in FORMS)


@pytest.mark.slow
def test_after_an_outage_the_first_picture_is_compared_with_the_last_kept_one(short):
    """The same scene after it is no change."""
    still = jpeg(1)
    camera = HttpCamera(body=still)
    write(short, camera_table("a", camera.url("video"), frozen_after=0))
    running = begin(short)
    running.wait_until(lambda: captured(running, "a") > 5, "it delivers")
    camera.stop()
    running.wait_until(lambda: trouble(running, "a"), "it is lost")
    before = captured(running, "a")
    with HttpCamera(camera.port, body=still):
        running.wait_until(lambda: captured(running, "a") > before + 5, "it is found")
        running.process.send_signal(2)
        assert running.end() == 0

    assert is_sound(short)
    assert [row[3:5] for row in rows(short) if row[3] == "kept"] == [("kept", "first")]
    assert len({row[1] for row in rows(short)}) == 2


@pytest.mark.slow
def test_a_password_is_shown_nowhere(short):
    """In the address, a file, the environment, right and wrong: every output of every verb is searched, and the whole archive."""
    with (
        HttpCamera(login="basic", password=SECRET) as right,
        HttpCamera(login="digest", password="other") as wrong,
    ):
        (short / "word").write_text(SECRET)
        text = camera_table("a", right.url(userinfo=f"admin:{quote(SECRET, safe='')}@"))
        text += camera_table("b", right.url("video"), user="admin", password_file="word")
        text += camera_table("c", right.url(), user="admin", password_env="KEEPFRAME_TEST_PASSWORD")
        text += camera_table("d", wrong.url(), user="admin", password_file="word")
        write(short, text)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("KEEPFRAME_TEST_PASSWORD", SECRET)
            running = begin(short, "--log", "json")
            running.wait_until(
                lambda: all(captured(running, c) > 3 for c in "abc") and trouble(running, "d"),
                "all are there",
            )
            arguments = [Path(f"/proc/{pid}/cmdline").read_text() for pid in running.pids()]
            tops = [_said(short, "top", "--once"), _said(short, "top", "--once", "--json")]
            running.process.send_signal(2)
            running.end()
        said = [
            _said(short, *words)
            for words in (
                ("check",),
                ("check", "--json"),
                ("list", "--all", "archive"),
                ("list", "--all", "--json", "archive"),
                ("verify", "archive"),
                ("why", "archive", "a/0/0"),
                ("check", "--set", f"cameras.a.url=http://admin:{quote(SECRET, safe='')}@cam/"),
                ("check", "--set", f"cameras.a.url=ftp://admin:{quote(SECRET, safe='')}@cam/"),
            )
        ]
    stored = [
        path.read_bytes().decode("latin-1") for path in (short / "archive").rglob("*") if path.is_file()
    ]
    texts = [running.log(), *arguments, *tops, *said, *stored]

    assert "login refused (401)" in running.log()
    assert "a password on a command line can be read by everybody" in said[-1]
    assert "http://admin:***@127.0.0.1" in said[0]
    assert [
        form for form in FORMS for text in texts if form in text or form.encode().decode("latin-1") in text
    ] == []


def _said(folder, *words):
    command = [sys.executable, "-c", "from keepframe.cli import main; main()", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.slow
def test_a_camera_whose_library_hangs_gets_a_new_process(short):
    """Signs of life are missing: the process is replaced again and again, and the run goes on."""
    write(short, '[cameras.a]\nsource = "camera:Hanging"\n[cameras.b]\nsource = "synthetic"\n')
    (short / "stages" / "camera.py").write_text(
        "import numpy as np, threading, time\n"
        "class Hanging:\n"
        "    is_live, hang_after_s = True, 0.5\n"
        "    def __init__(self):\n"
        "        self.pulse = lambda: None\n"
        "    def __call__(self):\n"
        "        yield np.random.default_rng(time.time_ns()).integers(0, 255, (24, 32)).astype(np.uint8)\n"
        "        time.sleep(3600)\n"
    )
    running = begin(short)
    running.wait_until(
        lambda: captured(running, "a") >= 2 and captured(running, "b") > 5,
        "it was replaced, the other goes on",
    )
    running.process.send_signal(2)
    code = running.end()

    assert code == 0
    assert "no sign of life from its camera" in running.log()
    assert is_sound(short)


@pytest.mark.slow
def test_an_rtsp_server_that_is_killed_and_replaced_is_found_again(short, tmp_path):
    """The real one; frames come again, and the account balances."""
    if why := rtsp_is_missing():
        pytest.skip(why)
    options = {"g": "10", "bf": "0", "preset": "ultrafast"}
    small = write_video(tmp_path / "small.mp4", 600, options=options)
    large = write_video(tmp_path / "large.mp4", 600, size=(96, 128), options=options)
    with RtspServer(small, "digest", "admin", SECRET) as server:
        (short / "word").write_text(f"admin:{SECRET}")
        write(
            short,
            f'[cameras.a]\nsource = "rtsp"\nurl = "{server.url()}"\npassword_file = "word"\nevery = "50ms"\n',
        )
        running = begin(short)
        running.wait_until(lambda: captured(running, "a") > 5, "it delivers")
    running.wait_until(lambda: trouble(running, "a"), "it is lost")
    before = captured(running, "a")
    with RtspServer(large, "digest", "admin", SECRET, port=server.port):
        running.wait_until(lambda: captured(running, "a") > before + 5, "it is found")
        running.process.send_signal(2)
        assert running.end() == 0

    assert is_sound(short)
    assert kinds(short, "a") == ["lost", "found", "resized"]
    assert not any(form in running.log() for form in FORMS)


@pytest.mark.slow
def test_what_is_piped_into_a_run_is_kept_to_its_end(short):
    """Every picture is captured, for the program that writes waits; the end of the pipe is the end of the run."""
    pictures = [jpeg(number) for number in range(300)]
    write(short, '[cameras.a]\nsource = "stdin"\n')
    command = [
        sys.executable,
        "-c",
        "from keepframe.cli import main; main()",
        "run",
        "pipeline.toml",
        "--json",
    ]
    done = subprocess.run(
        command, cwd=short, input=b"".join(pictures), capture_output=True, timeout=60, check=False
    )
    said = json.loads(done.stdout.splitlines()[-1])

    assert done.returncode == 0, done.stderr
    assert said["frames"]["captured"] == 300
    assert said["frames"]["dropped"] == 0
    assert is_sound(short)


@pytest.mark.slow
def test_a_folder_that_is_filled_is_watched_and_emptied(short):
    """Each file is deleted once its picture's outcome is committed; one that is half a picture waits for its rest."""
    uploads = short / "uploads"
    uploads.mkdir()
    write(short, '[cameras.a]\nsource = "folder"\npath = "uploads"\nwatch = true\nafter = "delete"\n')
    running = begin(short)
    (uploads / "half.jpg").write_bytes(jpeg(99)[:-300])
    for number in range(20):
        (uploads / f"{number}.jpg.part").write_bytes(jpeg(number))
        (uploads / f"{number}.jpg.part").rename(uploads / f"{number}.jpg")
    running.wait_until(lambda: captured(running, "a") == 20, "all whole ones are settled")
    running.wait_until(lambda: [p.name for p in uploads.iterdir()] == ["half.jpg"], "and deleted")
    (uploads / "half.jpg").write_bytes(jpeg(99))
    running.wait_until(lambda: not list(uploads.iterdir()), "the rest has come")
    running.process.send_signal(2)

    assert running.end() == 0
    assert is_sound(short)
    assert {row[3] for row in rows(short)} <= {"kept", "unchanged"}
    assert len(rows(short)) == 21
