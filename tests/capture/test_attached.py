import pytest

from keepframe.capture.attached import Device, devices


@pytest.fixture
def system(tmp_path):
    """A function that makes a machine with these devices: number, index, name, whether it is in /dev."""

    def make(*given):
        folder, dev = tmp_path / "class", tmp_path / "dev"
        dev.mkdir()
        for number, index, name, is_there in given:
            entry = folder / f"video{number}"
            entry.mkdir(parents=True)
            (entry / "index").write_text(f"{index}\n")
            (entry / "name").write_text(f"{name}\n")
            if is_there:
                (dev / f"video{number}").write_text("")
        return list(devices(folder, dev))

    return make


def test_each_camera_is_listed_once_in_the_order_of_its_number(system, tmp_path):
    """A USB camera shows a second device for what it tells of its pictures."""
    found = system((10, 0, "Late", True), (0, 0, "HD Webcam", True), (1, 1, "HD Webcam", True))

    assert found == [Device(f"{tmp_path}/dev/video0", "HD Webcam"), Device(f"{tmp_path}/dev/video10", "Late")]


def test_what_stands_in_the_way_is_told(system):
    """The kernel knows it, but it is not in this container's /dev."""
    (found,) = system((0, 0, "", False))

    assert (found.name, found.trouble) == ("a camera", "not in this container")


def test_a_machine_without_any_has_none(system):
    """No folder, no devices."""
    assert system() == []
