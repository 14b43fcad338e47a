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


def test_who_looks_at_captured_pictures_is_told_where_it_belongs(advised):
    """Once captures can be reached from elsewhere."""
    assert advised("[stages.capture]\nlisten = 'tcp://127.0.0.1:7601'") == [
        "stages.preprocess: looks at captured pictures, so it belongs on the cameras' machine: "
        "elsewhere every one of them is fetched over the network"
    ]


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
