import pytest

PIPELINE = '[cameras.lobby]\nsource = "synthetic"\ncount = 60\nabsent = 1.0\npresent = 1.0\n'


@pytest.fixture
def pipeline(tmp_path):
    """A pipeline of a camera named as the archive's."""
    (tmp_path / "pipeline.toml").write_text(PIPELINE + "[stages.score]\nthreshold = 0.5\n")


def test_what_changes_is_listed(call, archive, pipeline):
    """Both verdicts, with what the score is held against."""
    done = call("replay", archive, "--set", "stages.score.threshold=0.8")

    assert done.exit_code == 0
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["FRAME", "TIME", "SCORE", "THRESHOLD", "WAS", "WOULD", "BE"],
        [
            "lobby/0/2",
            "2023-11-14T22:13:22.000Z",
            "0.75",
            "0.8",
            "kept,",
            "changed",
            "unchanged,",
            "unchanged",
        ],
        ["1", "of", "3", "verdicts", "change:", "2", "kept", "→", "1", "kept"],
    ]


def test_scripts_get_the_changes_and_the_counts(told, archive, pipeline):
    """Without --set there are none."""
    assert told("replay", archive)[1] == {"frames": 3, "was_kept": 2, "kept": 2, "changed": []}
    _, found = told("replay", archive, "--camera", "lobby", "--set", "stages.score.threshold=0.2")

    assert [one["frame"] for one in found["changed"]] == ["lobby/0/1"]
    assert found["kept"] == 3


@pytest.mark.parametrize(
    ("key", "what"),
    [("stages.score.metric=mse", "metric"), ("stages.score.reference=previous", "reference"), ("stages.preprocess.steps[1].height=90", "what prepares the pictures")],
)  # fmt: skip
def test_what_takes_the_pictures_cannot_be_replayed(call, archive, pipeline, key, what):
    """And it says why, and what can."""
    done = call("replay", archive, "--set", key)

    assert done.exit_code == 1
    assert f"lobby: {what} cannot be replayed: it gives other scores" in done.stderr
    assert "From stored scores: " in done.stderr


def test_an_archive_whose_pipeline_is_nowhere_is_told(call, archive):
    """As after `keepframe watch`, which writes none unless it is asked to; a folder that is no archive is told first."""
    done = call("replay", archive)

    assert done.exit_code == 1
    assert f"{archive}: there is no pipeline.toml beside it, nor here; name the pipeline" in done.stderr
    assert "keepframe watch" in done.stderr
    assert "expected an archive" in call("replay", archive.parent).stderr


def test_a_pipeline_of_other_cameras_or_verdicts_is_told(call, archive, tmp_path):
    """With what to do."""
    (tmp_path / "pipeline.toml").write_text('[cameras.yard]\nsource = "synthetic"\n')
    assert "no camera named lobby; name the archive's own pipeline" in call("replay", archive).stderr

    (tmp_path / "pipeline.toml").write_text(PIPELINE + '[stages.score]\nuse = "grayscale"\n')
    assert "no stage of lobby uses 'change'" in call("replay", archive).stderr


@pytest.mark.slow
@pytest.mark.parametrize("verdict", ["threshold = 1.5", 'keep = "auto"', 'budget = "200/day"'])
def test_a_real_run_replayed_as_it_was_changes_nothing(verdict, call, told, tmp_path, runtime):
    """Every verdict of it, to the reason: with a written threshold, a learned one, and one that fills a budget."""
    camera = PIPELINE.replace("count = 60", "count = 300\nclouds = 0.2\n")
    (tmp_path / "pipeline.toml").write_text(f"{camera}[stages.score]\n{verdict}\n")
    assert call("run", "pipeline.toml", "--json").exit_code == 0

    _, found = told("replay", "archive")

    assert found["frames"] == 300
    assert found["kept"] > 1
    assert found["changed"] == []
