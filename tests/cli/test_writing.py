import io
import json

import pytest

from keepframe.cli.writing import (
    duration,
    is_for_people,
    number,
    short_path,
    size,
    styled,
    write_json,
    write_table,
)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (99_949, "99.9 kB"), (999_600, "1 MB"), (10**12, "1 TB"), (10**16, "10000 TB")],
)  # fmt: skip
def test_a_size_is_short(count, text):
    """Three digits and a unit."""
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (59.94, "59.9 s"), (60.0, "1 min"), (3599.0, "59 min 59 s"), (86400.0, "24 h 0 min")]
)  # fmt: skip
def test_a_duration_is_short(seconds, text):
    """As precise as people want it."""
    assert duration(seconds) == text


def test_a_number_has_four_digits_that_matter():
    """Large and small."""
    assert [number(value) for value in (0.0, 1 / 3, 12345.6, 1e-9)] == ["0", "0.3333", "1.235e+04", "1e-09"]


def test_a_table_is_aligned(capsys):
    """Rows may have fewer columns; none at all is nothing."""
    write_table([("a", "bb", "c"), ("aaa", "b")], indent="  ")
    write_table([])

    assert capsys.readouterr().out == "  a    bb  c\n  aaa  b\n"


def test_json_is_strict(capsys):
    """What is no JSON is never written; text stays readable."""
    write_json({"name": "Tür"})
    with pytest.raises(ValueError, match="JSON"):
        write_json(float("nan"))

    assert capsys.readouterr().out == '{"name": "Tür"}\n'
    assert json.loads('{"name": "Tür"}') == {"name": "Tür"}


def test_a_path_is_told_whole_where_nobody_stands_in_its_folder(monkeypatch, tmp_path):
    """A service stands in / or in a folder that is gone: `var/lib/archive` in its log would lead nowhere."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir("/")
    told = [short_path("/var/lib/archive")]
    monkeypatch.chdir(gone)
    gone.rmdir()
    told.append(short_path("/var/lib/archive"))

    assert told == ["/var/lib/archive"] * 2


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("environment", "is_colourful"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colour_is_for_people_who_want_it(monkeypatch, environment, is_colourful):
    """On a terminal that can, unless NO_COLOR is set."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setattr("sys.stdout", Terminal())

    assert styled("x", bold=True) == ("\x1b[1mx\x1b[0m" if is_colourful else "x")


def test_a_file_is_not_for_people():
    """Nothing moves and nothing has colour in a log."""
    assert not is_for_people(io.StringIO())
