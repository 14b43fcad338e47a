import random
import tracemalloc
from dataclasses import replace

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import EXAMPLES, FULL, MESSAGES, bodies, envelopes, one, told

from keepframe.errors import LostPictureError, WireError
from keepframe.frame import Frame, Item
from keepframe.wire import messages
from keepframe.wire.codec import KINDS, MAX_BODIES, MAX_HEADER, MAX_PARTS, VERSION, decode, encode
from keepframe.wire.item_header import fitting
from keepframe.wire.messages import Envelope

EPOCH = (1, 2, 3)


def header(*values):
    """The one part of a message with these header values behind the version."""
    return [msgpack.packb([VERSION, *values])]


@given(envelopes)
def test_a_message_that_is_sent_is_the_message_that_comes(envelope):
    """Every message of every kind is the same after its way through bytes."""
    if isinstance(envelope.body, messages.Frame):
        envelope = replace(envelope, body=replace(envelope.body, item=fitting(envelope.body.item, "test")))

    assert told(decode(one(envelope))) == told([envelope])


@pytest.mark.parametrize("name", MESSAGES)
def test_each_example_comes_through(name):
    """The messages of the golden vectors round trip too, and there is one of each kind."""
    (parts,) = encode(MESSAGES[name])

    assert told(decode(parts)) == told(MESSAGES[name])
    assert {type(e.body) for e in EXAMPLES.values()} == set(KINDS.values())


@pytest.mark.parametrize("text", ["ж" * 512, "😀" * 512, "\udcfc" * 80, "a\0b"])
def test_any_text_of_five_hundred_characters_travels(text):
    """Wide characters and the raw bytes of a file name are no reason to lose a frame."""
    frame = Frame(camera="a", source=text)

    (sent,) = decode(one(Envelope((1, 2), 3, messages.Frame("a", EPOCH, Item((frame,))))))[0].body.item.frames

    assert sent.source == text.encode("utf-8", "backslashreplace").decode()


