import cv2
import numpy as np
import pytest

from keepframe.metrics import changed_regions, even_light


@pytest.fixture
def scene(make):
    """A large enough textured scene with room above and below."""
    return np.clip(make.scene(240, 320), 40, 200)


def _overlaps(box, x, y, width, height):
    return box.x < x + width and x < box.x + box.width and box.y < y + height and y < box.y + box.height


def test_an_object_is_boxed_and_nothing_else(scene, make):
    """Noise, a lamp and a sub-pixel wobble around it do not add boxes."""
    changed = scene.copy()
    changed[150:180, 60:100] = 10
    wobble = cv2.warpAffine(
        changed, np.array([[1, 0, 0.3], [0, 1, 0.2]], np.float32), (320, 240), borderMode=cv2.BORDER_REPLICATE
    )
    brighter = np.clip(wobble * 1.15 + 8, 0, 255).astype(np.uint8)
    found = changed_regions(scene, make.noisy(brighter, 3))

    assert found.boxes
    assert all(_overlaps(box, 58, 148, 44, 34) for box in found.boxes)
    assert found.share == pytest.approx(30 * 40 / scene.size, rel=0.5)


@pytest.mark.parametrize("sigma", [0, 2, 5, 10])
def test_noise_alone_is_no_region(scene, make, sigma):
    """Whatever its strength."""
    assert changed_regions(scene, make.noisy(scene, sigma)).boxes == []


def test_an_even_change_of_light_is_no_region_and_is_told(scene):
    """Gain and offset are taken out, and how much brighter it became is said."""
    found = changed_regions(scene, (scene * 0.8 + 30).astype(np.uint8))

    assert found.boxes == []
    assert found.light.gain == pytest.approx(0.8, abs=0.02)
    assert found.light.step == pytest.approx(float((scene * 0.8 + 30).mean() - scene.mean()), abs=1.5)


def test_a_knocked_camera_is_no_region_and_is_told(make):
    """Boxes and share are of what both pictures show."""
    large = np.clip(make.scene(300, 400), 40, 200)
    a, b = large[20:260, 20:340], large[15:255, 27:347]
    found = changed_regions(np.ascontiguousarray(a), np.ascontiguousarray(b))

    assert found.boxes == []
    assert (found.moved.x, found.moved.y) == pytest.approx((-7, 5), abs=0.5)


def test_boxes_are_in_the_reference_s_pixels_after_a_knock(make):
    """What is new is boxed where the reference would show it."""
    large = np.clip(make.scene(300, 400), 40, 200)
    changed = large.copy()
    changed[120:150, 220:260] = 5
    found = changed_regions(
        np.ascontiguousarray(large[20:260, 20:340]), np.ascontiguousarray(changed[15:255, 27:347])
    )

    assert len(found.boxes) == 1
    assert found.boxes[0] == pytest.approx((200, 100, 40, 30), abs=3)


def test_a_change_of_colour_alone_is_a_region():
    """Equal gray, other colour."""
    wall = np.full((120, 160, 3), 120, np.uint8)
    painted = wall.copy()
    painted[40:60, 60:90] = (220, 79, 162)

    assert len(changed_regions(wall, painted).boxes) == 1


def test_a_covered_lens_is_a_region_or_a_step_of_light(scene):
    """Black explains nothing, although a gain of zero would fit."""
    black = np.zeros_like(scene)

    assert changed_regions(scene, black).share > 0.2
    assert changed_regions(black, scene).share > 0.2


def test_a_thin_thing_that_vanished_is_seen_as_well_as_one_that_came():
    """The neighbourhood forgives a pixel one way; both ways are looked at."""
    wall = np.full((120, 160), 100, np.uint8)
    wire = wall.copy()
    wire[:, 80] = 180

    assert len(changed_regions(wall, wire).boxes) == len(changed_regions(wire, wall).boxes) == 1


def test_light_is_fitted_without_what_changed(scene):
    """A large dark object does not pull the line."""
    covered = np.minimum(scene, 240) + 12
    covered[:100, :150] = 0
    light = even_light(scene, covered)

    assert (light.gain, light.step) == pytest.approx((1, 12), abs=1.0)
