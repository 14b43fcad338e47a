import pytest

from keepframe.config.advice import advice

WINDOW = """
class Window:
    def __call__(self, frame):
        return frame
"""


@pytest.fixture
def advised(loaded, folder):
    """What is advised for a pipeline."""
    (folder / "window_for_advice.py").write_text(WINDOW)
    return lambda text="": advice(loaded(text))


def test_nothing_is_said_of_a_plain_pipeline(advised):
    """No noise."""
    assert advised() == []


def test_a_folder_of_keys_that_is_not_there_is_told(advised, folder):
    """No error: the keys of a machine are made on another one, and copied."""
    keys = folder / "keys"
    (told,) = advised('keys = "keys"\n[cameras.a]\nsource = "synthetic"\n')

    assert (
        told
        == f"keys: there is no folder {keys} here; `keepframe keys new STAGE` makes a pair for each stage"
    )

    keys.mkdir()

    assert advised('keys = "keys"\n[cameras.a]\nsource = "synthetic"\n') == []


def test_replicas_beyond_the_cameras_are_told(advised):
    """They cost memory and do nothing."""
    assert advised("[stages.score]\nreplicas = 3") == [
        "stages.score.replicas: 3 replicas for 1 camera: 2 will idle, for a camera passes through one replica at a time"
    ]


def test_a_stage_that_forgets_is_told(advised):
    """No error: some need no memory."""
    assert advised("[stages.score]\nuse = 'window_for_advice:Window'") == [
        "stages.score: 'window_for_advice:Window' has no save() and load(): "
        "after a restart or a move to another replica it starts each camera fresh"
    ]


def test_a_sink_is_told(advised):
    """Who forgot to name a stage in the archive's inputs sees it."""
    assert advised(
        "[stages.archive]\ninputs = ['score']\n[stages.score]\ninputs = ['capture']\n"
        "[stages.bell]\nuse = 'grayscale'\ninputs = ['score']"
    ) == ["stages.bell: nothing reads it; its frames reach the archive as headers and decide nothing"]


APART = (
    "stages.preprocess: looks at captured pictures and does not run with the capture, so every one of them travels to it: "
    "let it run on the cameras' machine, in the part that captures"
)


def placed(only, capture, preprocess):
    """A pipeline that runs these stages here, or all, with capture and preprocess at these hosts."""
    hosts = {"capture": capture, "preprocess": preprocess, "score": "127.0.0.1"}
    listens = "".join(
        f"[stages.{stage}]\nlisten = 'tcp://{host}:{7601 + 10 * i}'\n"
        for i, (stage, host) in enumerate(hosts.items())
    )
    return f"insecure = true\nonly = {only}\n[cameras.a]\nsource = 'synthetic'\n{listens}"


@pytest.mark.parametrize(
    ("only", "capture", "preprocess"),
    [
        (["preprocess", "score"], "127.0.0.1", "127.0.0.1"),
        (["capture"], "127.0.0.1", "127.0.0.1"),
        ([], "10.0.0.1", "10.0.0.2"),
    ],
)
def test_who_looks_at_captured_pictures_from_elsewhere_is_told(advised, only, capture, preprocess):
    """It runs in another part, or is found on another machine."""
    assert APART in advised(placed(only, capture, preprocess))


@pytest.mark.parametrize(
    ("only", "capture", "preprocess"),
    [
        ([], "127.0.0.1", "127.0.0.1"),
        ([], "127.0.0.1", "10.0.0.1"),
        ([], "10.0.0.1", "10.0.0.1"),
        (["capture", "preprocess"], "127.0.0.1", "10.0.0.1"),
        (["score"], "127.0.0.1", "10.0.0.1"),
    ],
)
def test_who_runs_with_the_capture_is_told_nothing(advised, only, capture, preprocess):
    """That captures can be reached, for kept pictures, says nothing of where preprocess runs."""
    assert APART not in advised(placed(only, capture, preprocess))


def test_pictures_that_would_travel_whole_are_worth_a_word(loaded):
    """Where a stage is found on another machine and the captures cannot be reached; not on loopback."""
    text = "insecure = true\n[cameras.a]\nsource = 'synthetic'\n[stages.score]\nlisten = 'tcp://10.0.0.1:7'\n"
    capture = "[stages.capture]\nlisten = 'tcp://127.0.0.1:9'\n"

    assert advice(loaded(text))[0].startswith(
        "stages.capture.listen: not set, so whole pictures travel to whoever is below score"
    )
    assert not [told for told in advice(loaded(text + capture)) if "whole pictures" in told]
    assert not [
        told for told in advice(loaded(text.replace("10.0.0.1", "127.0.0.1"))) if "whole pictures" in told
    ]