def test_what_cannot_be_packed_is_a_wire_error():
    """Nothing but WireError comes out of encode(), so that whoever sends can count it."""
    wrong = [
        messages.Frame("a", EPOCH, Item((Frame(camera="a", notes={"n": object()}),))),
        messages.Frame("a", EPOCH, Item((Frame(camera="a", notes={"n": "\udcfc"}),))),
        messages.Frame("a", EPOCH, Item((Frame(camera="a", notes={"n": 2**70}),))),
        messages.Frame("a", EPOCH, Item((Frame(camera="a", notes={"n": "x" * 5000}),))),
        messages.Mark("a", EPOCH, (0, 0), {"score": {"k": bytes((64 << 20) + 1)}}),
        messages.Mark("a", EPOCH, (0, 0), {"score": {"k" * 3000: b""}}),
        messages.Mark("a", EPOCH, (0, 0), {"score": {f"{i}": b"" for i in range(5000)}}),
    ]
    for body in wrong:
        with pytest.raises(WireError):
            one(Envelope((1, 2), 3, body))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([], "1 to 33 parts, got 0"),
        ([b"\xc0"] * (MAX_PARTS + 1), "parts, got 34"),
        ([b"\x90" * (MAX_BODIES * MAX_HEADER + 1)], "header: expected at most 65536 bytes"),
        (header((1, 2), 3, ["PING", 0, "x" * 2000], ["PING", 0, *["x" * 2000] * 4]), "at most 4096 bytes for each body"),
        ([b""], "not msgpack"),
        ([b"\xc1"], "not msgpack"),
        ([b"\x91"], "not msgpack"),
        ([b"\x90\x90"], "not msgpack"),
        ([b"\x80"], "expected an array, got dict"),
        ([b"\xdd\xff\xff\xff\xff"], "not msgpack"),
        ([b"\xdc\x01\x01" + b"\xc0" * 257], "not msgpack"),
        ([b"\xc6\xff\xff\xff\xff"], "not msgpack"),
        ([b"\xdb\xff\xff\xff\xff"], "not msgpack"),
        ([b"\xdf\xff\xff\xff\xff"], "not msgpack"),
        ([b"\x91" * 4000], "not msgpack"),
        ([msgpack.packb([1, None, 0, "PING", b"raw"])], "not msgpack"),
        ([b"\x95\x01\xc0\x00\xa4PING\xa2\xff\xff"], "not msgpack"),
        ([msgpack.packb([1, None, 0, "PING", msgpack.ExtType(1, b"x")])], "not msgpack"),
        ([msgpack.packb([1, None, 0, "PING", {1: 2}])], "not msgpack"),
        ([msgpack.packb([])], "version is missing"),
        ([msgpack.packb([1, None, 0, "PING", True])], "version: expected 5, got 1: run the same keepframe"),
        ([msgpack.packb([True, None, 0, "PING", True])], "header.version: expected an integer"),
        ([msgpack.packb(["1", None, 0, "PING", True])], "header.version: expected an integer"),
        (header((1,), 0, ["PING", 0, True]), "connection: expected an array of 2, got 1 fields"),
        (header((1, -1), 0, ["PING", 0, True]), "sender"),
        (header((1, 2**63), 0, ["PING", 0, True]), "sender"),
        (header(None, -1, ["PING", 0, True]), "number"),
        (header(None, 0), "1 to 16 bodies, one of what has no number, got 0"),
        (header((1, 2), 3, *[["PING", 0, True]] * 17), "bodies, one of what has no number, got 17"),
        (header(None, 3, ["PING", 0, True], ["PING", 0, True]), "got 2"),
        (header((1, 2), 0, ["PING", 0, True], ["PING", 0, True]), "got 2"),
        (header(None, 0, "PING"), "body: expected an array, got str"),
        (header(None, 0, []), "body: kind is missing"),
        (header(None, 0, ["PONG", 0, True]), "kind: expected one of HELLO"),
        (header(None, 0, [["PING"], 0, True]), "kind: expected one of HELLO"),
        (header(None, 0, ["PING", 1, True]), "PING.parts: expected an integer from 0 to 0"),
        ([*header(None, 0, ["PING", 0, True]), b"x"], "1 parts too many"),
    ],
)  # fmt: skip
def test_what_is_no_message_is_a_wire_error_that_names_the_field(parts, message):
    """Sizes, types and ranges are checked before they are believed, and the error says where."""
    with pytest.raises(WireError) as caught:
        decode(parts)

    assert message in str(caught.value)


def test_a_lying_length_costs_no_memory():
    """Four bytes that announce four gigabytes are not believed."""
    tracemalloc.start()
    for part in (
        b"\xdd\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
    ):
        with pytest.raises(WireError):
            decode([part])
        with pytest.raises(WireError):
            decode([*header(None, 0, ["OPENED", 1, "a", EPOCH, (0, 0), False, []]), part])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 1 << 20


def mutated(parts, r):
    """A message with something wrong with it: bytes changed, cut, doubled, parts lost, swapped or made up."""
    parts = [bytearray(p) for p in parts]
    for _ in range(r.choice([1, 1, 2, 5])):
        part = r.choice(parts)
        match r.randrange(7):
            case 0 if part:
                part[r.randrange(len(part))] = r.randrange(256)
            case 1 if part:
                part[r.randrange(len(part))] ^= 1 << r.randrange(8)
            case 2:
                del part[r.randrange(len(part) + 1) :]
            case 3:
                at = r.randrange(len(part) + 1)
                part[at:at] = r.randbytes(r.choice([1, 2, 9]))
            case 4:
                parts.append(bytearray(r.randbytes(r.choice([0, 1, 30]))))
            case 5 if len(parts) > 1:
                parts.pop(r.randrange(len(parts)))
            case _:
                r.shuffle(parts)
    return [bytes(p) for p in parts]


