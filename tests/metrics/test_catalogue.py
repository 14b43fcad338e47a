import json

import numpy as np
import pytest

from keepframe.metrics import Box, hottest, metric, names
from keepframe.metrics.catalogue import FIELDS


@pytest.mark.parametrize("name", names())
def test_every_metric_says_all_that_the_page_shows(name):
    """A docstring without one of the fields would leave a hole in the page."""
    described = metric(name)
    texts = [described.summary, described.takes, described.range, described.identical, described.direction]
    texts += [described.conversion, described.cost, described.blind_to, described.when, described.errors]

    assert all([*texts, described.source])
    assert described.direction.split()[0] in {"higher", "lower"}
    assert described.cost.rstrip(".") in {"trivial", "low", "medium", "high"}
    assert len(FIELDS) == len(texts)


def test_every_mapped_metric_has_its_largest_tile():
    """NAME-tile stands beside NAME."""
    plain = [name for name in names() if not name.endswith("-tile") and metric(name).is_mapped]

    assert plain
    assert {f"{name}-tile" for name in plain} <= set(names())


def test_an_unknown_name_is_answered_with_the_nearest():
    """Underscores and typos are the usual slips."""
    with pytest.raises(
        ValueError, match='no metric named "mean_absolute_diff"; did you mean "mean-absolute-diff'
    ):
        metric("mean_absolute_diff")


@pytest.mark.parametrize(
    "name", [name for name in names() if metric(name).is_mapped and name.endswith("-tile")]
)
def test_the_hottest_tile_is_where_the_object_is(name, make):
    """A dark square set into the lower left is found there, in pixels of the picture."""
    reference = make.scene()
    test = make.with_object(reference)
    score, box = hottest(name, reference, test)

    assert score == metric(name).score(reference, test) > 0
    assert 0 <= box.x <= 30 <= 30 + box.width
    # dense flow is even over a patch of 8 px, and its largest tiles are equal but for rounding
    assert 80 <= box.y <= 105 + 8


def test_a_map_of_one_s_own_is_scaled_to_the_picture():
    """A map of half the size gives a box in pixels of the picture."""
    difference = np.zeros((10, 20), np.float32)
    difference[8:, :2] = 1

    assert hottest(difference, *np.zeros((2, 20, 40), np.uint8))[1] == Box(0, 4, 16, 16)


def test_asking_for_a_map_that_is_not_there_names_those_that_are():
    """Correlation of the whole picture has no place."""
    with pytest.raises(ValueError, match=r"ncc: has no difference map; mapped metrics: .*ssim"):
        metric("ncc").map(*np.zeros((2, 4, 4), np.uint8))


@pytest.mark.parametrize("name", [name for name in names() if name.endswith("-tile")])
def test_the_hottest_tile_lies_inside_whatever_the_picture(name, degenerate):
    """Maps of half the size and thumbnails are scaled back without leaving the picture."""
    for label, a, b in degenerate:
        _, box = hottest(name, a, b)

        assert min(box.x, box.y) >= 0, label
        assert min(box.width, box.height) >= 1, label
        assert box.x + box.width <= a.shape[1], label
        assert box.y + box.height <= a.shape[0], label


def test_a_metric_that_breaks_its_promise_is_told_on():
    """A score that is not finite would never pass a threshold, without a word."""
    with pytest.raises(ArithmeticError, match="mse: score is nan; expected a finite number"):
        metric("mse").as_score(float("nan"), np.zeros((2, 2), np.uint8))


def test_the_words_of_a_metric_are_plain_json():
    """What the command line prints with --json."""
    words = metric("ssim").words()

    assert json.loads(json.dumps(words)) == words
    assert words["name"] == "ssim"
    assert words["is_mapped"] is True
    assert words["blind_to"]
