from fractions import Fraction

import msgpack
import pytest
from samples import one

from keepframe.errors import WireError
from keepframe.wire import messages
from keepframe.wire.bodies import MAX_TOLD
from keepframe.wire.codec import VERSION, decode
from keepframe.wire.messages import Envelope

EPOCH = (1, 2, 3)


def message(kind, *values, behind=()):
    """A message of one body with these values, and the parts behind it."""
    return [msgpack.packb([VERSION, None, 0, [kind, len(behind), *values]]), *behind]


def test_events_are_cut_to_fit():
    """Whatever happened on the way, it can be told in the header of a mark."""
    events = tuple(("😀" * 100, "ж" * 1000) for _ in range(20))
    envelope = Envelope((1, 2), 3, messages.Mark("c" * 64, (2**62, 2**62, 2**62), (2**62, 2**62), {}, events))

    read = decode(one(envelope))[0].body.events

    assert len(read) == 8
    assert all("😀😀".startswith(kind[:2]) and set(detail) == {"ж"} for kind, detail in read)


def test_the_last_outcomes_are_told():
    """An acknowledgement stays small; what is not told is known by the position."""
    outcomes = [((2**62, 2**62 + i), "unchanged") for i in range(300)]

    ack = decode(
        one(
            Envelope(
                (2**62, 2**62), 2**62, messages.Ack("c" * 64, (2**62,) * 3, (2**62, 2**62 + 299), outcomes)
            )
        )
    )[0].body

    assert ack.outcomes == outcomes[-MAX_TOLD:]


def test_a_weight_is_a_fraction():
    """Thirds add up to one; floats would not."""
    envelope = Envelope((1, 2), 3, messages.Mark("a", EPOCH, (0, 0), weight=Fraction(1, 3)))

    assert 3 * decode(one(envelope))[0].body.weight == 1


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (message("PING", 1), "PING.is_ready: expected true or false, got int 1"),
        (message("PING"), "PING: is_ready is missing"),
        (message("PING", True, 1), "PING: 1 fields too many"),
        (message("PING", True, behind=[b"x"]), "PING: 1 parts follow"),
        (message("WELCOME", "a.0", 0), "1 fields too many"),
        (message("HELLO", 1, "score", True, ""), "expected STAGE.REPLICA, got 'score'"),
        (message("HELLO", 1, "a/b.0", True, ""), "expected STAGE.REPLICA"),
        (message("HELLO", 1, "../x.0", True, ""), "expected STAGE.REPLICA"),
        (message("HELLO", 1, "score.0", True, "p" * 65), "at most 64"),
        (message("REFUSE", 1, "x" * 513), "at most 512"),
        (message("OPEN", "a b", EPOCH, None, (1, 1), ()), "OPEN.camera: expected a name"),
        (message("OPEN", "a\n", EPOCH, None, (1, 1), ()), "OPEN.camera: expected a name"),
        (message("OPEN", "a", (1, 2), None, (1, 1), ()), "OPEN.epoch: expected an array of 3"),
        (message("OPEN", "a", (-2, 0, 0), None, (1, 1), ()), "incarnation"),
        (message("OPEN", "a", EPOCH, 5, (1, 1), ()), "OPEN.held: expected an array of 2, got int"),
        (message("OPEN", "a", EPOCH, None, (2, 1), ()), "weight: expected at most 1, got 2/1"),
        (message("OPEN", "a", EPOCH, None, (1, 0), ()), "denominator"),
        (message("OPEN", "a", EPOCH, None, (0, 1), ()), "numerator"),
        (message("OPEN", "a", EPOCH, None, (1, 1), [0] * 17), "branch"),
        (message("OPEN", "a", EPOCH, None, (1, 1), [256]), "branch.way"),
        (message("OPENED", "a", EPOCH, (0, 0), False, []), "0 parts follow the header, expected 1"),
        (message("OPENED", "a", EPOCH, (0, 0), False, [], behind=[b"\xc0"]), "memory: expected a map"),
        (message("OPENED", "a", EPOCH, (0, 0), False, [[0, 0, "lost"]], behind=[b"\x80"]), "outcomes.outcome"),
        (message("OPENED", "a", EPOCH, (0, 0), False, [[0, 0, None]], behind=[b"\x80"]), "outcomes.outcome"),
        (message("OPENED", "a", EPOCH, (0, 0), False, [[0, 0, "kept"]] * 129, behind=[b"\x80"]), "outcomes"),
        (message("MARK", "a", EPOCH, (0, 0), (1, 1), [], behind=[msgpack.packb({"s": {"k": 1}})]), "strings to bytes"),
        (message("MARK", "a", EPOCH, (0, 0), (1, 1), [], behind=[msgpack.packb({"s/": {}})]), "stage names"),
        (message("MARK", "a", EPOCH, (0, 0), (1, 1), [], behind=[msgpack.packb({"s": 1})]), "stage names to maps"),
        (message("MARK", "a", EPOCH, (0, 0), (1, 1), [], behind=[b"\x80", b"\x80"]), "MARK: 2 parts follow"),
        (message("MARK", "a", EPOCH, (0, 0), (1, 1), [["a", "b"]] * 9), "events"),
        (message("MARK", "a", EPOCH, (0, 0), (1, 1), [["a"]]), "events: expected an array of 2"),
        (message("MARK", "a", EPOCH, (0, 0), (1, 1), [], 0), "MARK.ack_every: expected an integer from 1"),
        (message("MARK", "a", EPOCH, (0, 0), (1, 1), []), "MARK: ack_every is missing"),
        (message("ACK", "a", EPOCH, (-2, 0), []), "taken"),
        (message("ACK", "a", EPOCH, (0.0, 0), []), "taken.stream: expected an integer"),
        (message("BREAK", "a", EPOCH, None, None), "BREAK.newest: expected an array of 3, got NoneType"),
    ],
)  # fmt: skip
def test_what_no_message_of_its_kind_has_is_a_wire_error_that_names_the_field(parts, message):
    """Sizes, types and ranges are checked before they are believed, and the error says where."""
    with pytest.raises(WireError) as caught:
        decode(parts)

    assert message in str(caught.value)
