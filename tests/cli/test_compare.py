import json
import subprocess
import sys

import cv2
import numpy as np
import pytest

from keepframe.cli.compare import read
from keepframe.errors import PictureError


@pytest.fixture
def pictures(tmp_path):
    """Files of an empty scene, of the same again, and of one with something in the lower left."""
    rng = np.random.default_rng(7)
    scene = cv2.GaussianBlur(rng.integers(40, 200, (120, 160), np.uint8), (0, 0), 5)
    changed = scene.copy()
    changed[80:110, 10:40] = 250
    for name, image in {
        "a.png": scene,
        "same.png": scene,
        "b.png": changed,
        "colour.jpg": cv2.cvtColor(scene, cv2.COLOR_GRAY2BGR),
        "small.png": scene[:60],
    }.items():
        cv2.imwrite(str(tmp_path / name), image)
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "empty.png").touch()
    (tmp_path / "half.jpg").write_bytes((tmp_path / "colour.jpg").read_bytes()[:900])
    return tmp_path


def test_a_change_is_one_sentence(call, pictures):
    """Exit 1; the scores and the place below it."""
    done = call("compare", "a.png", "b.png")
    lines = done.stdout.splitlines()

    assert done.exit_code == 1
    assert lines[0].startswith("changed: something in the lower left, 5 % of the picture")
    assert lines[1].split()[:2] == ["METRIC", "VALUE"]
    assert "differs at x 10, y 80: 30x30 px" in done.stdout


def test_the_same_is_the_same(call, pictures):
    """Exit 0."""
    done = call("compare", "a.png", "same.png")

    assert done.exit_code == 0
    assert done.stdout.startswith("the same: every pixel is equal\n")


def test_gray_and_colour_can_be_compared(call, pictures):
    """A gray picture is a colour picture without colour."""
    assert call("compare", "a.png", "colour.jpg").exit_code == 0


def test_scripts_get_the_contract(told, pictures):
    """changed, sentence, metrics in their own units, scores, boxes; only what was asked for."""
    code, said = told("compare", "a.png", "b.png", "--metric", "mse", "--metric", "ssim")

    assert code == 1
    assert said["changed"] is True
    assert said["sentence"].startswith("changed: ")
    assert set(said["metrics"]) == set(said["scores"]) == {"mse", "ssim"}
    assert said["scores"]["ssim"] == pytest.approx(1 - said["metrics"]["ssim"])
    assert said["boxes"] == [{"x": 10, "y": 80, "width": 30, "height": 30}]


def test_what_is_infinite_is_null(told, pictures):
    """JSON has no infinity: the PSNR of equal pictures."""
    _, said = told("compare", "a.png", "same.png", "--metric", "psnr")

    assert (said["metrics"], said["scores"]) == ({"psnr": None}, {"psnr": 0.0})


@pytest.mark.parametrize("name", ["diff.png", "diff.jpg"])
def test_both_are_drawn_side_by_side(call, pictures, name):
    """With what differs outlined."""
    done = call("compare", "a.png", "b.png", "--diff", name)
    drawn = cv2.imread(str(pictures / name))

    assert done.stdout.endswith(f"side by side in {name}\n")
    assert drawn.shape[0] == 120
    assert drawn.shape[1] > 320


@pytest.mark.parametrize(
    ("other", "text"),
    [
        ("missing.png", "missing.png: no such file or directory"),
        ("text.jpg", "text.jpg: not-a-picture: expected JPEG, PNG, BMP, TIFF or WebP"),
        ("empty.png", "empty.png: empty: the file has no bytes"),
        ("half.jpg", "half.jpg: "),
        ("small.png", "a.png is 160x120, small.png is 160x60; pictures of one size can be compared"),
        (".", ".: is a directory"),
    ],
)
def test_what_cannot_be_compared_exits_with_2(call, pictures, other, text):
    """One line that says why, and never a 0 or 1 that would be a verdict."""
    done = call("compare", "a.png", other)

    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"keepframe: {text}")


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (["--metric", "sim"], 'did you mean "ssim"?'),
        (["--diff", "diff.gif"], "expected a name that ends in .png or .jpg, got 'diff.gif'"),
        (["--diff", "no/such/folder.png"], "no/such/folder.png: no such file or directory"),
    ],
)
def test_a_wrong_option_exits_with_2(call, pictures, more, text):
    """The same code as for everything that is no verdict."""
    done = call("compare", "a.png", "b.png", *more)

    assert done.exit_code == 2
    assert text in done.stderr


def test_a_file_is_read_as_what_it_is(pictures):
    """Whatever its name says: gray stays gray, a JPEG is BGR."""
    assert read(pictures / "a.png").shape == (120, 160)
    assert read(pictures / "colour.jpg").shape == (120, 160, 3)
    with pytest.raises(PictureError, match=r"text\.jpg: not-a-picture"):
        read(pictures / "text.jpg")


def test_it_can_be_scripted(pictures):
    """As a process: one JSON object on stdout, the verdict as exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "keepframe", "compare", "a.png", "b.png", "--json"],
        cwd=pictures, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads(done.stdout)["changed"] is True


def test_limits_decide_the_exit_code(call, told, pictures):
    """--fail-on: 1 only if a score is above its limit, whatever has changed."""
    assert call("compare", "a.png", "b.png", "--fail-on", "mse=100000").exit_code == 0
    code, said = told("compare", "a.png", "b.png", "--fail-on", "mse=0.0001", "--fail-on", "ssim=0.9")

    assert code == 1
    assert said["passed"] == ["mse"]
    assert set(said["scores"]) == {"mse", "ssim"}


@pytest.mark.parametrize(
    ("limit", "why"),
    [
        ("ssim", "expected NAME=LIMIT, such as ssim=0.05"),
        ("ssim=much", "expected NAME=LIMIT, such as ssim=0.05"),
        ("ssim=nan", "expected a finite limit"),
        ("sim=0.1", "sim"),
    ],
)
def test_a_limit_that_is_none_is_told(call, pictures, limit, why):
    """Exit 2, with how it is written."""
    done = call("compare", "a.png", "b.png", "--fail-on", limit)

    assert done.exit_code == 2
    assert why in done.stderr


def test_every_metric_can_be_asked_for(told, pictures):
    """--all: each by its name, each score finite."""
    _, said = told("compare", "a.png", "b.png", "--all")

    assert {"ssim", "mse", "hash-perceptual", "vif-p"} <= set(said["metrics"])
    assert all(score >= 0 for score in said["scores"].values())
