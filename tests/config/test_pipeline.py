import inspect
import re
import tomllib
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from keepframe.config import CAPTURE, Capture, Queue, Stage, Store, Use, load, units
from keepframe.stage import find, read_contract
from keepframe.stage.load import short_names

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "pipeline.toml").read_text(encoding="utf-8")
SOURCES = "[cameras.a]\nsource = 'synthetic'\n[cameras.b]\nsource = 'video'\npath = 'x.mp4'\n"
WINDOW = """
class Window:
    def __init__(self, *, size: int = 3):
        self.size = size
    @property
    def holds(self):
        return self.size
    def __call__(self, frame):
        return frame
"""


def uncommented(text):
    """Take the comment marks off every line that is TOML: tables, keys, and the lists they begin."""
    return re.sub(r"^# (?=\[|\]|[a-z_]+ = | {4}\{)", "", text, flags=re.MULTILINE)


def listed():
    """Every table of pipeline.toml with everything in it, and the steps that are named apart."""
    document = tomllib.loads(uncommented(TEXT))
    apart = re.findall(r"^#   (\{ use = .*?\})", TEXT, flags=re.MULTILINE)
    document["stages"]["preprocess"]["steps"] += [tomllib.loads(f"step = {text}")["step"] for text in apart]
    return document


def uses(document):
    """Each use of a document with the table that its options stand in."""
    for camera in document["cameras"].values():
        yield (
            camera["source"],
            {k: v for k, v in camera.items() if k not in {"source", "policy", "privacy", "stages"}},
        )
    for name, stage in document["stages"].items():
        for step in stage.get("steps", [stage]):
            if name != CAPTURE:
                yield step["use"], {k: v for k, v in step.items() if k not in {"use", *ENGINE}}


ENGINE = {"inputs", "steps", "replicas", "queue", "hang_after", "max_memory", "listen", "at"}
EITHER = {
    ("downsample", "width"),
    ("downsample", "factor"),
    ("blur", "size"),
    ("change", "picture"),
    ("change", "threshold"),
    ("change", "budget"),
    ("change", "false_keeps_per_day"),
}
"""Options that exclude another one: named in a comment beside it."""


def test_the_shipped_pipeline_runs_the_clip():
    """What is not commented out is one camera with the clip of the repository."""
    pipeline = load(ROOT / "pipeline.toml")

    assert list(pipeline.cameras) == ["lobby"]
    assert pipeline.cameras["lobby"].source.options["path"].is_file()
    assert pipeline == load(ROOT / "pipeline.toml")


def test_everything_in_the_shipped_pipeline_is_valid(tmp_path):
    """Whoever takes the comment marks off has a pipeline."""
    path = tmp_path / "pipeline.toml"
    path.write_text(uncommented(TEXT), encoding="utf-8")

    assert set(load(path).cameras) == {"lobby", "door", "test", "gate", "yard", "desk", "monitor", "pipe"}


def test_every_option_of_every_built_in_is_listed():
    """No option of a stage or source is missing in pipeline.toml, and none is there that does not exist."""
    found = {}
    for use, options in uses(listed()):
        found.setdefault(use, set()).update(options)
    expected = {
        use: {name for name in read_contract(find(use), use).options if (use, name) not in EITHER}
        for use in short_names()
    }

    assert found == expected
    assert all(f"{name} = …" in TEXT for _, name in EITHER)


def test_every_listed_default_is_the_default():
    """What pipeline.toml gives as a default is what the signature says; where there is none it is an example."""
    wrong = []
    for use, options in uses(listed()):
        contract = read_contract(find(use), use)
        for name, value in options.items():
            option = contract.options[name]
            if (
                not option.is_required
                and option.default is not None
                and option.convert(value) != option.default
            ):
                wrong.append((use, name, value, option.default))

    assert wrong == []


