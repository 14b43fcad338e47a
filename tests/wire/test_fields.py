import pytest

from keepframe.errors import WireError
from keepframe.wire.fields import MAX_INT, Fields


def test_fields_are_read_in_order():
    """Each with its type; at the end nothing may be left."""
    f = Fields(
        [
            3,
            None,
            7,
            1.5,
            None,
            True,
            "text",
            "na-me",
            "b",
            [1],
            [1, 2, 3],
            [0, 1],
            None,
            {"a": 1},
            {"b": "x"},
        ],
        "M",
    )

    read = [
        f.integer("a"),
        f.maybe_integer("b"),
        f.maybe_integer("c"),
        f.maybe_number("d"),
        f.maybe_number("e"),
    ]
    read += [f.flag("f"), f.text("g"), f.name("h"), f.one_of("i", ["a", "b"]), f.array("j"), f.epoch("k")]
    read += [f.position("l"), f.maybe_position("m"), f.numbers("n"), f.plain("o")]
    f.end()

    assert read == [
        3,
        None,
        7,
        1.5,
        None,
        True,
        "text",
        "na-me",
        "b",
        [1],
        (1, 2, 3),
        (0, 1),
        None,
        {"a": 1.0},
        {"b": "x"},
    ]


@pytest.mark.parametrize(
    ("read", "value", "message"),
    [
        (lambda f: f.integer("n"), True, "M.n: expected an integer from 0 to 9223372036854775807, got bool True"),
        (lambda f: f.integer("n"), 1.0, "got float 1.0"),
        (lambda f: f.integer("n"), MAX_INT + 1, "got int"),
        (lambda f: f.integer("n", 1, 2), 3, "from 1 to 2"),
        (lambda f: f.maybe_integer("n"), -1, "from 0"),
        (lambda f: f.maybe_number("n"), float("nan"), "a finite number, got float nan"),
        (lambda f: f.maybe_number("n"), float("inf"), "a finite number"),
        (lambda f: f.maybe_number("n"), "1", "a finite number"),
        (lambda f: f.maybe_number("n"), True, "a finite number"),
        (lambda f: f.flag("n"), 0, "true or false"),
        (lambda f: f.text("n"), "x" * 513, "a string of at most 512"),
        (lambda f: f.text("n"), b"x", "got bytes"),
        (lambda f: f.name("n"), "", "a name of letters"),
        (lambda f: f.name("n"), "-a", "a name of letters"),
        (lambda f: f.name("n"), "a/b", "a name of letters"),
        (lambda f: f.name("n"), "ä", "a name of letters"),
        (lambda f: f.name("n"), "x" * 65, "a string of at most 64"),
        (lambda f: f.one_of("n", ["a"]), "b", "one of a"),
        (lambda f: f.one_of("n", ["a"]), ["a"], "got list"),
        (lambda f: f.array("n", 2), [1], "an array of 2"),
        (lambda f: f.array("n", limit=1), [1, 2], "an array of at most 1"),
        (lambda f: f.array("n"), {}, "got dict"),
        (lambda f: f.epoch("n"), [1, 2], "M.n: expected an array of 3, got 2 fields"),
        (lambda f: f.epoch("n"), [-2, 0, 0], "M.n.incarnation"),
        (lambda f: f.position("n"), None, "M.n: expected an array of 2, got NoneType"),
        (lambda f: f.position("n"), [0, -2], "M.n.seq"),
        (lambda f: f.maybe_position("n"), [0], "M.n: expected an array of 2"),
        (lambda f: f.numbers("n"), {"a": float("nan")}, "M.n.a: expected a finite number"),
        (lambda f: f.numbers("n"), {1: 1.0}, "a map with strings for keys"),
        (lambda f: f.numbers("n"), [], "a map with strings for keys"),
        (lambda f: f.plain("n"), {"a": None}, "M.n.a: expected"),
        (lambda f: f.plain("n"), {"a": float("-inf")}, "M.n.a: expected a finite number"),
        (lambda f: f.plain("n"), {"x" * 513: 1}, "a map with strings for keys"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_an_error_that_names_the_field(read, value, message):
    """Where, what was expected, what was found; the value is cut short."""
    with pytest.raises(WireError) as caught:
        read(Fields([value], "M"))

    assert message in str(caught.value)
    assert len(str(caught.value)) < 250


def test_a_missing_field_and_one_too_many():
    """An array is exactly as long as its message says."""
    with pytest.raises(WireError, match=r"M: n is missing"):
        Fields([], "M").integer("n")
    with pytest.raises(WireError, match=r"M: 2 fields too many"):
        Fields([1, 2], "M").end()
    with pytest.raises(WireError, match=r"M: expected an array, got str"):
        Fields("ab", "M")
    with pytest.raises(WireError, match=r"M: n is missing"):
        Fields([], "M").maybe_integer("n")
