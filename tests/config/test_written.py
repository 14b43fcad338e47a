"""A pipeline written as TOML is the pipeline that was meant, also with everything uncommented."""

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.config.load import pipeline_of
from keepframe.config.written import camera_table, has_secret, others, relocated, stage_table, value

PLAIN = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
)


@given(st.one_of(PLAIN, st.lists(PLAIN)))
def test_what_is_written_is_read_again(given):
    """Whatever characters a path or a name has."""
    assert tomllib.loads(f"a = {value(given)}") == {"a": given}


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_a_camera_of_any_name_is_a_table_of_that_name(name):
    """What may be a name is for whoever loads it to tell."""
    assert list(tomllib.loads("\n".join(camera_table(name, "synthetic", {})))["cameras"]) == [name]


def test_tables_and_paths_are_written_on_one_line():
    """As the steps of a stage stand in the TOML."""
    steps = [{"use": "mask", "exclude": ["0,0 1,0.1"]}, {"use": "align", "picture": Path("empty.png")}]

    assert tomllib.loads(f"steps = {value(steps)}")["steps"][1] == {"use": "align", "picture": "empty.png"}


def test_everything_uncommented_is_the_same_pipeline():
    """The defaults that are shown are those that count."""
    lines = [
        *camera_table("door", "synthetic", {"count": 3}, {"count": "how many"}),
        *stage_table("score", {}),
        *stage_table("archive", {"folder": "kept"}),
    ]
    open_ = [re.sub(r"^# (\w+ = )", r"\1", line) for line in lines]

    written, whole = (tomllib.loads("\n".join(text)) for text in (lines, open_))

    assert len(whole["cameras"]["door"]) > len(written["cameras"]["door"]) == 2
    assert len(whole["stages"]["archive"]) > 1
    assert pipeline_of(whole, "x.toml").cameras["door"].source.options["count"] == 3


def test_an_option_without_a_default_is_named_only():
    """There is nothing one could take the comment from."""
    assert "# every: float or str; not set" in [
        line.replace("str or float", "float or str") for line in others("folder", {"path": "x"})
    ]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://cam/snap.jpg?user=a&pwd=b", True),
        ("http://cam/?access_token=b", True),
        ("rtsp://a:b@cam/", True),
        ("rtsp://a@cam/live?channel=1", False),
    ],
)  # fmt: skip
def test_a_password_in_an_address_is_seen(url, expected):
    """In its place, or in a query as cheap cameras have it."""
    assert has_secret(url) is expected


def test_a_path_is_right_from_another_folder(tmp_path, monkeypatch):
    """Relative stays relative, so that both can move together; absolute stays absolute."""
    monkeypatch.chdir(tmp_path)

    assert relocated("pictures", Path("etc/cams")) == "../../pictures"
    assert relocated("/data", Path("etc")) == "/data"
    assert relocated("~/data", Path("etc")) == str(Path("~/data").expanduser())
