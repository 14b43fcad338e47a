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
