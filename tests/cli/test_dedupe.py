import errno
from pathlib import Path

import cv2
import numpy as np
import pytest


def scene(patch=False):
    """A smooth picture, with or without a bright patch."""
    small = np.random.default_rng(3).integers(60, 180, (9, 12), np.uint8)
    image = cv2.resize(small, (160, 120), interpolation=cv2.INTER_CUBIC)
    if patch:
        image[70:110, 20:60] = 250
    return image


@pytest.fixture
def pictures(tmp_path):
    """img1 and img2 show the same, img3 and img10 have a patch, img11 is as img1 again."""
    (tmp_path / "pictures").mkdir()
    for name, patch in {"img1": False, "img2": False, "img3": True, "img10": True, "img11": False}.items():
        cv2.imwrite(str(tmp_path / "pictures" / f"{name}.png"), scene(patch))
    return tmp_path / "pictures"


def files(folder):
    """The names of what lies in a folder."""
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def test_the_first_of_each_run_stays_and_the_others_are_moved(call, pictures):
    """In natural order: img10 comes behind img3, and the empty scene again is a run of its own."""
    done = call("dedupe", "pictures")

    assert done.exit_code == 0
    assert files(pictures) == ["img1.png", "img11.png", "img3.png"]
    assert files(pictures / "duplicates") == ["img10.png", "img2.png"]
    assert done.stdout.endswith("3 kept, 2 moved into pictures/duplicates\n")


def test_a_dry_run_changes_nothing(call, pictures):
    """It only says what would be done."""
    done = call("dedupe", "pictures", "--dry-run")

    assert len(files(pictures)) == 5
    assert "3 kept, 2 would be moved into pictures/duplicates" in done.stdout


def test_delete_deletes_and_only_when_told(call, pictures):
    """Nothing is left aside."""
    assert call("dedupe", "pictures", "--delete").exit_code == 0
    assert files(pictures) == ["img1.png", "img11.png", "img3.png"]
    assert not (pictures / "duplicates").exists()


def test_a_name_that_is_taken_is_not_overwritten(call, pictures):
    """The moved file gets a number."""
    (pictures / "duplicates").mkdir()
    (pictures / "duplicates" / "img2.png").write_text("somebody's own")
    call("dedupe", "pictures")

    assert (pictures / "duplicates" / "img2.png").read_text() == "somebody's own"
    assert files(pictures / "duplicates") == ["img10.png", "img2-2.png", "img2.png"]


def test_duplicates_may_go_to_another_disk(call, pictures, tmp_path, monkeypatch):
    """As a folder for them often lies on one."""
    rename = Path.rename

    def across(path, target):
        if path.parent != target.parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link", str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", across)

    assert call("dedupe", "pictures", "--into", "other").exit_code == 0
    assert files(tmp_path / "other") == ["img10.png", "img2.png"]
    assert files(pictures) == ["img1.png", "img11.png", "img3.png"]


def test_a_metric_and_a_threshold_may_judge(told, pictures):
    """With a threshold above every score only the first stays."""
    code, said = told("dedupe", "pictures", "--metric", "mse", "--threshold", "100000", "--dry-run")

    assert code == 0
    assert said["kept"] == ["pictures/img1.png"]
    assert {duplicate["same_as"] for duplicate in said["duplicates"]} == {"pictures/img1.png"}


def test_what_cannot_be_read_stays_where_it_is(call, pictures):
    """Exit 1, and the others are sorted all the same."""
    (pictures / "img4.png").write_text("no picture")
    done = call("dedupe", "pictures")

    assert done.exit_code == 1
    assert "img4.png" in done.stderr
    assert "img4.png" in files(pictures)
    assert len(files(pictures / "duplicates")) == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--metric", "mse"], "--metric and --threshold go together"),
        (["--delete", "--into", "x"], "--delete and --into: choose one"),
    ],
)
def test_options_that_do_not_fit_are_told(call, pictures, arguments, told):
    """Exit 2, nothing is touched."""
    done = call("dedupe", "pictures", *arguments)

    assert done.exit_code == 2
    assert told in done.stderr
    assert len(files(pictures)) == 5
