"""
Match two sets of pictures by their hashes, as the thread's compare_image_dir_with_hash does.

Reading folders and making the hashes is the caller's; so is what to do with a match.
"""

from collections.abc import Mapping

from keepframe.metrics.hashes import Bits, hamming


def match_hashes(
    first: Mapping[str, Bits], second: Mapping[str, Bits], *, max_distance: int = 0, once: bool = False
) -> dict[str, str | None]:
    """
    For every picture of the first set, the nearest of the second within a distance; None where there is none.

    first, second: name to hash, all hashes made the same way. max_distance: largest number of differing bits (the answer's
        max_dif; 0 is the strictest). once: use every picture of the second set at most once, nearest pairs first.
    Of equally near ones the first in the order of the second set is taken. Unlike the answer, which swaps the sets when the
    first is the larger, the keys are always the first's.
    Errors: ValueError if max_distance is negative or hashes differ in shape.
    Source: the imagehash answer.

    >>> import numpy as np
    >>> dark, light = np.array([True, False]), np.array([True, True])
    >>> match_hashes({"a": dark, "b": light}, {"c": light}, max_distance=1)
    {'a': 'c', 'b': 'c'}
    >>> match_hashes({"a": dark, "b": light}, {"c": light}, max_distance=1, once=True)
    {'a': None, 'b': 'c'}
    """
    if max_distance < 0:
        raise ValueError(f"match-hashes: expected max_distance of at least 0 bits, got {max_distance}")
    near = []
    for key, bits in first.items():
        for order, (other, other_bits) in enumerate(second.items()):
            distance = hamming(bits, other_bits)
            if distance <= max_distance:
                near.append((distance, order, key, other))
    found: dict[str, str | None] = dict.fromkeys(first)
    used: set[str] = set()
    # stable: pairs of one distance keep the order of the first set, then of the second
    for _, _, key, other in sorted(near, key=lambda item: item[0]):
        if found[key] is None and not (once and other in used):
            found[key] = other
            used.add(other)
    return found