@pytest.mark.slow
def test_a_damaged_message_is_an_envelope_or_a_wire_error():
    """Twenty thousand damaged messages: none raises anything else, and none takes memory."""
    r, seen = random.Random(1), {"envelope": 0, "refused": 0}
    real = [[bytes(p) for p in one(e)] for e in EXAMPLES.values()]
    tracemalloc.start()
    for i in range(20_000):
        try:
            (envelope, *_) = decode(mutated(real[i % len(real)], r))
        except (WireError, LostPictureError):
            seen["refused"] += 1
        else:
            seen["envelope"] += isinstance(envelope, Envelope)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert sum(seen.values()) == 20_000
    assert min(seen.values()) > 500
    assert peak < 8 << 20


@settings(max_examples=200)
@given(envelopes)
def test_what_decodes_encodes_again(envelope):
    """A relay sends on what it got: what was believed once is believed again."""
    if (
        isinstance(envelope.body, messages.Frame)
        and fitting(envelope.body.item, "x") is not envelope.body.item
    ):
        return
    once = [bytes(p) for p in one(envelope)]

    assert [bytes(p) for p in one(*decode(once))] == once


@settings(max_examples=100)
@given(st.lists(st.tuples(bodies(), st.booleans()), max_size=30))
def test_what_goes_together_comes_in_its_order(sent):
    """Whatever a peer is sent, on one connection or on several: the same envelopes come, in order."""
    connection, number, sequence = 0, 0, []
    for body, is_new in sent:
        connection, number = connection + is_new, 0 if is_new else number + 1
        is_frame = isinstance(body, messages.Frame)
        fitted = replace(body, item=fitting(body.item, "test")) if is_frame else body
        sequence.append(Envelope((1, connection), number, fitted))

    came = [envelope for parts in encode(sequence) for envelope in decode(parts)]

    assert told(came) == told(sequence)


def test_as_many_go_together_as_the_limits_allow():
    """A mark and the frames it covers are one message; what is large goes alone, as does what greets."""
    mark = messages.Mark("a", EPOCH, (0, 8))
    frames = [messages.Frame("a", EPOCH, Item((Frame(camera="a", seq=n),))) for n in range(8)]
    large = messages.Mark("a", EPOCH, (0, 8), {"score": {"k": bytes(messages.CHUNK)}})

    def sizes(*bodies, first=1):
        numbered = [Envelope((1, 2), n, body) for n, body in enumerate(bodies, first)]
        return [len(decode(parts)) for parts in encode(numbered)]

    assert sizes(*frames, mark) == [9]
    assert sizes(*frames, *frames, mark) == [MAX_BODIES, 1]
    assert sizes(*frames, large, *frames) == [8, 1, 8]
    assert sizes(messages.Welcome("score.0"), mark, mark, first=0) == [1, 2]
    assert sizes(*[messages.Frame("a", EPOCH, Item((FULL,) * 10))] * 2, mark) == [1, 2]


def test_what_was_good_goes_out_before_what_cannot_be_written():
    """An error comes in its turn, behind the messages before it."""
    large = Envelope((1, 2), 1, messages.Mark("a", EPOCH, (0, 0), {"score": {"k": bytes(messages.CHUNK)}}))
    wrong = Envelope((1, 2), 3, messages.Mark("a", EPOCH, (0, 0), {"score": {"k" * 3000: b""}}))
    given = encode([large, replace(large, number=2), wrong])

    assert decode(next(given)) == [large]
    with pytest.raises(WireError):
        list(given)


def test_pixels_are_not_copied():
    """The part of a picture is the picture's own memory, on the way out and on the way in."""
    data = bytes(4)
    frame = Frame(
        camera="a",
        picture=replace(
            FULL.picture, format="gray", height=2, width=2, handle=FULL.picture.handle.__class__(data)
        ),
    )

    sent = one(Envelope((1, 2), 3, messages.Frame("a", EPOCH, Item((frame,)))))
    came = decode(sent)[0].body.item.frames[0]

    assert sent[1].obj is data
    assert came.picture.handle.data().obj is data
    with pytest.raises(ValueError, match="read-only"):
        came.image[0, 0] = 1
