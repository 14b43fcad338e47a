import os

import pytest

from keepframe.config import load
from keepframe.config.document import assign, completed, stage_names, value_of
from keepframe.config.problems import Problems
from keepframe.errors import ConfigError


def assigned(document, setting):
    """Assign, and return the document, or what is wrong."""
    problems = Problems()
    assign(document, setting, problems)
    return problems.found or document


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "there is no such file; `keepframe init` writes one, `keepframe watch SOURCE` needs none"),
        (b"[cameras", "not valid TOML: Expected ']' at the end of a table declaration (at end of document)"),
        (b"a = 1\na = 2", "not valid TOML: Cannot overwrite a value (at end of document)"),
        (
            b"path = pictures",
            'not valid TOML: Invalid value (at line 1, column 8); text stands in quotes: path = "pictures"',
        ),
        (
            b'path = "C:\\pictures"',
            "not valid TOML: Unescaped '\\' in a string (at line 1, column 13); "
            "between single quotes a backslash is a backslash: 'C:\\pictures'",
        ),
        (
            b"cameras.lobby",
            "not valid TOML: Expected '=' after a key in a key/value pair (at end of document); "
            'a table stands in brackets: [cameras.NAME], a value after "=": path = "pictures"',
        ),
        (b"a = '\xff'", "expected UTF-8 text, got byte 5 that is none"),
    ],
)
def test_a_file_that_is_no_toml_is_refused(tmp_path, content, problem):
    """Missing, cut off, doubled, in another encoding: one clear line."""
    path = tmp_path / "pipeline.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(path)

    assert str(caught.value) == f"{path}: 1 problem\n  {problem}"


def test_a_folder_is_no_pipeline(tmp_path):
    """A folder given by mistake is named as one."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)

    assert caught.value.problems == ["expected a TOML file, got a folder"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(tmp_path):
    """Permissions are a problem like any other."""
    path = tmp_path / "pipeline.toml"
    path.touch(mode=0)
    with pytest.raises(ConfigError) as caught:
        load(path)

    assert caught.value.problems == ["cannot be read: Permission denied"]


def test_a_byte_order_mark_does_no_harm(folder):
    """Some editors write one."""
    path = folder / "pipeline.toml"
    path.write_bytes(b'\xef\xbb\xbf[cameras.a]\nsource = "synthetic"\n')

    assert list(load(path).cameras) == ["a"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True),
        ("1_000", 1000),
        ("'1'", "1"),
        ('"a#b"', "a#b"),
        ("", ""),
        ("1s", "1s"),
        ("2026-11-22", "2026-11-22"),
        ("5 # five", "5 # five"),
        ("{frames = 2}", {"frames": 2}),
        ("1\nx = 2", "1\nx = 2"),
    ],
)
def test_a_value_of_the_command_line_is_toml_or_itself(text, expected):
    """No quotes are needed around words, dates or paths, and a # begins no comment."""
    assert value_of(text) == expected


def test_a_value_can_be_set_where_there_is_none_yet():
    """Tables on the way are made."""
    assert assigned({}, "cameras.a.stages.score.threshold=0.1") == {
        "cameras": {"a": {"stages": {"score": {"threshold": 0.1}}}}
    }


def test_a_quoted_key_is_one_key():
    """As in TOML."""
    assert assigned({}, 'cameras."a.b".path=x') == {"cameras": {"a.b": {"path": "x"}}}


def test_a_default_step_can_be_set():
    """A place in the list of the default steps needs no list in the file."""
    document = assigned({}, "stages.preprocess.steps[1].width=320")

    assert [step["use"] for step in document["stages"]["preprocess"]["steps"]] == [
        "grayscale",
        "downsample",
    ]
    assert document["stages"]["preprocess"]["steps"][1]["width"] == 320


def test_a_step_in_the_file_can_be_set():
    """And replaced whole."""
    document = {"stages": {"a": {"steps": [{"use": "blur", "sigma": 1}]}}}

    assert assigned(document, "stages.a.steps[0]={use = 'crop'}") == {
        "stages": {"a": {"steps": [{"use": "crop"}]}}
    }


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("threshold", "--set 'threshold': expected key.path=value, such as stages.score.threshold=0.1"),
        ("=1", "--set '=1': expected key.path=value, such as stages.score.threshold=0.1"),
        ("a..b=1", "--set 'a..b=1': expected key.path=value, such as stages.score.threshold=0.1"),
        ("a.=1", "--set 'a.=1': expected key.path=value, such as stages.score.threshold=0.1"),
        ("[0]=1", "--set '[0]=1': expected key.path=value, such as stages.score.threshold=0.1"),
        ("name.x=1", "--set 'name.x=1': there is no name.x; name is str 'gate'"),
        ("name.x.y=1", "--set 'name.x.y=1': there is no name.x; name is str 'gate'"),
        ("list[7]=1", "--set 'list[7]=1': there is no list[7]; list is list [1]"),
        ("list.x=1", "--set 'list.x=1': there is no list.x; list is list [1]"),
    ],
)
def test_what_cannot_be_set_is_told(setting, problem):
    """A place that is not there is not made up."""
    assert assigned({"name": "gate", "list": [1]}, setting) == [problem]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["capture", "preprocess", "score", "archive"]),
        ("[stages.capture]\n[stages.watch]\nuse = 'x:y'\n", ["capture", "preprocess", "score", "archive", "watch"]),
        ("[stages.watch]\ninputs = ['capture']\n", ["capture", "watch"]),
        ("stages = 7\n", ["capture", "preprocess", "score", "archive"]),
    ],
)  # fmt: skip
def test_the_names_of_stages_are_known_whether_or_not_they_can_run(tmp_path, text, names):
    """As somebody needs them who has not finished the file."""
    (tmp_path / "pipeline.toml").write_text(text)

    assert stage_names(tmp_path / "pipeline.toml") == names


def test_the_default_stages_stand():
    """A pipeline of cameras alone is complete, and a partial table changes only its keys."""
    tables = completed({"stages": {"score": {"threshold": 0.2}}})

    assert list(tables) == ["preprocess", "score", "archive"]
    assert tables["score"] == {"inputs": ["preprocess"], "use": "change", "threshold": 0.2}


def test_only_written_stages_exist_once_one_names_inputs():
    """What is written keeps the defaults of its name."""
    tables = completed(
        {"stages": {"keep": {"inputs": ["capture"], "use": "m:f"}, "archive": {"inputs": ["keep"]}}}
    )

    assert tables == {
        "archive": {"inputs": ["keep"], "use": "archive"},
        "keep": {"inputs": ["capture"], "use": "m:f"},
    }


@pytest.mark.parametrize("own", [{"use": "m:f"}, {"steps": [{"use": "m:f"}]}])
@pytest.mark.parametrize("name", ["preprocess", "score"])
def test_who_says_what_to_use_says_it_whole(name, own):
    """`use` replaces default steps, `steps` a default use."""
    table = completed({"stages": {name: own}})[name]

    assert {key: table[key] for key in table if key != "inputs"} == own
