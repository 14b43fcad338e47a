from keepframe.config import CAPTURE

FORKED = """
[stages.preprocess]
inputs = ["capture"]
[stages.score]
inputs = ["preprocess"]
[stages.other]
inputs = ["preprocess"]
use = "change"
[stages.archive]
inputs = ["score", "other"]
"""


def test_branches_meet_at_the_archive(loaded):
    """One stage may feed several; the archive takes all of them, in the order it names them."""
    pipeline = loaded(FORKED)

    assert pipeline.lowers("preprocess") == ("score", "other")
    assert pipeline.uppers("archive") == ("score", "other")
    assert pipeline.sinks == ()


def test_what_nobody_reads_ends_in_the_archive(loaded):
    """A sink is linked by itself, behind what the archive names."""
    pipeline = loaded(FORKED + "[stages.bell]\ninputs = ['score']\nuse = 'grayscale'")

    assert pipeline.sinks == ("bell",)
    assert pipeline.uppers("archive") == ("score", "other", "bell")
    assert pipeline.lowers("score") == ("archive", "bell") or pipeline.lowers("score") == ("bell", "archive")


def test_stages_come_in_the_order_of_the_frames(loaded):
    """Whatever the order in the file, what feeds comes before what is fed, the archive last."""
    pipeline = loaded(
        "[stages.archive]\ninputs = ['c']\n[stages.c]\ninputs = ['b']\nuse = 'change'\n"
        "[stages.b]\ninputs = ['a']\nuse = 'blur'\nsigma = 1\n[stages.a]\ninputs = ['capture']\nuse = 'grayscale'"
    )

    assert list(pipeline.stages) == ["a", "b", "c", "archive"]


def test_the_archive_may_read_the_capture(loaded):
    """To keep every picture is a pipeline too."""
    pipeline = loaded("[stages.archive]\ninputs = ['capture']")

    assert pipeline.lowers(CAPTURE) == ("archive",)
    assert list(pipeline.stages) == ["archive"]


def test_a_long_circle_is_told_in_the_direction_of_the_frames(problems):
    """From any of its stages one comes back to it."""
    text = "".join(
        f"[stages.{name}]\nuse = 'grayscale'\ninputs = ['{upper}']\n" for name, upper in ["ac", "ba", "cb"]
    )

    assert problems(text + "[stages.archive]\ninputs = ['a']") == [
        "stages.a.inputs: a circle: a -> b -> c -> a"
    ]
