import numpy as np
import pytest

from keepframe.metrics import compare, names


def test_equal_pictures_are_the_same(make):
    """The strongest thing that can be said is said."""
    result = compare(make.scene(), make.scene())

    assert (result.changed, result.boxes, result.share) == (False, [], 0)
    assert result.sentence == "the same: every pixel is equal"
    assert set(result.scores.values()) == {0.0}


def test_noise_is_unchanged(make):
    """No sensor gives the same picture twice."""
    result = compare(make.scene(), make.noisy(make.scene(), 3))

    assert not result.changed
    assert result.sentence == "unchanged: nothing stands out from the noise; the light is the same"


def test_an_object_is_named_with_its_place_and_share(make):
    """The sentence a person reads."""
    still = make.scene(240, 320)
    result = compare(still, make.noisy(make.with_object(still), 2))

    assert result.changed
    assert (
        result.sentence == "changed: something in the lower left, 1 % of the picture; the light is the same"
    )


@pytest.mark.parametrize(
    ("y", "x", "place"),
    [
        (5, 5, "in the upper left"),
        (5, 140, "at the top"),
        (110, 5, "on the left"),
        (110, 150, "in the centre"),
        (110, 290, "on the right"),
        (215, 150, "at the bottom"),
        (215, 290, "in the lower right"),
    ],
)
def test_every_part_of_the_picture_has_a_name(y, x, place):
    """Nine of them."""
    wall = np.full((240, 320), 90, np.uint8)
    changed = wall.copy()
    changed[y : y + 20, x : x + 20] = 200

    assert f"something {place}, 0.5 % of the picture" in compare(wall, changed, []).sentence


def test_light_and_movement_are_told_apart_from_change(make):
    """A lamp and a knock are no change, and the sentence says what they were."""
    large = np.clip(make.scene(300, 400), 40, 180)
    a = np.ascontiguousarray(large[20:260, 20:340])
    lamp, knock = a + 30, np.ascontiguousarray(large[20:260, 14:334])

    assert compare(a, lamp, []).sentence == (
        "unchanged: nothing stands out from the noise; it is brighter by 30 of 255 levels"
    )
    assert compare(a, knock, []).sentence == (
        "unchanged: nothing stands out from the noise; the light is the same; the picture moved 6 px to the right"
    )


def test_a_light_switched_on_is_a_change_even_without_structure():
    """64 levels are no cloud."""
    dark, light = np.full((40, 40), 20, np.uint8), np.full((40, 40), 120, np.uint8)

    assert compare(dark, light, []).changed
    assert compare(dark, light, []).sentence == "changed: only the light; it is brighter by 100 of 255 levels"
    assert not compare(dark, dark + 20, []).changed


def test_several_places_and_most_of_the_picture_have_their_own_words(make):
    """A list of boxes is not a sentence."""
    wall = np.full((240, 320), 90, np.uint8)
    two = wall.copy()
    two[10:30, 10:50] = two[200:220, 250:270] = 220
    other = make.scene(240, 320, seed=3)

    assert "2 places, the largest in the upper left" in compare(wall, two, []).sentence
    assert len(compare(wall, two, []).boxes) == 2
    assert (
        "most of the picture" in compare(make.scene(240, 320), np.ascontiguousarray(255 - other), []).sentence
    )


def test_any_metric_can_be_asked_for(make):
    """Values in their own unit, scores beside them."""
    result = compare(make.scene(40, 50), make.with_object(make.scene(40, 50)), names())

    assert list(result.metrics) == list(result.scores) == names()


def test_an_unknown_name_and_other_sizes_are_errors():
    """Both before anything is computed."""
    image = np.zeros((9, 9), np.uint8)
    with pytest.raises(ValueError, match='no metric named "sssim"; did you mean "ssim"'):
        compare(image, image, ["sssim"])
    with pytest.raises(ValueError, match="compare: images differ in size"):
        compare(image, np.zeros((9, 8), np.uint8))


def test_every_degenerate_pair_has_a_sentence(degenerate):
    """One pixel, 16 bits, BGRA, a lens cap."""
    for label, a, b in degenerate:
        result = compare(a, b)

        assert result.sentence, label
        assert 0 <= result.share <= 1, label
        for box in result.boxes:
            assert box.x + box.width <= a.shape[1], label
            assert box.y + box.height <= a.shape[0], label
