import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepframe.score.envelope import LATELY, Envelope, Range, levels
from keepframe.stage.memory import pack, unpack


def taught(pictures):
    """An envelope that has seen these."""
    envelope = Envelope()
    for picture in pictures:
        envelope.learn(levels(picture))
    return envelope


def test_a_bright_thing_among_leaves_is_outside_and_the_leaves_are_not(leaves):
    """What sways stays near what was shown; five pixels of another level do not."""
    *pictures, last = leaves(41)
    near = taught(pictures).near
    visited = last.copy()
    visited[20:25, 30:34] = 230

    swaying, lit = (near.outside(levels(image)) for image in (last, visited))
    row, column = np.unravel_index(lit.argmax(), lit.shape)

    assert swaying.max() < lit.max() / 4
    assert 19 <= row < 26
    assert 29 <= column < 35


@pytest.mark.parametrize(("gain", "offset"), [(1.3, 12), (0.7, 5)])
def test_light_is_next_to_nothing(leaves, gain, offset):
    """An even change of the light moves no level above its neighbourhood by what a faint thing would."""
    picture = next(leaves(1))
    lit = np.clip(picture * gain + offset, 0, 255).astype(np.uint8)

    apart = cv2.absdiff(levels(picture), levels(lit))

    assert np.quantile(apart, 0.99) < 20


def test_what_is_in_either_range_is_not_outside(leaves):
    """A picture within the range around another is the same, whatever was shown lately."""
    *pictures, _ = leaves(20)
    near = taught(pictures).near
    visited = pictures[-1].copy()
    visited[20:30, 30:40] = 230
    shown = levels(visited)

    assert near.outside(shown).max() > 40
    assert not near.with_(Range.around(shown)).outside(shown).any()


def test_who_stays_is_taken_in_and_who_left_is_forgotten():
    """Within twice LATELY pictures; what was there once leaves the range by and by."""
    empty, there = np.full((48, 64), 90, np.uint8), np.full((48, 64), 90, np.uint8)
    there[20:30, 30:40] = 200

    stayed = taught([empty] * 30 + [there] * 2 * LATELY)
    gone = taught([empty] * 10 + [there] * 10 + [empty] * 30 * LATELY)

    assert not stayed.near.outside(levels(there)).any()
    assert gone.near.outside(levels(there)).max() > 20


def test_nothing_is_believed_until_enough_was_seen(leaves):
    """As many pictures as it takes until what was shown counts, and one more."""
    pictures = list(leaves(LATELY + 1))

    assert not taught(pictures[:-1]).is_believed
    assert taught(pictures).is_believed


def test_the_range_is_the_same_object_while_it_is_the_same(leaves):
    """Who works something out from it can tell by that whether it must be done again."""
    envelope = taught([next(leaves(1))] * (LATELY + 1))
    before = envelope.near

    envelope.learn(levels(next(leaves(1))))

    assert envelope.near is before


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 40), st.sets(st.integers(0, 39)))
def test_going_on_from_a_memory_changes_nothing(leaves, count, broken):
    """Saved and loaded anywhere, to the last bit."""
    steady, envelope = Envelope(), Envelope()
    for n, picture in enumerate(leaves(count)):
        if n in broken:
            memory = unpack(pack(envelope.save(), "envelope"))
            envelope = Envelope()
            envelope.load(memory)
        for each in (steady, envelope):
            each.learn(levels(picture))

    assert pack(envelope.save(), "envelope") == pack(steady.save(), "envelope")
