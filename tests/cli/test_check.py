import pytest

TEXT = """
[cameras.lobby]
source = "synthetic"
count = 3
[cameras.door]
source = "synthetic"
[cameras.door.stages.score]
threshold = 0.25
[stages.score]
metric = "mse"
replicas = 2
"""


@pytest.fixture
def pipeline(tmp_path):
    """A pipeline of two cameras, one with an option of its own."""
    path = tmp_path / "pipeline.toml"
    path.write_text(TEXT)
    return path


def test_people_see_the_graph_and_the_contracts(call, pipeline):
    """Who feeds whom, what each takes, every option with what is set and what is default."""
    done = call("check")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]

    assert done.exit_code == 0
    assert lines[0] == "pipeline.toml: can run"
    assert "capture → preprocess → score ×2 → archive" in lines
    assert "[cameras.lobby] synthetic: source, ends by itself, policy block" in lines
    assert "[cameras.door] synthetic: source, live, policy latest" in lines
    assert "change: takes frame; one per camera, keeps its memory" in lines
    assert 'metric = "mse" str set; default "structure"' in lines
    assert "threshold = nothing float or nothing" in lines
    assert "door: change with threshold = 0.25" in lines
    assert "count = 3 int or nothing set; default nothing" in lines


def test_scripts_get_the_same(told, pipeline):
    """Types, defaults and values of every option, and how the stages hang together."""
    code, said = told("check", pipeline)
    score = said["stages"]["score"]

    assert code == 0
    assert said["problems"] == said["notes"] == []
    assert (score["inputs"], score["outputs"], score["replicas"]) == (["preprocess"], ["archive"], 2)
    assert score["steps"][0]["options"]["metric"] == {
        "type": "str",
        "is_required": False,
        "default": "structure",
        "value": "mse",
    }
    assert score["cameras"]["door"][0]["options"]["threshold"]["value"] == 0.25
    assert said["cameras"]["door"]["policy"] == "latest"
    assert said["stages"]["archive"]["steps"][0]["options"]["folder"]["value"] == str(
        pipeline.parent / "archive"
    )


def test_a_broken_pipeline_exits_with_78(call, told, pipeline):
    """Everything that is wrong on stderr; a list for scripts."""
    pipeline.write_text(TEXT + 'treshold = 1\n[cameras.gate]\nsource = "vidoe"\n')
    done = call("check")
    code, said = told("check")

    assert done.exit_code == code == 78
    assert done.stdout == ""
    assert done.stderr == (
        "keepframe: pipeline.toml: 2 problems\n"
        "  cameras.gate.source: nothing is named 'vidoe'; did you mean 'video'? (your own: \"module:attribute\")\n"
        "  stages.score.treshold: unknown option of 'change'; did you mean 'threshold'?\n"
    )
    assert len(said["problems"]) == 2


def test_what_is_worth_knowing_is_noted(call, pipeline):
    """Idle replicas, files that are not here: no problem, but said."""
    done = call(
        "check", "--set", "stages.score.replicas=3", "--set", "cameras.lobby={source='video', path='x.mp4'}"
    )

    assert done.exit_code == 0
    assert "note: stages.score.replicas: 3 replicas for 2 cameras: 1 will idle" in done.stdout
    assert (
        f"note: cameras.lobby.path: expected a file or folder, there is no {pipeline.parent / 'x.mp4'}"
        in done.stdout
    )


def test_branches_are_shown_each(call, pipeline):
    """A line for each way to the archive; a stage of one's own with what it forgets."""
    (pipeline.parent / "mine_for_check.py").write_text(
        "class Late:\n    holds = 2\n    def __call__(self, frame):\n        return frame\n"
    )
    pipeline.write_text(
        '[cameras.a]\nsource = "synthetic"\n[stages.preprocess]\ninputs = ["capture"]\n[stages.score]\ninputs = ["preprocess"]\n'
        '[stages.late]\ninputs = ["preprocess"]\nuse = "mine_for_check:Late"\n[stages.archive]\ninputs = ["score", "late"]\n'
    )
    text = call("check").stdout

    assert "  capture → preprocess → score → archive\n" in text
    assert "  capture → preprocess → late → archive\n" in text
    assert "takes frame; one per camera, starts fresh after a restart, holds 2 frames back" in text
    assert "note: stages.late: 'mine_for_check:Late' has no save() and load()" in text


def test_steps_of_one_camera_are_shown(call, pipeline):
    """A camera with a list of steps of its own."""
    done = call("check", "--set", "cameras.door.stages.preprocess.steps=[{use='grayscale'}]")

    assert "  door: grayscale\n" in done.stdout


def test_what_is_reached_over_a_network_is_shown(call, told, pipeline):
    """Where each stage listens and is found, what protects it, which part runs here."""
    text = (
        pipeline.read_text()
        + "listen = 'tcp://0.0.0.0:7621'\nat = ['tcp://a.lan:7621', 'tcp://b.lan:7621']\n"
    )
    pipeline.write_text(f"keys = 'keys'\n{text}")
    shown = call("check").stdout
    _, said = told("check", pipeline, "--set", "only=archive")

    one = call("check", "--set", "stages.score.replicas=1").stdout
    many = call("check", "--set", "stages.score.replicas=5").stdout
    found = "  score listens at tcp://0.0.0.0:7621, found at tcp://a.lan:7621, tcp://b.lan:7621"

    assert f"{found} and the next port\n" in shown
    assert f"{found}\n" in one
    assert f"{found} and the next 4 ports\n" in many
    assert f"  keys in {pipeline.parent}/keys\n" in shown
    assert "note: stages.capture.listen: not set, so whole pictures travel" in shown
    assert said["network"] == {
        "score": {"listen": "tcp://0.0.0.0:7621", "at": ["tcp://a.lan:7621", "tcp://b.lan:7621"]}
    }
    assert (said["only"], said["keys"]) == (["archive"], f"{pipeline.parent}/keys")


def test_a_network_without_keys_is_shown_as_such(call, pipeline):
    """On loopback, say."""
    pipeline.write_text(pipeline.read_text() + "listen = 'tcp://127.0.0.1:7621'\n")
    shown = call("check", "--set", "only=score", "--set", "stages.preprocess.listen=tcp://127.0.0.1:7").stdout

    assert "no keys: whoever gets there can see and send pictures" in shown
    assert "  here: score\n" in shown
    assert "note:" not in shown.partition("stages.capture")[0]


def test_a_watched_folder_waits_for_more(call, tmp_path):
    """It neither is live nor ends by itself."""
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pipeline.toml").write_text(
        '[cameras.a]\nsource = "folder"\npath = "pictures"\nwatch = true\n'
    )

    assert "[cameras.a] folder: source, waits for more, policy block" in call("check").stdout
