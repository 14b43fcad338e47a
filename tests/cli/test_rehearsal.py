import numpy as np
import pytest

from keepframe.cli.rehearsal import CAMERA, Rehearsal, pipeline_for, steps
from keepframe.config import load
from keepframe.errors import ConfigError
from keepframe.frame import Frame
from keepframe.picture import Picture

SYNTHETIC = {"source": "synthetic", "count": 3}


def frames(*levels):
    """Plain pictures of these levels."""
    return [
        Frame(index=n, picture=Picture.of(np.full((40, 60), level, np.uint8)))
        for n, level in enumerate(levels)
    ]


def test_without_a_pipeline_the_default_stages_judge():
    """As a file with nothing but a camera has them."""
    pipeline, camera = pipeline_for(SYNTHETIC, None, None, [])
    with Rehearsal(pipeline, camera) as rehearsal:
        told = [f for frame in frames(10, 10, 200) for f in rehearsal.push(frame)] + rehearsal.finish()

    assert camera == CAMERA
    assert [f.outcome for f in told][:2] == [None, "unchanged"]
    assert [f.name for f in told] == ["clip/0/0", "clip/0/1", "clip/0/2"]


def test_a_cameras_own_options_and_privacy_are_taken(tmp_path):
    """The source is another, everything else as it is written."""
    path = tmp_path / "pipeline.toml"
    path.write_text(
        '[cameras.a]\nsource = "synthetic"\nprivacy = ["0,0 1,1"]\n[cameras.a.stages.score]\nthreshold = 7.0\n'
        '[cameras.b]\nsource = "synthetic"\n'
    )
    pipeline, camera = pipeline_for(SYNTHETIC, path, "a", [])
    with Rehearsal(pipeline, camera) as rehearsal:
        (first,) = rehearsal.push(frames(90)[0])

    assert dict(steps(pipeline, "a")[-1].options)["threshold"] == 7.0
    assert first.picture.gray().max() == 0
    assert pipeline_for(SYNTHETIC, path, None, [])[1] == "a"


def test_what_is_wrong_is_told(tmp_path):
    """An unknown camera, a wrong option."""
    path = tmp_path / "pipeline.toml"
    path.write_text('[cameras.a]\nsource = "synthetic"\n')

    with pytest.raises(LookupError, match="no camera named 'x'; known: a"):
        pipeline_for(SYNTHETIC, path, "x", [])
    with pytest.raises(ConfigError, match="unknown"):
        pipeline_for(SYNTHETIC, path, None, ["stages.score.nothing=1"])


def test_stages_that_branch_cannot_be_rehearsed(tmp_path):
    """Only one line of stages has one verdict for each frame."""
    path = tmp_path / "pipeline.toml"
    path.write_text(
        '[cameras.a]\nsource = "synthetic"\n[stages.one]\ninputs = ["capture"]\nuse = "grayscale"\n'
        '[stages.two]\ninputs = ["capture"]\nuse = "grayscale"\n[stages.archive]\ninputs = ["one", "two"]\nuse = "archive"\n'
    )

    with pytest.raises(ValueError, match="its stages branch at 'capture'"):
        steps(load(path), "a")
