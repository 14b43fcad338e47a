import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepframe.frame import Frame
from keepframe.score import Change
from keepframe.score.change import FLOOR
from keepframe.score.structure import Structure
from keepframe.stage.memory import pack, unpack
from keepframe.testing import run

SHAPE = (120, 160)


def scenery(count, seed=0, noise=2.0):
    """Pictures of a scene of blocks with noise."""
    rng = np.random.default_rng(seed)
    scene = rng.integers(60, 150, (15, 20), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    return [np.clip(scene + rng.normal(0, noise, SHAPE), 0, 255).astype(np.uint8) for _ in range(count)]


def reasons(pictures, **options):
    """Why each picture was kept or not."""
    frames = [Frame(seq=n, time_ns=n * 10**9).with_image(picture) for n, picture in enumerate(pictures)]
    return [f.reason for f in run(Change, frames, **options)]


def test_the_same_picture_scores_nothing():
    """Exactly 0, and a repeat is told."""
    structure = Structure()
    picture = scenery(1)[0]
    structure.begin(picture)

    seen = structure(picture, picture.copy())

    assert (seen.score, seen.event) == (0.0, "repeated")


def lit_and_visited(seed):
    """Noisy pictures; one with 1.3 times the light and 12 levels more; one with an object of 1 % besides."""
    rng = np.random.default_rng(seed)
    pictures = scenery(12, seed)
    lit = np.clip(scenery(1, seed, 0)[0] * 1.3 + 12 + rng.normal(0, 2, SHAPE), 0, 255).astype(np.uint8)
    visited = lit.copy()
    top, left = int(rng.integers(4, SHAPE[0] - 18)), int(rng.integers(4, SHAPE[1] - 18))
    part = visited[top : top + 14, left : left + 14]
    part[...] = np.where(part.mean() > 128, 20, 235)
    return pictures, lit, visited


@pytest.mark.slow
def test_light_is_no_change_and_an_object_in_it_is():
    """Of 100 scenes none is kept for its light, and with an object of one percent of the area at least 99 are."""
    counts = {"lit": 0, "visited": 0}
    for seed in range(100):
        pictures, lit, visited = lit_and_visited(seed)
        counts["lit"] += reasons([*pictures, lit])[-1] == "changed"
        counts["visited"] += reasons([*pictures, visited])[-1] == "changed"

    assert counts["lit"] == 0
    assert counts["visited"] >= 99


def test_what_the_light_did_is_noted():
    """Gain and offset against the reference, and where the change is."""
    pictures, _, visited = lit_and_visited(1)
    frames = [Frame(seq=n, time_ns=n * 10**9).with_image(p) for n, p in enumerate([*pictures, visited])]

    last = run(Change, frames)[-1]

    assert last.notes["gain"] == pytest.approx(1.3, abs=0.1)
    assert last.notes["light"] > 30
    assert 0 < last.notes["hot_share"] < 0.1
    assert last.notes["boxes"].split(" ")[0].count(",") == 3


def test_twenty_switches_to_infrared_are_twenty_pictures():
    """Colour to infrared and back: one picture each time, with the reason, and none after it."""
    by_day, by_night = scenery(210, 1), scenery(210, 2, noise=4)
    pictures = [(by_night if n // 10 % 2 else by_day)[n] for n in range(210)]

    found = reasons(pictures)

    assert [n for n, reason in enumerate(found) if reason == "mode"] == list(range(10, 210, 10))
    assert set(found) == {"first", "mode", "unchanged"}


def test_a_camera_that_shakes_is_put_back():
    """What the shift was is noted, and a whole pixel or three are no change."""
    rng = np.random.default_rng(3)
    wide = np.pad(scenery(1, noise=0)[0], 8, mode="reflect")
    pictures = []
    for _ in range(30):
        x, y = rng.integers(-3, 4, 2)
        pictures.append(wide[8 + y : 128 + y, 8 + x : 168 + x])

    found = reasons(pictures)

    assert set(found[6:]) <= {"unchanged", "repeated"}


def test_a_bright_thing_among_leaves_is_seen_and_the_leaves_are_not(leaves):
    """What sways has taught its places what it does; five pixels of another level are no part of it, and lie where they are."""
    *pictures, last = leaves(41)
    visited = last.copy()
    visited[20:25, 30:34] = 230
    swaying, lit = Structure(), Structure()
    for structure in (swaying, lit):
        structure.begin(pictures[0])
        for picture in pictures[1:]:
            structure(pictures[0], picture)

    plain, seen = swaying(pictures[0], last), lit(pictures[0], visited)

    assert plain.score < FLOOR < seen.score
    assert abs(seen.box.x + 4 - 32) <= 8
    assert abs(seen.box.y + 4 - 22) <= 8


def test_what_came_in_at_the_border_is_no_change():
    """A camera that was pushed by five pixels shows something else there; a thing that came in farther inside is seen."""
    wide = np.random.default_rng(4).integers(40, 160, (17, 22)).astype(np.uint8).repeat(8, 0).repeat(8, 1)
    noise = [np.random.default_rng(n).integers(0, 5, SHAPE, dtype=np.uint8) for n in range(13)]
    pictures = [wide[8:128, 8:168] + n for n in noise[:12]]
    pushed = wide[8:128, 13:173] + noise[12]
    visited = pushed.copy()
    visited[50:60, 70:80] = 250

    assert reasons([*pictures, pushed])[-1] == "unchanged"
    assert reasons([*pictures, visited])[-1] == "changed"


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_what_shows_at_the_border_alone_counts_little_and_who_comes_in_is_seen(side):
    """A spot in the outermost pixels is held to what shows next to it, as a shadow's edge; whoever reaches in is not."""
    *pictures, picture = scenery(13, noise=1.0)
    scores = []
    for end in (3, 10):
        structure = Structure()
        structure.begin(pictures[0])
        for before in pictures[1:]:
            structure(pictures[0], before)
        visited = picture.copy()
        turned = {"left": visited, "right": visited[:, ::-1], "top": visited.T, "bottom": visited[::-1].T}[
            side
        ]
        turned[44:50, :end] += 60
        scores.append(structure(pictures[0], visited).score)
    alone, come_in = scores

    assert alone < come_in / 3
    assert come_in > 5 * FLOOR


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (7, 9), (40, 3000), (1081, 33), (120, 160, 3)])
def test_any_size_is_looked_at(shape):
    """From one pixel on, gray or BGR."""
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, shape, dtype=np.uint8) for _ in range(4)]

    assert len(reasons(pictures)) == 4


