from keepframe.config.defaults import default_stages


def test_a_copy_is_handed_out():
    """Who changes it changes nobody else's."""
    default_stages()["score"]["use"] = "other"

    assert default_stages()["score"]["use"] == "change"


def test_the_default_pipeline_is_complete(loaded):
    """A file with nothing but a camera: capture, preprocess, score, archive."""
    pipeline = loaded()

    assert [(s.name, s.inputs, [use.use for use in s.steps]) for s in pipeline.stages.values()] == [
        ("preprocess", ("capture",), ["grayscale", "downsample"]),
        ("score", ("preprocess",), ["change"]),
        ("archive", ("score",), ["archive"]),
    ]
