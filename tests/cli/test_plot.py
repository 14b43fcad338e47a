import cv2
import pytest

from keepframe.archive import Archive


def test_the_terminal_gets_a_panel_for_each_camera(call, archive):
    """No wider than it is, without a colour where nobody looks."""
    done = call("plot", archive)

    assert done.exit_code == 0
    assert done.stdout.splitlines()[0].startswith("lobby: 2 of 9 kept, 2023-11-14 UTC")
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("name", ["plot.svg", "plot.PNG"])
def test_a_picture_is_written(call, archive, tmp_path, name):
    """By the ending of its name."""
    done = call("plot", archive, "-o", name, "--camera", "lobby", "--last", "1h", "--scale", "log")

    assert done.stdout == f"{name}: 1 camera\n"
    if name.endswith("PNG"):
        assert cv2.imread(str(tmp_path / name)).shape[1] == 1280
    else:
        assert (tmp_path / name).read_text().startswith("<svg ")


def test_what_cannot_be_plotted_is_told(call, archive, tmp_path):
    """Another ending, an archive in which nothing was seen."""
    with Archive(folder=tmp_path / "empty"):
        pass

    assert (
        "expected a name that ends in .svg or .png, got 'x.gif'"
        in call("plot", archive, "-o", "x.gif").stderr
    )
    assert "nothing seen yet" in call("plot", "empty").stderr
    assert "no camera 'yard'; known: lobby" in call("plot", archive, "--camera", "yard").stderr
