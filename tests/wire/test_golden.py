"""
The bytes of each message as they are agreed on: PROTOCOL.md in numbers.

A change here is a change of the protocol. To make it on purpose: raise VERSION in codec.py, tell it in PROTOCOL.md, then

    python tests/wire/test_golden.py
"""

import json
import sys
from pathlib import Path

import pytest

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))

from samples import MESSAGES, STORES, told

from keepframe.wire.codec import VERSION, decode, encode

GOLDEN = Path(__file__).parent / "golden" / f"version-{VERSION}.json"


def encoded(envelopes):
    """The parts of the one message that these go in."""
    (parts,) = encode(envelopes, STORES)
    return parts


def written():
    """The file's text for the code as it is: parts in hex, by name."""
    vectors = {
        name: [bytes(part).hex() for part in encoded(envelopes)] for name, envelopes in MESSAGES.items()
    }
    return json.dumps(vectors, indent=1) + "\n"


def vectors():
    """The agreed bytes, by name."""
    return {name: [bytes.fromhex(p) for p in parts] for name, parts in json.loads(GOLDEN.read_text()).items()}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_these_bytes(name):
    """What is written today can be read by whoever agreed on this version."""
    assert [bytes(part) for part in encoded(MESSAGES[name])] == vectors()[name]


@pytest.mark.parametrize("name", MESSAGES)
def test_these_bytes_are_a_message(name):
    """What was agreed on is read as it was meant."""
    assert told(decode(vectors()[name], STORES)) == told(MESSAGES[name])


def test_there_is_a_vector_for_each_example_and_no_other():
    """The file is neither behind nor ahead."""
    assert vectors().keys() == MESSAGES.keys()


if __name__ == "__main__":
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text(written())
