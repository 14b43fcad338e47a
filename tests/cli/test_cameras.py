import json
import re

from click.testing import CliRunner

from keepframe import capture
from keepframe.capture.attached import Device
from keepframe.cli import cameras, main


def test_what_is_attached_and_what_each_source_accepts_is_listed(monkeypatch):
    """With what stands in the way of a device, and the options of every source."""
    found = [Device("/dev/video0", "HD Webcam", "permission denied")]
    monkeypatch.setattr(cameras, "devices", lambda: found)
    done = CliRunner().invoke(main, ["cameras"])

    assert done.exit_code == 0
    assert "/dev/video0" in done.output
    assert "HD Webcam" in done.output
    assert "permission denied" in done.output
    assert "rtsp://… or http://… (camera)" in done.output
    assert re.search(r'source = "rtsp".*\n  url +str +needed\n  every +\S.* "1s" unless set\n', done.output)
    assert [name for name in capture.__all__ if f'source = "{name}"' not in done.output] == []


def test_a_machine_without_a_camera_says_so(monkeypatch):
    """For scripts as an empty list."""
    monkeypatch.setattr(cameras, "devices", list)
    people, scripts = CliRunner().invoke(main, ["cameras"]), CliRunner().invoke(main, ["cameras", "--json"])
    said = json.loads(scripts.output)

    assert "none" in people.output
    assert said["attached"] == []
    assert said["sources"]["rtsp"]["url"] == {"type": "str", "is_required": True}
    assert said["sources"]["rtsp"]["transport"]["default"] == "tcp"
