import cv2
import numpy as np
import pytest


@pytest.fixture
def scene(tmp_path):
    """Forty pictures of a still wall, one a second: noise, and a lamp that gets brighter."""
    rng = np.random.default_rng(3)
    folder = tmp_path / "wall"
    folder.mkdir()
    wall = cv2.resize(
        rng.uniform(60, 180, (6, 8)).astype(np.float32), (160, 120), interpolation=cv2.INTER_CUBIC
    )
    for n in range(40):
        picture = np.clip(wall + n / 10 + rng.normal(0, 3, wall.shape), 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"2024-01-01_00-00-{n:02}.png"), picture)
    return folder


def test_noise_light_and_costs_are_told_with_the_lines_to_use(call, scene, tmp_path):
    """And with those lines nothing of the same scene is kept but the first picture."""
    done = call("calibrate", scene)
    text, line, rest = done.stdout.partition("[stages.score]\n")
    lines = line + rest

    assert done.exit_code == 0
    assert text.splitlines()[0] == "40 pictures in 39.0 s"
    assert "note:" not in text
    assert lines.startswith("[stages.score]\nthreshold = ")

    (tmp_path / "pipeline.toml").write_text('[cameras.a]\nsource = "folder"\npath = "wall"\n' + lines)
    (tmp_path / "wall.quiet.csv").write_text("first_frame,last_frame\n0,39\n")
    judged = call("evaluate", "wall.quiet.csv", "--clip", "wall", "--pipeline", "pipeline.toml", "--json")

    assert '"kept": 0' in judged.stdout


def test_scripts_get_the_numbers(told, scene):
    """Of the first ten seconds, with a metric of their own choice."""
    _, found = told("calibrate", scene, "--seconds", "10", "--set", "stages.score.metric=mse")

    assert (found["pictures"], found["seconds"]) == (11, 10.0)
    assert found["noise"] == pytest.approx(3, rel=0.1)
    assert [cost["is_bound"] for cost in found["costs"]][-1]
    written = [cost for cost in found["costs"] if cost["key"] == "threshold"]
    kept = [cost["kept"] for cost in written]
    assert kept == sorted(kept, reverse=True)
    assert found["threshold"] == written[kept.index(0)]["value"]


@pytest.mark.slow
def test_something_that_moved_is_noticed(call, scene):
    """What is learned from it would be wrong."""
    cv2.imwrite(
        str(scene / "2024-01-01_00-00-30.png"),
        np.kron(np.indices((6, 8)).sum(0) % 2 * 200, np.ones((20, 20))).astype(np.uint8),
    )

    assert (
        "note: the largest score, after 31.0 s, stands out: if something moved there, look again"
        in call("calibrate", scene).stdout
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "nothing: there is no such file or folder"),
        (["wall", "--seconds", "0.5"], "1 pictures"),
        (["wall", "--set", 'stages.score.use="grayscale"'], "no stage decides by a threshold"),
    ],
)
def test_what_cannot_be_calibrated_is_told(call, scene, arguments, message):
    """In one line."""
    done = call("calibrate", *arguments)

    assert done.exit_code != 0
    assert message in done.stderr
