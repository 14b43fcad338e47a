import subprocess
import sys

import pytest
from faulty_pipelines import BROKEN, STAGES
from hypothesis import event, given, settings
from hypothesis import strategies as st

from keepframe.config import load
from keepframe.config.load import pipeline_of
from keepframe.errors import ConfigError


@pytest.fixture
def folder(folder):
    """A folder with a user's modules in its stages folder: one sound, one that fails, one that lacks something."""
    stages = folder / "stages"
    stages.mkdir()
    (stages / "mine_for_load.py").write_text(STAGES)
    (stages / "broken_for_load.py").write_text("1 / 0\n")
    (stages / "lacking_for_load.py").write_text("import no_such_package\n")
    return folder


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_pipeline_is_told_exactly(problems, name):
    """Where, what was expected, what was found, and the nearest name: word for word."""
    text, expected = BROKEN[name]

    assert problems(text) == expected


def test_everything_wrong_is_told_at_once(problems):
    """One run is enough to see all of it: cameras, stages, options and --set."""
    found = problems(
        '[cameras.a]\nsource = "vidoe"\n[cameras.b]\nsource = "video"\n[stages.score]\nreplicas = 0\nthreshold = "x"',
        "stages.archive.quality=101",
        "oops",
    )

    assert [text.partition(":")[0] for text in found] == [
        "--set 'oops'",
        "cameras.a.source",
        "cameras.b.path",
        "stages.score.threshold",
        "stages.score.replicas",
        "stages.archive.quality",
    ]


def test_the_file_is_named_as_it_was_given(folder, monkeypatch):
    """Who typed a relative path reads it again."""
    (folder / "mine.toml").write_text("")
    monkeypatch.chdir(folder)
    with pytest.raises(ConfigError) as caught:
        load("mine.toml")

    assert str(caught.value) == (
        "mine.toml: 1 problem\n  cameras: expected at least one table [cameras.NAME], got none"
    )


def test_set_changes_what_is_written(loaded):
    """The command line has the last word; the rest of a table stays."""
    pipeline = loaded("[stages.score]\nthreshold = 0.1\nqueue = { frames = 3 }", "stages.score.threshold=0.2")
    score = pipeline.stages["score"]

    assert score.steps[0].options == {"threshold": 0.2}
    assert (score.queue.frames, score.queue.bytes) == (3, 64_000_000)
    assert pipeline.sets == ("stages.score.threshold=0.2",)


def test_paths_start_at_the_folder_of_the_toml(loaded, folder, monkeypatch):
    """Wherever the command is typed; defaults too, and ~ is the home."""
    monkeypatch.setenv("HOME", "/home/someone")
    pipeline = loaded(
        '[cameras.a]\nsource = "video"\npath = "../clip.mp4"\n[cameras.b]\nsource = "video"\npath = "~/c.mp4"'
    )

    assert pipeline.cameras["a"].source.options["path"] == folder.parent / "clip.mp4"
    assert str(pipeline.cameras["b"].source.options["path"]) == "/home/someone/c.mp4"
    assert pipeline.archive.steps[0].options["folder"] == folder / "archive"


def test_the_fingerprint_is_of_what_is_written(loaded, folder, tmp_path_factory):
    """Another folder, another archive, more replicas and another path are the same pipeline."""
    text = '[cameras.a]\nsource = "video"\npath = "x.mp4"\n'
    here = loaded(text).fingerprint
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "other.toml"
    elsewhere.write_text(text)

    assert load(elsewhere).fingerprint == here
    assert (
        loaded(text, "stages.archive.folder=b", "stages.score.replicas=3", "cameras.a.path=y").fingerprint
        == here
    )


@pytest.mark.parametrize(
    "change",
    [
        "stages.score.threshold=0.7",
        "stages.preprocess.steps[1].width=64",
        "stages.score.queue={frames=9}",
        "cameras.a.stages.score.threshold=0.7",
        "cameras.b.source=synthetic",
    ],
)
def test_the_fingerprint_changes_with_what_all_must_agree_on(loaded, change):
    """A process that was started with other options is found out."""
    text = '[cameras.a]\nsource = "video"\npath = "x.mp4"\n'

    assert loaded(text, change).fingerprint != loaded(text).fingerprint


def test_a_process_imports_what_it_runs(loaded):
    """A module that only another machine has is needed there alone; the fingerprint is the same."""
    whole = loaded('[stages.score]\nuse = "mine_for_load:shift"\nby = 1')
    text = '[stages.score]\nuse = "not_here:shift"\nby = 1'
    part = loaded(text, only="archive")

    assert part.stages["score"].steps[0].use == "not_here:shift"
    assert part.stages["score"].steps[0].contract is None
    assert loaded(
        text,
        "cameras.a.stages.score.steps=[{use='nor_here:f'}]",
        "cameras.a.source=synthetic",
        only="archive",
    )
    assert part.archive.name == "archive"
    assert part.fingerprint == loaded(text, only="capture").fingerprint != whole.fingerprint
    assert (
        loaded('[stages.score]\nuse = "mine_for_load:shift"\nby = 1', only="preprocess").fingerprint
        == whole.fingerprint
    )


