import cv2
import numpy as np
import pytest


def scene(seed):
    """A smooth picture unlike those of other seeds."""
    small = np.random.default_rng(seed).integers(0, 255, (9, 12), np.uint8)
    return cv2.resize(small, (160, 120), interpolation=cv2.INTER_CUBIC)


@pytest.fixture
def folders(tmp_path):
    """Two folders: b has copies of two pictures of a, one of them as JPEG, and a stranger."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    for n in range(3):
        cv2.imwrite(str(tmp_path / "a" / f"img{n}.png"), scene(n))
    cv2.imwrite(str(tmp_path / "b" / "copy.png"), scene(0))
    cv2.imwrite(str(tmp_path / "b" / "copy.jpg"), scene(1))
    cv2.imwrite(str(tmp_path / "b" / "stranger.png"), scene(9))
    return tmp_path


def test_copies_are_found_and_strangers_are_not(call, folders):
    """One line for each picture of A, and how many have a match."""
    done = call("match", "a", "b", "--max-distance", "2")

    assert done.exit_code == 0
    assert [line.split() for line in done.stdout.splitlines()[:3]] == [
        ["a/img0.png", "b/copy.png"],
        ["a/img1.png", "b/copy.jpg"],
        ["a/img2.png", "-"],
    ]
    assert done.stdout.endswith("2 of 3 have a match\n")


def test_scripts_get_pairs(told, folders):
    """a, and b or null."""
    code, said = told("match", "a", "b", "--hash", "perceptual", "--max-distance", "2")

    assert code == 0
    assert said[2] == {"a": "a/img2.png", "b": None}


def test_a_picture_is_used_once_if_asked(told, folders):
    """Two equal pictures of A share a match of B, or one goes without."""
    cv2.imwrite(str(folders / "a" / "img3.png"), scene(0))
    _, shared = told("match", "a", "b", "--max-distance", "2")
    _, once = told("match", "a", "b", "--max-distance", "2", "--once")

    assert [pair["b"] for pair in shared] == ["b/copy.png", "b/copy.jpg", None, "b/copy.png"]
    assert [pair["b"] for pair in once] == ["b/copy.png", "b/copy.jpg", None, None]


def test_a_file_that_is_no_picture_is_told_and_the_rest_is_matched(call, folders):
    """Exit 1, one line on stderr."""
    (folders / "b" / "text.png").write_text("no picture")
    done = call("match", "a", "b", "--max-distance", "2")

    assert done.exit_code == 1
    assert "b/text.png" in done.stderr
    assert "2 of 3 have a match" in done.stdout
