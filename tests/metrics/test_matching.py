import numpy as np
import pytest

from keepframe.metrics import average_hash, match_hashes


def _answer(hash_dict_1, hash_dict_2, max_dif):
    """The answer's loop, without its swap of the sets, on bits instead of ImageHash objects."""
    result = dict.fromkeys(hash_dict_1)
    for dif in range(max_dif + 1):
        if None not in result.values():
            return result
        for k_1, v_1 in hash_dict_1.items():
            for k_2, v_2 in hash_dict_2.items():
                if np.count_nonzero(v_1 != v_2) == dif and result.get(k_1) is None:
                    result[k_1] = k_2
                    break
    return result


@pytest.mark.parametrize("max_distance", [0, 3, 12, 64])
def test_matches_are_the_answer_s(make, max_distance):
    """The nearest within max_dif, the first of equals."""
    first = {f"a{seed}": average_hash(make.scene(40, 50, seed=seed)) for seed in range(8)}
    second = {
        f"b{seed}": average_hash(make.noisy(make.scene(40, 50, seed=seed % 5), 25, seed=seed))
        for seed in range(10)
    }

    assert match_hashes(first, second, max_distance=max_distance) == _answer(first, second, max_distance)


def test_each_may_be_used_only_once(make):
    """Nearest pairs first, so that a repeat does not take another's match."""
    scene = average_hash(make.scene(40, 50))
    nearly = scene.copy()
    nearly[0, 0] ^= True
    matched = match_hashes({"near": nearly, "same": scene}, {"one": scene}, max_distance=5, once=True)

    assert matched == {"near": None, "same": "one"}


def test_the_keys_are_always_the_first_set_s(make):
    """The answer swaps the sets when the first is the larger, and with them the meaning of its result."""
    hashes = {name: average_hash(make.scene(40, 50, seed=seed)) for seed, name in enumerate("abc")}

    assert match_hashes(hashes, {"x": hashes["b"]}) == {"a": None, "b": "x", "c": None}


def test_bad_input_is_refused():
    """A negative distance matches nothing; hashes of two kinds cannot be compared."""
    with pytest.raises(ValueError, match="match-hashes: expected max_distance of at least 0 bits, got -1"):
        match_hashes({}, {}, max_distance=-1)
    with pytest.raises(ValueError, match="hashes differ in shape"):
        match_hashes({"a": np.zeros((8, 8), bool)}, {"b": np.zeros((9, 9), bool)})
