"""The account balances whatever the source is like, on a full disk too, and when every stage is started by hand."""

import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
from running import DEADLINE_S, begin, is_sound, rows, run, write

from keepframe.archive.reading import Reader

pytestmark = pytest.mark.slow


def jpeg(seed, height=48, width=64):
    """A picture file that is unlike the others."""
    blocks = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    return cv2.imencode(".jpg", cv2.resize(blocks, (width, height), interpolation=cv2.INTER_NEAREST))[
        1
    ].tobytes()


def test_a_folder_with_broken_files_rejects_those_and_goes_on(tmp_path):
    """A truncated JPEG, a text named .png, another size, no bytes at all: each rejected with its reason, the rest is judged."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for n in range(6):
        (pictures / f"img{n}.jpg").write_bytes(jpeg(n))
    (pictures / "img6.jpg").write_bytes(jpeg(6)[:-400])
    (pictures / "img7.png").write_text("this is not a picture")
    (pictures / "img8.jpg").write_bytes(jpeg(8, height=96))
    (pictures / "img9.jpg").write_bytes(b"")
    (pictures / "img10.jpg").write_bytes(jpeg(10))
    camera = '[cameras.door]\nsource = "folder"\npath = "pictures"\n'
    folder = write(tmp_path, camera + '[stages.score]\nmetric = "ssim-tile"\nthreshold = 0.2\n')

    assert run(folder) == 0
    assert is_sound(folder)
    with Reader(folder / "archive") as reader:
        told = {row.source: (row.outcome, row.reason) for row in reader.rows()}
    assert told["img6.jpg"] == ("rejected", "truncated")
    assert told["img7.png"] == ("rejected", "not-a-picture")
    assert told["img8.jpg"] == ("rejected", "other-size")
    assert told["img9.jpg"] == ("rejected", "empty")
    assert [told[f"img{n}.jpg"][0] for n in (0, 1, 2, 3, 4, 5, 10)] == ["kept"] * 7


def test_new_files_of_a_folder_come_after_the_settled_ones_and_none_comes_twice(tmp_path):
    """The second run reads only what is new, whatever its name."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    folder = write(tmp_path, '[cameras.door]\nsource = "folder"\npath = "pictures"\n')
    for n in (2, 4):
        (pictures / f"img{n}.jpg").write_bytes(jpeg(n))
    assert run(folder) == 0
    for n in (1, 3):
        (pictures / f"img{n}.jpg").write_bytes(jpeg(n))
    assert run(folder) == 0

    with Reader(folder / "archive") as reader:
        found = sorted((row.stream, row.seq, row.source) for row in reader.rows())
    assert found == [(0, 0, "img2.jpg"), (0, 1, "img4.jpg"), (1, 0, "img1.jpg"), (1, 1, "img3.jpg")]
    assert is_sound(folder)


def test_a_pipeline_started_stage_by_stage_by_hand_gives_the_same(tmp_path):
    """`keepframe stage` in four terminals: the same rows as `keepframe run`; the capture ends by itself, the others when asked."""
    text = '[cameras.a]\nsource = "synthetic"\ncount = 50\n'
    together, apart = write(tmp_path / "together", text), write(tmp_path / "apart", text)
    assert run(together) == 0
    command = [sys.executable, "-c", "from keepframe.cli import main; main()", "stage"]
    with (apart / "log").open("w") as log:
        stages = [
            subprocess.Popen([*command, name, "pipeline.toml"], cwd=apart, stdout=log, stderr=log)
            for name in ("archive", "score", "preprocess", "capture")
        ]

    assert stages[-1].wait(DEADLINE_S) == 0
    for stage in stages[:-1]:
        stage.terminate()
    assert [stage.wait(DEADLINE_S) for stage in stages] == [0, 0, 0, 0]
    assert rows(apart) == rows(together)
    assert is_sound(apart)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small file system")
def test_a_full_disk_stops_committing_says_so_and_goes_on_by_itself(tmp_path):
    """An archive on 6 MB: nothing half-written, the trouble is told, and when there is room again the run ends as if nothing had been."""
    text = (
        '[cameras.a]\nsource = "synthetic"\ncount = 14\nwidth = 1280\nheight = 720\nnoise = 12.0\nfps = 1.0\n'
        '[stages.score]\nthreshold = 0.0\n[stages.archive]\nformat = "png"\n'
    )
    roomy, tight = write(tmp_path / "roomy", text), write(tmp_path / "tight", text)
    assert run(roomy) == 0
    archive = tight / "archive"
    archive.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "none", archive], check=False, capture_output=True
    ).returncode:
        pytest.skip("cannot mount a tmpfs here")
    try:
        running = begin(tight)
        running.wait_until(
            lambda: any(
                "archive" in p["trouble"] for p in (running.status() or {"processes": []})["processes"]
            ),
            "top tells of the full disk",
        )
        assert "cannot-write" in running.log()
        assert running.process.poll() is None
        subprocess.run(["mount", "-o", "remount,size=200m", archive], check=True)

        assert running.end() == 0
        assert rows(tight) == rows(roomy)
        assert is_sound(tight)
    finally:
        subprocess.run(["umount", "-l", archive], check=False)


def test_what_is_private_is_black_in_what_is_kept(tmp_path):
    """Before anything else sees it: the kept file is not the camera's own, and its row says so."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "img0.jpg").write_bytes(jpeg(0))
    folder = write(
        tmp_path, '[cameras.door]\nsource = "folder"\npath = "pictures"\nprivacy = ["0,0 0.5,1"]\n'
    )

    assert run(folder) == 0
    assert is_sound(folder)
    with Reader(folder / "archive") as reader:
        (row,) = reader.kept()
    kept = cv2.imread(str(folder / "archive" / row.file))
    assert kept[:, :24].max() < 16
    assert kept[:, 40:].mean() > 40
    assert row.notes["privacy"] is True
