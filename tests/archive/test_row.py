import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.archive.row import COLUMNS, MAX_INT, Row, plain, row_of
from keepframe.frame import OUTCOMES, Frame

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
NOTES = st.dictionaries(
    TEXT,
    st.booleans() | st.integers(-(2**53), 2**53) | TEXT | st.floats(allow_nan=False, allow_infinity=False),
)
INTS = st.integers(-MAX_INT, MAX_INT)


def row(**more):
    """A row that says as little as it must."""
    return Row(**{"camera": "a", "stream": 0, "seq": 1, "outcome": "unchanged", "time_ns": 0, **more})


@given(
    st.builds(
        Row,
        camera=TEXT, stream=INTS, seq=INTS, part=TEXT, count=INTS, parts=INTS, outcome=st.sampled_from(OUTCOMES), reason=TEXT,
        threshold=st.none() | st.floats(allow_nan=False), scores=st.dictionaries(TEXT, st.none() | st.floats(0, 1e300)),
        notes=NOTES, time_ns=INTS, media_ns=st.none() | INTS, source=TEXT, index=st.none() | INTS, file=st.none() | TEXT,
        bytes=st.none() | INTS, is_original=st.none() | st.booleans(), gone=st.none() | TEXT,
    )
)  # fmt: skip
def test_what_is_stored_comes_back(before):
    """Every column, type for type."""
    after = Row.from_columns(before.to_columns())

    assert after == before
    assert type(after.is_original) is type(before.is_original)


def test_the_columns_are_plain_values():
    """Nothing that SQLite would refuse; scores and notes as JSON, raw bytes of a file's name written out."""
    values = row(source="b\udcfcro.jpg", notes={"n": 1}, scores={"s": None}, is_original=True).to_columns()

    assert all(isinstance(value, str | int | float | None) for value in values)
    assert values[COLUMNS.index("source")] == "b\\udcfcro.jpg"
    assert json.loads(values[COLUMNS.index("scores")]) == {"s": None}


def test_a_row_of_too_few_columns_is_a_mistake():
    """A catalogue of another version is refused before, not guessed at here."""
    with pytest.raises(ValueError, match="zip"):
        Row.from_columns(row().to_columns()[:-1])


def test_scripts_get_what_is_known_and_nothing_else():
    """No nulls; an outcome and a reason always, even an empty one."""
    told = row().to_json()
    full = row(
        part="0", count=3, parts=2, media_ns=1_500_000_000, source="clip.mp4", index=0, threshold=0.0, scores={"mse": None},
        notes={"k": True}, file="a/b.jpg", bytes=0, sha256="ab", height=4, width=6, is_original=False, gone="missing",
    ).to_json()  # fmt: skip

    assert set(told) == {"camera", "stream", "seq", "outcome", "reason", "time", "scores"}
    assert len(full) == len(COLUMNS)
    assert (full["media_seconds"], full["threshold"], full["bytes"], full["index"]) == (1.5, 0.0, 0, 0)
    assert (full["is_original"], full["scores"]) == (False, {"mse": None})
    assert json.loads(json.dumps(full)) == full


def test_its_name_is_what_commands_take():
    """With the part, if it is one."""
    assert (row().name, row(part="0.1").name, row().at) == ("a/0/1", "a/0/1/0.1", (0, 1))


@pytest.mark.parametrize(
    ("scores", "notes", "expected"),
    [
        ({}, {}, None),
        ({"a": 0.1, "b": 0.7}, {}, 0.7),
        ({"a": 0.1, "b": 0.7}, {"score": "a"}, 0.1),
        ({"a": None, "b": 0.7}, {"score": "a"}, 0.7),
        ({"a": None}, {}, None),
        ({"a": 0.1}, {"score": "gone"}, 0.1),
        ({"7": 0.1, "b": 0.5}, {"score": 7}, 0.1),
        ({"a": 0.0, "b": -1.0}, {}, 0.0),
    ],
)
def test_the_deciding_score_is_the_noted_one_or_the_greatest(scores, notes, expected):
    """A score that is unknown decides nothing."""
    assert row(scores=scores, notes=notes).deciding_score == expected


def test_a_settled_frame_keeps_what_was_said_of_it():
    """Its outcome and reason, its numbers, its notes."""
    frame = Frame(
        camera="a", stream=2, seq=3, part="1", time_ns=5, source="x.jpg", index=0, media_ns=0, threshold=0.5
    )
    told = row_of(frame.with_score("s", 1).with_note("n", "m").settled("unchanged", "unchanged"))

    assert (told.name, told.outcome, told.reason, told.threshold) == (
        "a/2/3/1",
        "unchanged",
        "unchanged",
        0.5,
    )
    assert (told.scores, told.notes, told.time_ns, told.index, told.media_ns) == (
        {"s": 1.0},
        {"n": "m"},
        5,
        0,
        0,
    )


@pytest.mark.parametrize(("reason", "expected"), [("", "passed"), ("first", "first")])
def test_what_nobody_decided_is_kept(reason, expected):
    """And says that nobody did, unless there is a reason."""
    told = row_of(Frame(camera="a", reason=reason))

    assert (told.outcome, told.reason) == ("kept", expected)


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_is_unknown(score):
    """The row can be written as JSON whatever a stage has computed."""
    assert row_of(Frame(camera="a", scores={"s": score, "t": 1})).scores == {"s": None, "t": 1.0}


@pytest.mark.parametrize("name", ["time_ns", "media_ns", "index"])
@pytest.mark.parametrize("number", [MAX_INT + 1, -MAX_INT - 1, 10**40])
@pytest.mark.parametrize("outcome", [None, "unchanged"])
def test_a_number_beyond_64_bits_fails_its_frame(name, number, outcome):
    """The catalogue could not take it, and one frame must not stop a camera."""
    told = row_of(Frame(camera="a", outcome=outcome, **{name: number}))

    assert told.outcome == "failed"
    assert told.reason == f"archive: {name} {number} does not fit into 64 bits"
    assert getattr(told, name) in (0, None)


def test_numbers_of_64_bits_are_stored():
    """The limit itself."""
    told = row_of(Frame(camera="a", time_ns=MAX_INT, media_ns=-MAX_INT, index=MAX_INT))

    assert (told.outcome, told.time_ns, told.media_ns, told.index) == ("kept", MAX_INT, -MAX_INT, MAX_INT)


@given(st.text(st.characters(exclude_categories=())))
def test_plain_text_can_always_be_written(text):
    """And is the same the second time."""
    written = plain(text)

    assert plain(written) == written
    assert written.encode().decode() == written
