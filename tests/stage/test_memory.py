from collections import Counter, OrderedDict, namedtuple
from enum import IntEnum

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from keepframe.stage.memory import MAX_BYTES, MAX_KEY, MAX_KEYS, pack, unpack

DTYPES = [
    "bool",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "int8",
    "int16",
    "int32",
    "int64",
    "float32",
    "float64",
]
arrays = st.sampled_from(DTYPES).flatmap(
    lambda dtype: nps.arrays(dtype, nps.array_shapes(min_dims=0, min_side=0, max_side=3))
)
scalars = st.sampled_from(DTYPES).flatmap(lambda dtype: nps.arrays(dtype, ()).map(lambda a: a[()]))
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(),
    st.text(),
    st.binary(),
    arrays,
    scalars,
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=5), inner, max_size=3),
    ),
    max_leaves=8,
)
memories = st.dictionaries(st.text(max_size=8), values, max_size=4)


def told(value):
    """A value with the type and the bits of everything in it."""
    if isinstance(value, dict):
        return [(k, told(v)) for k, v in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [told(v) for v in value]
    if isinstance(value, np.ndarray | np.generic):
        return type(value), value.dtype, value.shape, value.tobytes()
    return type(value), np.float64(value).tobytes() if isinstance(value, float) else value


@settings(max_examples=60)
@given(memories)
def test_what_comes_back_is_what_was_saved(memory):
    """Type for type and bit for bit: tuples, float32, NaN, empty arrays, the order of keys."""
    assert told(unpack(pack(memory, "mine"))) == told(memory)


@settings(max_examples=60)
@given(memories, memories)
def test_each_key_is_packed_on_its_own(first, second):
    """So a key whose value did not change has the same bytes, whatever the others do."""
    both = pack({**first, **second}, "mine")

    assert {k: both[k] for k in second} == pack(second, "mine")


def test_arrays_come_back_writable():
    """A stage that updates its background in place does so after a takeover too."""
    background = unpack(pack({"background": np.zeros((2, 2), np.float32)}, "mine"))["background"]
    background += 1

    assert background.sum() == 4


def test_an_array_is_saved_as_it_is_now():
    """What the stage does to it afterwards does not reach into what was saved."""
    background = np.zeros(3)
    packed = pack({"background": background}, "mine")
    background += 1

    assert unpack(packed)["background"].sum() == 0


def test_a_view_is_saved_with_its_own_pixels():
    """Not those it is a view of."""
    whole = np.arange(12, dtype=np.uint8).reshape(3, 4)
    back = unpack(pack({"part": whole[::2, 1:3].T}, "mine"))["part"]

    assert back.tolist() == [[1, 9], [2, 10]]


class Level(IntEnum):
    LOW = 1


Point = namedtuple("Point", "x y")  # noqa: PYI024  what a user may write
EXPECTED = "expected None, bool, int, float, str, bytes, list, tuple, dict or a plain numpy array, got "
KNOWN = "bool, float32, float64, int16, int32, int64, int8, uint16, uint32, uint64, uint8"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({1, 2}, EXPECTED + "set"),
        (object(), EXPECTED + "object"),
        (Counter("aab"), EXPECTED + "Counter"),
        (OrderedDict(), EXPECTED + "OrderedDict"),
        (Point(1, 2), EXPECTED + "Point"),
        (Level.LOW, EXPECTED + "Level"),
        (bytearray(b"x"), EXPECTED + "bytearray"),
        (memoryview(b"x"), EXPECTED + "memoryview"),
        ([{"deep": ({3: 4},)}], EXPECTED + "a dict with other keys than str"),
        (np.ma.masked_array([1, 2]), EXPECTED + "MaskedArray"),
        (np.array(["a"]), f"an array of <U1; known: {KNOWN}"),
        (np.array([1], ">i2"), f"an array of >i2; known: {KNOWN}"),
        (np.array([None]), f"an array of object; known: {KNOWN}"),
        (2**70, "Integer value out of range"),
    ],
)
def test_what_would_come_back_as_something_else_is_refused(value, message):
    """A Counter that comes back as a dict, a bytearray as bytes: the stage would fail only after a takeover."""
    with pytest.raises(TypeError) as error:
        pack({"x": value}, "mine")

    assert str(error.value) == f"'mine': save()['x'] cannot be stored: {message}"


def test_a_list_that_holds_itself_is_refused():
    """Not followed for ever."""
    endless = []
    endless.append(endless)

    with pytest.raises(TypeError, match=r"save\(\)\['x'\] cannot be stored: maximum recursion depth"):
        pack({"x": endless}, "mine")


