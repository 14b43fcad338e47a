import pytest

from keepframe.archive.sheet import write_sheet


def test_a_sound_archive_is_proved(call, told, archive):
    """Exit 0, and what was looked at."""
    done = call("verify", archive)
    code, report = told("verify", archive)

    assert done.exit_code == code == 0
    assert done.stdout == f"{archive}: sound: 9 frames of 1 camera, 2 pictures\n"
    assert report["is_sound"] is True
    assert report["problems"] == []


@pytest.fixture
def damaged(archive):
    """The archive with one picture gone."""
    next(archive.rglob("*_0-000002.jpg")).unlink()
    return archive


def test_a_missing_picture_is_found(call, told, damaged):
    """Exit 1, and which it is."""
    done = call("verify", damaged)
    code, report = told("verify", damaged)

    assert done.exit_code == code == 1
    assert "missing: lobby/2023-11-14/22-13-22.000_0-000002.jpg: the picture is not there" in done.stdout
    assert done.stdout.splitlines()[-2:] == [
        f"{damaged}: 1 problem: 9 frames of 1 camera, 2 pictures",
        f"mend it with: keepframe verify --repair {damaged}",
    ]
    assert [problem["kind"] for problem in report["problems"]] == ["missing"]


def test_what_can_be_mended_is_mended(call, damaged):
    """Once, and told."""
    done = call("verify", damaged, "--repair")

    assert done.exit_code == 0
    assert done.stdout.startswith("repaired: lobby/2023-11-14/22-13-22.000_0-000002.jpg")
    assert call("verify", damaged).exit_code == 0


def test_the_contact_sheet_is_mended_too(call, damaged):
    """It shows no picture that is gone."""
    write_sheet(damaged)
    name = "22-13-22.000_0-000002.jpg"
    assert name in (damaged / "index.html").read_text()
    call("verify", damaged, "--repair")

    assert name not in (damaged / "index.html").read_text()