@pytest.mark.parametrize("levels", [(0, 0, 0), (0, 255, 3)])
def test_constant_pictures_have_no_structure(levels):
    """A covered lens, black or white, is no change of structure and gives no error."""
    found = reasons([np.full(SHAPE, level, np.uint8) for level in levels])

    assert found[0] == "first"
    assert set(found[1:]) <= {"unchanged", "repeated"}


def test_a_change_in_the_second_picture_is_seen():
    """Before anything is learned a place is held against the others."""
    pictures = scenery(2)
    pictures[1][40:70, 60:90] = 230

    assert reasons(pictures) == ["first", "changed"]


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 3)), min_size=1, max_size=24),
    st.sets(st.integers(0, 23)),
)
def test_going_on_from_a_memory_changes_nothing(shown, broken):
    """Saved and loaded before any pictures, whatever they show: what is seen of each is the same to the last bit."""
    scenes = {
        "a": scenery(4),
        "b": scenery(4, 1),
        "c": [p // 3 for p in scenery(4)],
        "d": [p.copy() for p in scenery(4)],
    }
    for picture in scenes["d"]:
        picture[40:60, 70:90] = 220
    steady, structure = Structure(), Structure()
    reference = scenes["a"][0]
    for each in (steady, structure):
        each.begin(reference)
    for n, (scene, number) in enumerate(shown):
        if n in broken:
            memory = unpack(pack(structure.save(), "look"))
            structure = Structure()
            structure.load(memory)
        picture = scenes[scene][number]

        assert structure(reference, picture) == steady(reference, picture)

        if number == 3:
            reference = picture
