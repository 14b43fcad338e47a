import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.wire import place as module
from keepframe.wire.place import mix, place

some = st.lists(st.text(min_size=1, max_size=5), unique=True, max_size=12)


@given(some, some.filter(bool), st.randoms(use_true_random=False))
def test_every_camera_has_a_place_and_none_has_two_more_than_another(cameras, replicas, r):
    """Even, complete, and a function of the two sets alone: whoever asks comes to the same answer."""
    placed = place(cameras, replicas)
    loads = [list(placed.values()).count(replica) for replica in replicas]

    assert placed.keys() == set(cameras)
    assert max(loads) - min(loads) <= 1
    assert place(r.sample(cameras, len(cameras)), r.sample(replicas, len(replicas))) == placed


def test_what_was_worked_out_once_is_what_is_worked_out_anew():
    """For whichever cameras and replicas; and nobody can change it for others."""
    names = tuple(f"camera-{i}" for i in range(9))
    for replicas in (("score.0",), ("score.0", "score.1"), ("score.0",)):
        assert dict(module.placed(names, replicas)) == place(names, replicas)
    with pytest.raises(TypeError):
        module.placed(names, ("score.0",))["camera-0"] = "score.1"


@pytest.mark.parametrize(("cameras", "replicas"), list(itertools.product([1, 5, 8, 24, 100], [1, 2, 4, 8])))
def test_few_cameras_move_that_need_not(cameras, replicas):
    """When a replica leaves, beside its own cameras at most a seventh of all move (mean over the replicas)."""
    names, ready = [f"camera-{i}" for i in range(cameras)], [f"score.{i}" for i in range(replicas + 1)]
    before = place(names, ready)
    needless = 0
    for gone in ready:
        after = place(names, [r for r in ready if r != gone])
        needless += sum(after[c] != before[c] for c in names if before[c] != gone)

    assert needless / len(ready) <= max(1, cameras / 7)


def test_no_replicas_are_an_error_only_for_cameras():
    """Nobody can be placed on nothing."""
    assert place([], []) == {}

    with pytest.raises(ValueError, match="no replicas to place them on"):
        place(["a"], [])


def test_the_hash_is_the_same_in_every_process():
    """Python's own hash differs from run to run; this one is agreed on by all processes of a pipeline."""
    assert [mix("lobby", "score.0"), mix("lobby", "score.1"), mix()] == [3955832599, 4163406099, 685351977]
