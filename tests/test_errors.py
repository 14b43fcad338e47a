import inspect

import pytest

from keepframe import errors
from keepframe.errors import ArchiveLockedError, ConfigError, PictureError, WireError


def test_a_config_error_tells_every_problem():
    """One a line, below the file and their number."""
    error = ConfigError("a.toml", ["x: missing", "y: expected int, got str 'z'"])

    assert str(error) == "a.toml: 2 problems\n  x: missing\n  y: expected int, got str 'z'"
    assert (error.where, error.problems) == ("a.toml", ["x: missing", "y: expected int, got str 'z'"])


def test_one_problem_is_counted_as_one():
    """In plain words."""
    assert str(ConfigError("a.toml", ("x",))).startswith("a.toml: 1 problem\n")


def test_its_problems_are_its_own():
    """What is found later is not told in an error that was raised before."""
    found = ["x"]
    error = ConfigError("a.toml", found)
    found.append("y")

    assert error.problems == ["x"]


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (ConfigError, ValueError),
        (WireError, ValueError),
        (PictureError, ValueError),
        (ArchiveLockedError, RuntimeError),
    ],
)
def test_each_is_one_of_pythons_own(kind, builtin):
    """Whoever does not know ours catches those."""
    assert issubclass(kind, builtin)


def test_no_error_catches_another_but_where_it_is_meant():
    """They are caught one by one; a lost picture ends a session as a stale one does, and another version does not fit the protocol."""
    kinds = [k for _, k in inspect.getmembers(errors, inspect.isclass) if k.__module__ == errors.__name__]

    assert len(kinds) >= 4
    assert [(a, b) for a in kinds for b in kinds if a is not b and issubclass(a, b)] == [
        (errors.LostPictureError, errors.StalePictureError),
        (errors.OtherVersionError, errors.WireError),
    ]
