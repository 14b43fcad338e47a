"""What a user writes about the verdict: what it makes, and what is told when it makes no sense."""

import pytest

from keepframe.score.evidence import Evidence
from keepframe.score.options import judge


def test_a_number_is_the_threshold():
    """Nothing is learned, so no state is told."""
    told = judge(threshold=0.5)(Evidence(0.6, None, 99.0, 0))

    assert (told.verdict.reason, told.verdict.threshold, told.state) == ("changed", 0.5, None)


def test_a_preset_is_a_number_of_false_keeps():
    """The more sensitive, the lower the threshold of the same pictures."""
    values = []
    for keep in ("high", "medium", "low"):
        made = judge(keep=keep)
        for n in range(150):
            told = made(Evidence(1 + n % 5 / 10, 1 + n % 5 / 10, 99.0, n * 10**9))
        values.append(told.verdict.threshold)

    assert values == sorted(set(values))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"keep": "all"}, 'keep: expected one of auto, low, medium, high, got "all"'),
        ({"threshold": -1.0}, "threshold: expected 0 or more (0 = the same), got -1"),
        ({"threshold": float("nan")}, "threshold: expected 0 or more (0 = the same), got nan"),
        ({"false_keeps_per_day": 0.0}, "false_keeps_per_day: expected a number above 0, got 0"),
        ({"budget": "200"}, 'budget: expected a number of pictures like "200/day", got "200"'),
        ({"budget": "0/day"}, 'budget: expected a number of pictures like "200/day", got "0/day"'),
        ({"confirm": "3 of 2"}, 'confirm: expected "N of M" with N from 1 to M, got "3 of 2"'),
        ({"min_gap": "soon"}, "min_gap: expected a duration like '1s', '500ms' or seconds above 0, got 'soon'"),
        ({"at_least_every": 0}, "at_least_every: expected a duration like '1s', '500ms' or seconds above 0, got 0"),
        ({"at_least_every": "5s", "min_gap": "5s"}, "at_least_every: expected more than min_gap"),
        ({"threshold": 1.0, "budget": "9/day"}, "threshold and budget: each says how much to keep; write one of them"),
        ({"keep": "low", "false_keeps_per_day": 2.0}, "keep and false_keeps_per_day: each says how much to keep; write one of them"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_told(options, told):
    """With what was expected and what was written."""
    with pytest.raises(ValueError, match=r"\w") as error:
        judge(**options)

    assert str(error.value) == told


def test_all_that_is_wrong_is_told_at_once():
    """Separated by semicolons."""
    with pytest.raises(ValueError, match=r"^threshold: .*; budget: .*; confirm: .*; threshold and budget: "):
        judge(threshold=-1.0, budget="many", confirm="all")
