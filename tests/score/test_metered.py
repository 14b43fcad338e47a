import numpy as np
import pytest

from keepframe.score.metered import Metered, Ruled
from keepframe.stage.memory import pack, unpack

MAD = "mean-absolute-difference"


def flat(level):
    """A picture of one level."""
    return np.full((4, 6), level, np.uint8)


def test_the_quiet_score_is_against_a_recent_picture():
    """A change that stays is one against the reference for ever, and soon none against the anchor."""
    look = Metered(MAD, learns=True)
    look.begin(flat(0))

    seen = [look(flat(0), flat(51 + n % 2)) for n in range(20)]

    assert [s.score for s in seen[:2]] == [51 / 255, 52 / 255]
    assert all(s.quiet > 0.19 for s in seen[:8])
    assert all(s.quiet < 0.01 for s in seen[8:])


def test_the_same_picture_once_more_is_told():
    """Byte for byte, and only then."""
    look = Metered(MAD, learns=True)
    look.begin(flat(0))

    assert [look(flat(0), flat(level)).event for level in (0, 0, 1, 1, 0)] == [
        "repeated",
        "repeated",
        None,
        "repeated",
        None,
    ]


def test_a_memory_goes_on():
    """The anchor and its age."""
    steady = Metered(MAD, learns=True)
    steady.begin(flat(0))
    for n in range(5):
        steady(flat(0), flat(n))
    resumed = Metered(MAD, learns=True)
    resumed.load(unpack(pack(steady.save(), "change")))

    for n in range(9):
        assert resumed(flat(0), flat(3 * n)) == steady(flat(0), flat(3 * n))


@pytest.mark.parametrize(("match", "expected"), [("any", 4.0), ("all", 0.4)])
def test_the_metric_that_decides(match, expected):
    """Any: the one farthest beyond its limit; all: the one that is least."""
    ruled = Ruled({MAD: 0.05, "mse": 0.1}, match=match)

    assert ruled(flat(0), flat(51)).score == pytest.approx(expected)
