"""Live cameras as whole pipelines of processes: real servers on loopback that are killed, frozen, replaced, and that ask for passwords."""

import base64
import json
import subprocess
import sys
from itertools import cycle
from pathlib import Path
from urllib.parse import quote

import cv2
import pytest
from running import begin, is_sound, rows, write

from keepframe.archive.reading import Reader

sys.path.insert(0, str(Path(__file__).parents[1] / "capture"))

from servers import HttpCamera, Link, RtspServer, jpeg, rtsp_is_missing
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
def test_a_camera_that_is_blinded_is_kept_once_and_told(short):
    """A lobby, nothing but one level for a while, the lobby again: one picture of that with its note, and the event."""
    lobby, dark = (cycle(pictures) for pictures in (quiet(), [jpeg(0, (432, 768), level=20)]))
    with HttpCamera() as camera:
        write(short, camera_table("a", camera.url("video"), frozen_after=0))
        running = None
        for view in (lobby, dark, lobby):
            camera.next = view.__next__
            running = running or begin(short)
            delivers(running, "what is in view", 20)
        running.process.send_signal(2)
        assert running.end() == 0
    with Reader(short / "archive") as reader:
        told = [(row.outcome, row.reason) for row in reader.rows() if row.notes.get("blinded")]
        kept = [row.notes.get("blinded", False) for row in reader.kept()]

    assert is_sound(short)
    assert kinds(short, "a") == ["blinded", "seeing"]
    assert len(told) > 10
    assert kept.count(True) == 1
    assert (kept[0], kept[-1]) == (False, False)


def quiet():
    """JPEGs of the shipped clip while nobody is in view."""
    clip = cv2.VideoCapture(str(Path(__file__).parents[2] / "examples" / "lobby.mp4"))
    return [cv2.imencode(".jpg", clip.read()[1])[1].tobytes() for _ in range(12)]


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
def test_an_rtsp_camera_that_is_slowed_frozen_and_replaced_is_found_again(short, tmp_path):
    """A real server: slow pictures are waited for, silence is a loss, another size a new stream; the account balances."""
    if why := rtsp_is_missing():
        pytest.skip(why)
    options = {"g": "10", "bf": "0", "preset": "ultrafast"}
    small = write_video(tmp_path / "small.mp4", 600, options=options)
    large = write_video(tmp_path / "large.mp4", 600, size=(96, 128), options=options)
    with RtspServer(small, "digest", "admin", SECRET) as server, Link(server.port) as link:
        (short / "word").write_text(f"admin:{SECRET}")
        write(
            short,
            f'[cameras.a]\nsource = "rtsp"\nurl = "rtsp://127.0.0.1:{link.port}/live"\npassword_file = "word"\n'
            'every = "50ms"\nread_timeout = "3s"\nopen_timeout = "3s"\n',
        )
        running = begin(short)
        delivers(running, "from the start")
        link.bytes_per_s = 2500
        delivers(running, "slowly")
        link.bytes_per_s = None
        is_lost_by_then = kinds(short, "a")
        link.is_open.clear()
        running.wait_until(lambda: trouble(running, "a"), "nothing comes any more: it is lost")
        link.is_open.set()
        delivers(running, "again")
        server.stop()
        running.wait_until(lambda: trouble(running, "a"), "it is gone: it is lost")
        with RtspServer(large, "digest", "admin", SECRET, port=server.port):
            delivers(running, "in another size")
            running.process.send_signal(2)
            assert running.end() == 0

    assert is_lost_by_then == []
    assert is_sound(short)
    assert kinds(short, "a") == ["lost", "found", "lost", "found", "resized"]
    assert not any(form in running.log() for form in FORMS)


def delivers(running, how, count=5):
    """Wait until so many pictures of camera a have come."""
    before = captured(running, "a")
    running.wait_until(
        lambda: captured(running, "a") > before + count and not trouble(running, "a"), f"it delivers {how}"
    )


QUICK = """
from keepframe.capture.http_camera import Http
from keepframe.capture.rtsp_camera import Rtsp

class QuickHttp(Http):
    def _retry_in_s(self, tries):
        return 0.01

class QuickRtsp(Rtsp):
    def _retry_in_s(self, tries):
        return 0.01
"""


@pytest.mark.slow
def test_the_memory_of_a_capture_stays_flat_over_fifty_connections_that_end(short, tmp_path):
    """Of real servers that end them after a few pictures, over RTSP and HTTP; each is a stream, and the account balances."""
    if why := rtsp_is_missing():
        pytest.skip(why)
    few = write_video(tmp_path / "few.mp4", 6, rate=60, options={"g": "3", "bf": "0", "preset": "ultrafast"})
    with RtspServer(few) as rtsp, HttpCamera(ends_after=6, pause_s=0.001) as http:
        write(
            short,
            f'[cameras.a]\nsource = "quick:QuickRtsp"\nurl = "{rtsp.url()}"\nevery = "1ms"\n'
            f'[cameras.b]\nsource = "quick:QuickHttp"\nurl = "{http.url("video")}"\nevery = "1ms"\n',
        )
        (short / "stages" / "quick.py").write_text(QUICK)
        running = begin(short)
        running.wait_until(lambda: min(streams(short)) >= 10, "ten connections of each")
        before = memory_mb(running)
        running.wait_until(lambda: min(streams(short)) >= 60, "fifty more")
        after = memory_mb(running)
        running.process.send_signal(2)
        code = running.end()

    assert code == 0, running.log()
    assert is_sound(short)
    assert max(after[camera] - before[camera] for camera in "ab") < 4


def streams(folder):
    """How many streams of the cameras a and b have been archived."""
    try:
        with Reader(folder / "archive") as reader:
            committed = reader.committed()
    except FileNotFoundError:
        return [0, 0]
    return [committed[camera][0] if camera in committed else 0 for camera in "ab"]


def memory_mb(running):
    """What the captures take of their own, by camera."""
    return {p["replica"]: p["rss_mb"] for p in running.status()["processes"] if p["stage"] == "capture"}


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