def test_text_that_is_no_text_is_refused():
    """Half a surrogate cannot be written as UTF-8."""
    with pytest.raises(TypeError, match="cannot be stored: 'utf-8' codec can't encode"):
        pack({"x": "\ud800"}, "mine")


@pytest.mark.parametrize("memory", [None, [("a", 1)], 3, "ab"])
def test_a_memory_is_a_dict(memory):
    """A save() that forgot its return is told."""
    with pytest.raises(TypeError) as error:
        pack(memory, "mine")

    assert str(error.value) == f"'mine': save() must return a dict, got {type(memory).__name__}"


@pytest.mark.parametrize("key", [1, None, ("a", 0), b"a", "k" * (MAX_KEY + 1)])
def test_its_keys_are_short_strings(key):
    """Each of them travels under its name."""
    with pytest.raises(TypeError, match=f"a dict with str keys of at most {MAX_KEY} characters, got "):
        pack({key: 1}, "mine")


def test_the_limits_are_all_keys_together():
    """Just within passes, one byte or key more does not; the message says both numbers."""
    pack({"x": b"0" * (MAX_BYTES - 6)}, "mine")
    pack({str(n): None for n in range(MAX_KEYS)}, "mine")

    with pytest.raises(ValueError) as error:
        pack({"x": b"0" * (MAX_BYTES - 5)}, "mine")
    assert str(error.value) == (
        "'mine': save() gave 4194305 bytes under 1 keys, expected at most 4194304 bytes under 4000 keys; "
        "keep less, or smaller arrays"
    )
    with pytest.raises(ValueError, match="under 4001 keys"):
        pack({str(n): None for n in range(MAX_KEYS + 1)}, "mine")
    with pytest.raises(ValueError, match="expected at most 3 bytes"):
        pack({"a": "bcd"}, "mine", max_bytes=3)


def extension(code, value):
    """Bytes of an extension type with anything in it."""
    return msgpack.packb(msgpack.ExtType(code, msgpack.packb(value)))


HOSTILE = {
    "nothing": b"",
    "half": msgpack.packb([1, 2, 3])[:-1],
    "more than one": b"\x01\x02",
    "no code": b"\xc1",
    "a huge list": b"\xdd\xff\xff\xff\xff",
    "a huge text": b"\xdb\xff\xff\xff\xff",
    "too deep": b"\x91" * 5000 + b"\x01",
    "no text": b"\xa1\xff",
    "number as key": b"\x81\x01\x02",
    "unknown type": extension(9, []),
    "tuple of no list": extension(3, 5),
    "array of no list": extension(1, "x"),
    "array of two": extension(1, ["uint8", [1]]),
    "array of objects": extension(1, ["object", [1], b"12345678"]),
    "array of lists": extension(1, [["uint8"], [1], b"1"]),
    "negative side": extension(1, ["uint8", [-1], b"1"]),
    "truth as side": extension(1, ["uint8", [True], b"1"]),
    "side of text": extension(1, ["uint8", ["1"], b"1"]),
    "no shape": extension(1, ["uint8", 1, b"1"]),
    "too few bytes": extension(1, ["float64", [2], b"1234567"]),
    "too many bytes": extension(1, ["uint8", [2], b"123"]),
    "a huge array": extension(1, ["uint8", [2**40, 2**40], b""]),
    "too many sides": extension(1, ["uint8", [1] * 100, b"1"]),
    "text for bytes": extension(1, ["uint8", [1], "1"]),
    "a number with sides": extension(2, ["uint8", [1], b"1"]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_bytes_that_nobody_packed_are_a_value_error(name):
    """Nothing is believed: neither sizes nor types nor depth."""
    with pytest.raises(ValueError, match=r"^memory: 'x' is not what was saved: "):
        unpack({"x": HOSTILE[name]})


@given(st.binary(max_size=40))
def test_any_bytes_are_a_value_or_a_value_error(data):
    """Never another error."""
    try:
        unpack({"x": data})
    except ValueError as error:
        assert str(error).startswith("memory: 'x' ")  # noqa: PT017  the law has two sides


@settings(max_examples=60)
@given(memories, st.data())
def test_flipped_bits_are_a_value_or_a_value_error(memory, data):
    """What a disk or a stranger made of it."""
    packed = pack({"x": memory}, "mine")["x"]
    at = data.draw(st.integers(0, len(packed) - 1))
    flipped = packed[:at] + bytes([packed[at] ^ (1 << data.draw(st.integers(0, 7)))]) + packed[at + 1 :]
    try:
        unpack({"x": flipped})
    except ValueError as error:
        assert str(error).startswith("memory: 'x' ")  # noqa: PT017  the law has two sides
