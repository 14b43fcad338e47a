import pytest

from keepframe import capture
from keepframe.config.uses import names_of_kind

STAGES = """
import dataclasses, pathlib, typing

@dataclasses.dataclass(kw_only=True)
class Fit:
    paths: list[pathlib.Path] = dataclasses.field(default_factory=list)
    ratio: float = 1.0
    name: str | None = None
    level: typing.Literal["low", "high"] | None = None

    def __post_init__(self):
        open(pathlib.Path(__file__).with_name("made"), "a").write("x")

    def __call__(self, frame):
        return frame
"""


@pytest.fixture
def folder(folder):
    """A folder with a user's stage that notes when it is made."""
    (folder / "fit_for_uses.py").write_text(STAGES)
    return folder


def options_of(pipeline):
    """The options of the one step of the score stage."""
    return dict(pipeline.stages["score"].steps[0].options)


def test_options_get_the_type_of_their_annotation(loaded, folder):
    """A whole number for a float, a list of paths from the TOML's folder, a word for a Literal."""
    options = options_of(
        loaded(
            '[stages.score]\nuse = "fit_for_uses:Fit"\npaths = ["a", "/b"]\nratio = 2\nname = "x"\nlevel = "low"'
        )
    )

    assert options == {
        "paths": [folder / "a", type(folder)("/b")],
        "ratio": 2.0,
        "name": "x",
        "level": "low",
    }
    assert isinstance(options["ratio"], float)


def test_a_word_near_a_known_one_is_named(problems):
    """Also where the option may be left unset."""
    assert problems('[stages.score]\nuse = "fit_for_uses:Fit"\nlevel = "hihg"') == [
        "stages.score.level: expected 'low' or 'high' or nothing, got str 'hihg'; did you mean 'high'?"
    ]


def test_a_users_stage_is_not_made_while_reading(loaded, folder):
    """Its constructor may load a model; every process reads the whole pipeline."""
    loaded('[stages.score]\nuse = "fit_for_uses:Fit"')

    assert not (folder / "made").exists()


def test_an_entry_point_that_fails_is_told(problems, monkeypatch):
    """Whatever an installed package does while it is imported, it is one line."""

    class Point:
        name = "flaky"

        def load(self):
            raise OSError("no such library")

    monkeypatch.setattr("keepframe.stage.load.entry_points", lambda **_: [Point()])

    assert problems('[stages.score]\nuse = "flaky"') == [
        "stages.score.use: 'flaky' fails while it is imported: OSError: no such library"
    ]


def test_names_are_known_by_kind():
    """What can be a source, a stage, an archive."""
    assert names_of_kind("source") == capture.__all__
    assert names_of_kind("archive") == ["archive"]
    assert {"blur", "change", "crop", "downsample", "grayscale", "normalize"} <= set(names_of_kind("stage"))
