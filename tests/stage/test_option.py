from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.stage.option import REQUIRED, Option, guess, is_allowed

Word = Literal["low", "high"]


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (int, 3, 3),
        (float, 3, 3.0),
        (float, 2.5, 2.5),
        (bool, True, True),
        (str, "x", "x"),
        (Path, "a/b", Path("a/b")),
        (list[float], [1, 2.5], [1.0, 2.5]),
        (list[Path], ["a"], [Path("a")]),
        (list[int], [], []),
        (tuple[int, ...], [1, 2], (1, 2)),
        (list[Word], ["low"], ["low"]),
        (Word, "high", "high"),
        (int | None, None, None),
        (Word | None, "low", "low"),
        (int | float, 2, 2),
        (str | Path, "a", "a"),
        (bool | int, 1, 1),
        (dict[str, float], {"ssim": 1, "mse": 0.5}, {"ssim": 1.0, "mse": 0.5}),
        (str | dict[str, float], "auto", "auto"),
    ],
)
def test_a_value_that_fits_gets_the_annotated_type(annotation, value, expected):
    """TOML knows no paths, and writes 3 where a float is meant."""
    converted = Option("x", annotation).convert(value)

    assert converted == expected
    assert type(converted) is type(expected)


@pytest.mark.parametrize(
    ("annotation", "value", "message"),
    [
        (int, True, "expected int, got bool True"),
        (dict[str, float], {"ssim": "low"}, "expected table of float, got dict {'ssim': 'low'}"),
        (int, 2.0, "expected int, got float 2.0"),
        (float, False, "expected float, got bool False"),
        (float, "high", "expected float, got str 'high'"),
        (str, 1, "expected str, got int 1"),
        (Path, 1, "expected path, got int 1"),
        (list[float], 1.0, "expected list of float, got float 1.0"),
        (list[int], [1, "2"], "expected list of int, got list [1, '2']"),
        (list[str], "ab", "expected list of str, got str 'ab'"),
        (Word, "hihg", "expected 'low' or 'high', got str 'hihg'"),
        (Literal[0, 1], True, "expected 0 or 1, got bool True"),
        (Literal[0, 1], 1.0, "expected 0 or 1, got float 1.0"),
        (Word | None, "x", "expected 'low' or 'high' or nothing, got str 'x'"),
        (int | None, "x", "expected int or nothing, got str 'x'"),
    ],
)
def test_a_value_that_does_not_fit_is_told(annotation, value, message):
    """What was expected, in words, and what was found."""
    with pytest.raises(TypeError) as error:
        Option("x", annotation).convert(value)

    assert str(error.value) == message


def test_a_whole_number_beyond_every_float_does_not_fit():
    """TOML's whole numbers have no end, floats have: told like every other value, not an OverflowError."""
    with pytest.raises(TypeError, match="expected float, got int 1000"):
        Option("x", float).convert(10**400)


@pytest.mark.parametrize(
    "annotation",
    [list, dict, list[dict], list[list[int]], tuple[int, int], set[str], object, bytes, list[int | str]],
)
def test_other_types_are_not_allowed(annotation):
    """What TOML cannot say or what would need rules of its own."""
    assert not is_allowed(annotation)


@pytest.mark.parametrize(
    ("default", "value"),
    [
        (REQUIRED, "x"),
        (REQUIRED, 0.5),
        (REQUIRED, True),
        (None, None),
        (None, 3),
        (Path("a"), "b"),
        ((1, 2), [3]),
        ([0.5], [1]),
    ],
)
def test_an_option_without_annotation_takes_what_its_default_is(default, value):
    """And any plain value where the default tells nothing."""
    annotation = guess(default)

    assert is_allowed(annotation)
    assert Option("x", annotation, default).convert(value) in (value, Path("b"), (3,), [1.0])


@given(
    st.sampled_from([bool, int, float, str, list[int], list[str], Word, int | None, float | str]),
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers() | st.text())
    ),
)
def test_converting_twice_is_converting_once(annotation, value):
    """What has been converted fits, unchanged; what has not is a TypeError and nothing else."""
    option = Option("x", annotation)
    try:
        once = option.convert(value)
    except TypeError as error:
        assert str(error).startswith(f"expected {option.expected}, got ")  # noqa: PT017  the law has two sides
        return

    assert repr(option.convert(once)) == repr(once)
