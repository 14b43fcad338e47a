import json
import stat

import pytest


def test_a_pair_of_keys_is_made_and_explained(call, tmp_path):
    """In the folder `keys` unless another is named; the secret one is the owner's alone."""
    result = call("keys", "new", "score")

    assert result.exit_code == 0
    assert (
        "keys/score.secret  for the machines that run score alone; nobody else may read it\n" in result.stdout
    )
    assert stat.S_IMODE((tmp_path / "keys" / "score.secret").stat().st_mode) == 0o600

    said = call("keys", "new", "score.2027", "--keys", "elsewhere", "--json").stdout

    assert json.loads(said) == {
        "secret": "elsewhere/score.2027.secret",
        "public": "elsewhere/score.2027.public",
    }
    assert (tmp_path / "elsewhere" / "score.2027.public").is_file()


@pytest.mark.parametrize("name", ["scor", "scor.2027", "Score", "x"])
def test_no_keys_are_made_for_a_stage_that_the_pipeline_has_not(call, tmp_path, name):
    """It is misspelt, or another pipeline's: nothing would ever ask for them."""
    (tmp_path / "pipeline.toml").write_text("[cameras.a]\nsource = 'synthetic'\n")
    refused = call("keys", "new", name)
    told = "known: archive, capture, preprocess, score" if name == "x" else "did you mean 'score'?"

    assert refused.exit_code == 2
    assert f"pipeline.toml: no stage named {name.partition('.')[0]!r}; {told}" in refused.stderr
    assert not (tmp_path / "keys").exists()


def test_the_stages_of_the_pipeline_get_keys(call, tmp_path):
    """Also where it cannot run as it is; its own stages, of another file than pipeline.toml."""
    (tmp_path / "pipeline.toml").write_text("[cameras.a]\nsource = 'nonsense'\n")
    (tmp_path / "door.toml").write_text("[stages.find]\ninputs = ['capture']\nuse = 'elsewhere:find'\n")
    codes = [call("keys", "new", name).exit_code for name in ("capture", "score.2027")]

    assert codes == [0, 0]
    assert call("keys", "new", "find").exit_code == 2
    assert call("keys", "new", "find", "--pipeline", "door.toml").exit_code == 0
    assert call("keys", "new", "score", "--pipeline", "door.toml").exit_code == 2


def test_a_pipeline_that_cannot_be_read_is_told(call, tmp_path):
    """One that is named and not there, and one that is no TOML."""
    missing = call("keys", "new", "score", "--pipeline", "none.toml")
    (tmp_path / "pipeline.toml").write_text("[")
    broken = call("keys", "new", "score")

    assert (missing.exit_code, broken.exit_code) == (78, 78)
    assert "none.toml: 1 problem\n  there is no such file" in missing.stderr
    assert "not valid TOML" in broken.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("new", "score"), 1, "keys/score.secret: is there already"),
        (("new", "a/b"), 1, "expected a stage, or a stage and something behind a dot"),
        (("new",), 2, "Missing argument 'NAME'"),
        (("old", "score"), 2, "'old' is not 'new'"),
    ],
)
def test_what_cannot_be_made_is_told(call, arguments, code, told):
    """No key is written over, nothing is written elsewhere."""
    call("keys", "new", "score")
    result = call("keys", *arguments)

    assert result.exit_code == code
    assert told in result.stderr