def test_the_engines_keys_are_listed_with_their_defaults():
    """The tables of the stages have every key of the dataclasses, with the values that these default to."""
    document = listed()
    named = {key for table in document["stages"].values() for key in table}

    assert {field.name.removesuffix("_s") for field in fields(Stage)} - {"name", "by_camera"} == ENGINE
    assert named >= ENGINE
    for name in ("preprocess", "score", "archive"):
        table = document["stages"][name]
        stage = Stage(name, (), ())
        assert {"inputs", "queue", "hang_after"} <= set(table), name
        assert table.get("replicas", 1) == stage.replicas
        assert units.seconds(table["hang_after"]) == stage.hang_after_s
        assert units.size(table["max_memory"]) == stage.max_memory
        assert Queue(table["queue"]["frames"], units.size(table["queue"]["bytes"])) == Queue()
    capture = document["stages"][CAPTURE]
    assert set(capture) == {field.name.removesuffix("_s") for field in fields(Capture)}
    assert Store(capture["store"]["frames"], units.size(capture["store"]["bytes"])) == Store()
    assert units.seconds(capture["hang_after"]) == Capture().hang_after_s
    assert units.size(capture["max_memory"]) == Capture().max_memory


def test_the_listed_stages_are_the_default_ones(tmp_path):
    """Taking the comment marks off the stage tables changes nothing, addresses aside, which have no defaults."""
    stages = uncommented(TEXT[TEXT.index("# [stages.capture]") :])
    stages = re.sub(r"^(listen|at) = .*$", "", stages, flags=re.MULTILINE)
    path = tmp_path / "pipeline.toml"
    path.write_text(SOURCES + stages, encoding="utf-8")
    written = load(path)
    path.write_text(SOURCES, encoding="utf-8")
    silent = load(path)

    assert [(s.name, s.inputs, s.replicas, s.queue, s.hang_after_s) for s in written.stages.values()] == [
        (s.name, s.inputs, s.replicas, s.queue, s.hang_after_s) for s in silent.stages.values()
    ]
    assert written.stages["preprocess"] == silent.stages["preprocess"]
    assert written.archive.steps[0].options["folder"] == silent.archive.steps[0].options["folder"]


def test_who_feeds_whom(loaded):
    """The capture stands for itself; nothing feeds it and nothing comes after the archive."""
    pipeline = loaded()

    assert pipeline.lowers(CAPTURE) == ("preprocess",)
    assert pipeline.lowers("preprocess") == ("score",)
    assert pipeline.lowers("archive") == ()
    assert pipeline.uppers("archive") == ("score",)
    assert pipeline.uppers(CAPTURE) == ()


def test_a_camera_has_its_own_steps(loaded):
    """What a camera sets is added to what the stage sets; others are not touched."""
    score = loaded(
        SOURCES + "[stages.score]\nmetric = 'mse'\n[cameras.a.stages.score]\nthreshold = 0.1"
    ).stages["score"]

    assert score.for_camera("a") == (Use("change", {"metric": "mse", "threshold": 0.1}),)
    assert score.for_camera("b") == score.steps == (Use("change", {"metric": "mse"}),)


def test_held_frames_add_up_along_the_way(loaded, folder):
    """A property is asked of an instance with the options that are set; a camera's own count if they are more."""
    (folder / "window_for_pipeline.py").write_text(WINDOW)
    use = 'use = "window_for_pipeline:Window"'
    pipeline = loaded(
        f"{SOURCES}[stages.preprocess]\n{use}\n[stages.score]\n{use}\nsize = 4\n[cameras.a.stages.score]\nsize = 5"
    )

    assert [pipeline.holds(name) for name in (CAPTURE, "preprocess", "score", "archive")] == [0, 3, 8, 8]


def test_values_cannot_be_changed(loaded):
    """A pipeline is the same to everybody who has it."""
    pipeline = loaded()
    with pytest.raises(FrozenInstanceError):
        pipeline.name = "other"
    with pytest.raises(TypeError):
        pipeline.stages["score"] = None
    with pytest.raises(TypeError):
        pipeline.stages["preprocess"].steps[1].options["width"] = 3


def test_what_another_machine_runs_cannot_be_bound():
    """A use that was not imported says so."""
    with pytest.raises(ValueError, match="'m:f' was not imported"):
        Use("m:f").bound  # noqa: B018


def test_defaults_stand_in_the_dataclasses_alone():
    """The modules that read tables repeat none of them."""
    folder = Path(inspect.getfile(Stage)).parent
    numbers = {
        path.name: re.findall(r"\b(32|64_000_000|128|256_000_000|60\.0)\b", path.read_text())
        for path in folder.glob("*.py")
    }

    assert {name for name, found in numbers.items() if found} <= {"pipeline.py", "units.py", "stages.py"}
