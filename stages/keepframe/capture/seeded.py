"""Numbers that follow from integers alone, for what a synthetic camera shows. Nothing here is secret or random."""

from __future__ import annotations

_WORD = (1 << 64) - 1


def uniform(seed: int, what: int, index: int, count: int) -> list[float]:
    """
    Numbers from 0 to below 1 that follow from three integers: the same in every version of every library.

    Source: SplitMix64, Steele, Lea and Flood 2014, https://doi.org/10.1145/2660193.2660195

    >>> [round(number, 3) for number in uniform(1, 2, 3, 2)] == [round(number, 3) for number in uniform(1, 2, 3, 2)]
    True
    """
    state = (seed * 0x9E3779B97F4A7C15 + what * 0xD1B54A32D192ED03 + index * 0x8CB92BA72F3D8DD7) & _WORD
    numbers = []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & _WORD
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _WORD
        numbers.append(((mixed ^ (mixed >> 31)) >> 11) / (1 << 53))
    return numbers