def test_what_a_process_runs_must_be_there(problems):
    """The stage that is to be run is checked, and its name."""
    assert problems('[stages.score]\nuse = "not_here:shift"', only="score") == [
        "stages.score.use: 'not_here:shift': there is no module 'not_here' beside pipeline.toml or installed"
    ]
    assert problems(only="scor") == ["stages: no stage named 'scor'; did you mean 'score'?"]


def test_sets_and_toml_say_the_same(loaded):
    """What is set by hand is checked and converted like what is written."""
    by_hand = loaded("", "stages.score.threshold=1", "stages.score.queue.bytes=2MB")
    written = loaded('[stages.score]\nthreshold = 1\nqueue = { bytes = "2MB" }')

    assert by_hand.stages == written.stages
    assert by_hand.fingerprint == written.fingerprint


def test_nothing_is_started_or_written(folder):
    """Loading opens no archive and no camera."""
    path = folder / "pipeline.toml"
    path.write_text('[cameras.a]\nsource = "video"\npath = "missing.mp4"\n')
    before = sorted(folder.rglob("*"))
    load(path)

    assert sorted(folder.rglob("*.*")) == sorted(p for p in before if "." in p.name)


def test_a_fresh_process_reads_the_same(folder):
    """What a child reads is what its supervisor read."""
    path = folder / "pipeline.toml"
    path.write_text(
        '[cameras.a]\nsource = "synthetic"\n[stages.score]\nuse = "mine_for_load:shift"\nby = 2\n'
    )
    code = "import sys; from keepframe.config import load; print(load(sys.argv[1]).fingerprint)"
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == load(path).fingerprint


NAMES = st.sampled_from(
    [
        "a",
        "score",
        "preprocess",
        "archive",
        "capture",
        "use",
        "steps",
        "inputs",
        "stages",
        "cameras",
        "x y",
        "",
    ]
)
WORDS = st.sampled_from(
    [
        "change",
        "archive",
        "synthetic",
        "video",
        "blur",
        "capture",
        "score",
        "a",
        "no:such",
        ":",
        "1s",
        "64MB",
        "",
        "\0",
    ]
)
LEAVES = st.one_of(WORDS, st.none().map(lambda _: []), st.integers(-1, 3), st.floats(), st.booleans())
KEYS = st.one_of(NAMES, st.sampled_from(["source", "path", "count", "policy", "queue", "replicas", "frames", "bytes", "hang_after", "store", "threshold", "metric", "sigma"]))  # fmt: skip
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=8
)
TABLES = st.dictionaries(NAMES, st.dictionaries(KEYS, VALUES, max_size=5) | VALUES, max_size=4)
SETTINGS = st.builds(
    lambda key, value: f"{key}={value}",
    st.text(max_size=12) | st.just("stages.score.threshold"),
    st.text(max_size=5),
)
CAMERAS = st.just({"a": {"source": "synthetic"}}) | TABLES


@settings(max_examples=100, deadline=None)
@given(cameras=CAMERAS | VALUES, stages=TABLES | VALUES, setting=SETTINGS, only=st.none() | NAMES)
def test_whatever_is_written_is_a_pipeline_or_told(cameras, stages, setting, only):
    """No table, type or value makes the reading itself fail; every problem is a line."""
    found = None
    try:
        pipeline = pipeline_of({"cameras": cameras, "stages": stages}, "pipeline.toml", [setting], only=only)
    except ConfigError as error:
        found = error.problems
    else:
        event("a pipeline")

    if found is None:
        assert list(pipeline.stages)[-1] == pipeline.archive.name
    else:
        assert found
        assert not [problem for problem in found if "\n" in problem]


def test_a_stage_that_cannot_say_how_many_frames_it_holds_is_told(tmp_path):
    """A property of the user's own that gives nonsense is a problem of the pipeline, not a traceback."""
    (tmp_path / "holding.py").write_text(
        "class Hold:\n    @property\n    def holds(self):\n        return 'x'\n\n    def __call__(self, frame):\n        return frame\n"
    )
    path = tmp_path / "pipeline.toml"
    path.write_text('[cameras.a]\nsource = "synthetic"\n[stages.preprocess]\nuse = "holding:Hold"\n')

    with pytest.raises(
        ConfigError, match=r"stages\.preprocess: 'holding:Hold': expected holds to be how many frames"
    ):
        load(path)
