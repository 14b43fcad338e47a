"""How far apart the pictures lie."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.capture.interval import interval_ns, is_due


@pytest.mark.parametrize(
    ("every", "ns"),
    [
        ("1s", 10**9),
        ("500ms", 5 * 10**8),
        ("1.5 s", 1_500_000_000),
        ("2min", 120 * 10**9),
        ("1h", 3600 * 10**9),
        ("3", 3 * 10**9),
        (2, 2 * 10**9),
        (0.04, 4 * 10**7),
    ],
)
def test_durations_are_read_as_people_write_them(every, ns):
    """With a unit, or as seconds."""
    assert interval_ns(every) == ns


@pytest.mark.parametrize(
    "every", ["", "soon", "-1s", "0", 0, -1, "1 fortnight", float("nan"), float("inf"), 1e-12, True]
)
def test_what_is_no_duration_is_refused(every):
    """And the option is named."""
    with pytest.raises(
        ValueError, match=r"^every: expected a duration like '1s', '500ms' or seconds above 0, got "
    ):
        interval_ns(every)


@given(st.lists(st.integers(0, 1000)), st.integers(1, 300))
def test_each_cell_of_the_grid_gives_its_first_picture(times, interval):
    """Of pictures in order of time."""
    taken, last = [], None
    for at in sorted(times):
        if is_due(at, last, interval):
            taken.append(at)
            last = at

    assert taken == [
        min(t for t in times if t // interval == cell) for cell in sorted({t // interval for t in times})
    ]
