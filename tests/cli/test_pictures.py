import pytest

from keepframe.cli.pictures import found


def test_folders_names_and_patterns_are_found_once_in_natural_order(tmp_path):
    """img2 before img10, and a file named twice comes once."""
    for name in ("img10.png", "img2.png", "notes.txt"):
        (tmp_path / name).touch()

    assert [path.name for path in found([tmp_path, tmp_path / "img2.png"])] == ["img2.png", "img10.png"]
    assert [path.name for path in found([tmp_path / "img1*.png"])] == ["img10.png"]


def test_what_leads_to_no_file_is_an_error(tmp_path):
    """The message names it."""
    with pytest.raises(FileNotFoundError, match=r"nothing\.png: no such file"):
        found([tmp_path / "nothing.png"])
