"""
Real messages, damaged at random: each is refused and counted, or comes out as a message that is sent and read the same again.

Seeded, so that a finding can be had again: `seed` in the message of a failure.
"""

import random
import resource
from dataclasses import replace

import pytest
from samples import MESSAGES, STORE, STORES

from keepframe.errors import LostPictureError, WireError
from keepframe.wire.codec import decode, encode
from keepframe.wire.gather import ArchiveNode
from keepframe.wire.port import Port
from keepframe.wire.relay import RelayNode

HOW_MANY = 200_000
SEED = 20271127
LIES = (
    b"\xdd\xff\xff\xff\xff",
    b"\xdf\xff\xff\xff\xff",
    b"\xdb\xff\xff\xff\xff",
    b"\xc6\xff\xff\xff\xff",
    b"\x91" * 50,
)
"""Lengths that nothing follows, and a deep nest."""


def mutated(rng, parts):
    """The parts with one to three things wrong: a byte, a stretch, a length, a part too many, too few or twice."""
    parts = [bytearray(part) for part in parts]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        how, part = rng.randrange(10), rng.choice(parts)
        at = rng.randrange(len(part)) if part else 0
        if how < 4 and part:
            part[at] = rng.randrange(256)
        elif how == 4 and part:
            part[at] ^= 1 << rng.randrange(8)
        elif how == 5:
            del part[at:]
        elif how == 6:
            part[at:at] = rng.randbytes(rng.randrange(1, 5))
        elif how == 7:
            part[at : at + 5] = rng.choice(LIES)
        elif how == 8:
            parts.insert(rng.randrange(len(parts) + 1), bytearray(rng.choice(parts)))
        elif len(parts) > 1:
            parts.remove(part)
    return [bytes(part) for part in parts]


def sent_as(envelopes):
    """The parts of each message that these envelopes are sent in, as bytes."""
    return [[bytes(part) for part in parts] for parts in encode(envelopes, {STORE.id})]


def real():
    """Each message of the examples, of one body or of several."""
    return [parts for envelopes in MESSAGES.values() for parts in encode(envelopes, {STORE.id})]


def resident_mb():
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.slow
def test_a_damaged_message_is_refused_or_is_a_message():
    """Two hundred thousand, and no other error, nothing that is read one way and sent another, no memory that grows."""
    rng = random.Random(SEED)
    whole = real()
    for parts in whole:
        decode(parts, STORES)
    before, refused, changed = resident_mb(), 0, 0
    for seed in range(HOW_MANY):
        parts = mutated(rng, rng.choice(whole))
        try:
            envelopes = decode(parts, STORES)
        except (WireError, LostPictureError):  # the latter: pixels that are not what was sent
            refused += 1
            continue
        changed += 1
        for sent in sent_as(envelopes):
            assert sent_as(decode(sent, STORES)) == [sent], (seed, parts)

    assert refused + changed == HOW_MANY
    assert min(refused, changed) > HOW_MANY // 20
    assert resident_mb() - before < 50


def nodes():
    """A stage and an archive that take whatever a neighbour says, from above and from below."""
    made = [
        RelayNode("score.0", ["up"], ["archive"], ["lobby"], lambda: 1, "p"),
        ArchiveNode("archive.0", ["up"], ["lobby"], lambda: 1, "p"),
    ]
    for node in made:
        node.ports["up"].connection = (77, 88)
    made[0].ports["down"] = Port("archive.0", is_receiver=False, is_ready=True, connection=(77, 88))
    return made


@pytest.mark.slow
def test_a_neighbour_that_talks_nonsense_ends_no_process():
    """Damaged messages that still are messages, in a row on a standing connection: a node may break sessions, but never fails."""
    rng = random.Random(SEED)
    whole = real()
    heard, now = 0, 0.0
    for _ in range(300):
        for node in nodes():
            for _ in range(60):
                now += 0.01
                try:
                    envelopes = decode(mutated(rng, rng.choice(whole)), STORES)
                except (WireError, LostPictureError):  # the latter: pixels that are not what was sent
                    continue
                for envelope in envelopes:
                    said = envelope
                    peer = rng.choice(list(node.ports) or ["up"])
                    port = node.ports.get(peer)
                    if port is not None and port.connection is not None and envelope.connection is not None:
                        said = replace(envelope, connection=port.connection, number=port.received + 1)
                    node.receive(now, peer, said)
                    node.pump(now)
                    node.out.clear()
                    heard += 1
            node.tick(now)

    assert heard > 5000
