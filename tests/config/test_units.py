import pytest

from keepframe.config.units import seconds, size


@pytest.mark.parametrize(
    ("text", "expected"),
    [("64MB", 64_000_000), ("1 GiB", 1 << 30), ("0.5kB", 500), ("7B", 7), (1, 1)],
)
def test_a_size_is_read(text, expected):
    """Decimal and binary units, and whole bytes."""
    assert size(text) == expected


@pytest.mark.parametrize(
    "text", ["64", "MB", "64 mb", "-1MB", "0B", "0.1B", 0, -1, True, 1.5, None, "9" * 400 + "GB"]
)
def test_what_is_no_size_is_refused(text):
    """A string without a unit, an unknown unit, nothing, less than a byte, infinitely many."""
    with pytest.raises(ValueError, match="expected a size like '64MB', got "):
        size(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("1s", 1), ("500ms", 0.5), ("2min", 120), ("2 m", 120), ("1.5h", 5400)]
)
def test_a_duration_is_read(text, expected):
    """From milliseconds to hours."""
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["1", "s", "1 day", "0s", "-1s", 1, 1.5, False, "9" * 400 + "h"])
def test_what_is_no_duration_is_refused(text):
    """A bare number says no unit, and nothing takes no time."""
    with pytest.raises(ValueError, match="expected a duration like '1s' or '500ms', got "):
        seconds(text)
