import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.score.places import Places
from keepframe.stage.memory import pack, unpack


def tiles(value, rows=5, columns=7):
    """One log change everywhere, of both kinds."""
    return np.full((2, rows, columns), value, np.float32)


def taught(changes, level=90.0):
    """Places that have learned these."""
    places = Places()
    for change in changes:
        places.light(level)
        places.learn(change)
    return places


def test_a_restless_place_is_forgiven_more():
    """Where leaves wave, and beside it, a change is usual that elsewhere is not."""
    rng = np.random.default_rng(0)
    changes = []
    for _ in range(100):
        change = tiles(0.0)
        change[:, 2, 2] = rng.normal(3, 1)
        changes.append(change)

    unusual = taught(changes).unusual(tiles(3.0))

    assert unusual[0, 2, 2] < 2
    assert unusual[0, 3, 3] < 2
    assert unusual[0, 2, 5] > 8


def test_each_kind_has_its_own_noise():
    """What the edges of a place do says nothing of its levels."""
    change = tiles(0.0)
    change[0] = 3.0

    edges, levels = taught([change] * 60).unusual(tiles(3.0))

    assert edges.max() < 1
    assert levels.min() > 4


def test_before_anything_is_known_a_place_is_held_against_the_others():
    """By kind: the one that stands out does."""
    change = tiles(1.0)
    change[1, 2, 2] = 6.0

    unusual = Places().unusual(change)

    assert unusual[0].max() == 0
    assert unusual[1, 2, 2] > 4


def test_who_passes_by_teaches_little():
    """A picture of somebody does not make a place deaf; five do for as long as he is there, so that he is not news with each of them."""
    once, there = (taught([tiles(0.0)] * 100 + [tiles(5.0)] * n) for n in (1, 5))

    assert once.unusual(tiles(5.0)).min() > 4
    assert there.unusual(tiles(5.0)).max() < 4


@pytest.mark.parametrize(("there", "without"), [(5, 4), (15, 8)])
def test_a_moment_after_somebody_has_left_a_place_is_itself_again(there, without):
    """After about as many pictures without him as he was there."""
    places = taught([tiles(0.0)] * 100 + [tiles(5.0)] * there + [tiles(0.0)] * without)

    assert places.unusual(tiles(5.0)).min() > 4


def test_what_became_still_is_believed():
    """A noisy hour is forgotten within some dozens of pictures."""
    rng = np.random.default_rng(1)
    noisy = [rng.normal(2, 1.5, (2, 5, 7)).astype(np.float32) for _ in range(100)]

    assert taught(noisy).unusual(tiles(3.0)).max() < 2
    assert taught(noisy + [tiles(-0.5)] * 80).unusual(tiles(3.0)).min() > 4


def test_few_pictures_leave_room_for_doubt():
    """The same change is less unusual while little was seen."""
    few, many = taught([tiles(0.0)] * 2), taught([tiles(0.0)] * 200)

    assert few.unusual(tiles(2.0)).max() < many.unusual(tiles(2.0)).max()


def test_each_light_has_its_own_noise():
    """What the day taught is still known after a night, and the night is not judged by it."""
    places = taught([tiles(3.0)] * 60, level=130.0)
    for _ in range(60):
        places.light(20.0)
        places.learn(tiles(0.0))

    by_night = places.unusual(tiles(3.0)).min()
    places.light(130.0)

    assert by_night > 4
    assert places.unusual(tiles(3.0)).max() < 1


@given(
    st.lists(st.tuples(st.integers(0, 255), st.integers(0, 99)), min_size=1, max_size=20), st.integers(0, 20)
)
def test_going_on_from_a_memory_changes_nothing(seen, broken):
    """Saved and loaded anywhere, to the last bit."""
    steady, places = Places(), Places()
    for n, (level, seed) in enumerate(seen):
        if n == broken:
            memory = unpack(pack(places.save(), "places"))
            places = Places()
            places.load(memory)
        change = np.random.default_rng(seed).normal(0, 1, (2, 3, 4)).astype(np.float32)
        for each in (steady, places):
            each.light(float(level))
            each.learn(change)

    assert (places.unusual(change) == steady.unusual(change)).all()
    assert pack(places.save(), "places") == pack(steady.save(), "places")
