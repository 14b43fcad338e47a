import pytest
import zmq
from zmq.utils import z85

from keepframe.wire.zap import ADDRESS, Door

PUBLIC = zmq.curve_keypair()[0]
KEY = z85.decode(PUBLIC)


@pytest.fixture
def ask():
    """Ask a door that admits one key; its answer, and how many it has turned away."""
    context = zmq.Context()
    door = Door(context, lambda key: key == PUBLIC.decode())
    asking = context.socket(zmq.REQ)
    asking.connect(ADDRESS)

    def put(*credentials, domain=b"keepframe", mechanism=b"CURVE", version=b"1.0", cut=None):
        parts = [version, b"7", domain, b"10.0.0.9", b"", mechanism, *credentials][:cut]
        asking.send_multipart(parts)
        assert door.socket.poll(5000)
        door.answer()
        return asking.recv_multipart(), dict(door.refused)

    yield put
    context.destroy(linger=0)


def test_a_known_key_comes_in_under_its_name(ask):
    """What it is called is the key itself: with each message it is looked at again."""
    assert ask(KEY) == ([b"1.0", b"7", b"200", b"OK", PUBLIC, b""], {})


@pytest.mark.parametrize(
    "question",
    [
        {"credentials": [z85.decode(zmq.curve_keypair()[0])]},
        {"credentials": []},
        {"credentials": [KEY, KEY]},
        {"credentials": [KEY[:31]]},
        {"credentials": [KEY], "domain": b""},
        {"credentials": [KEY], "mechanism": b"NULL"},
        {"credentials": [KEY], "mechanism": b"PLAIN"},
        {"credentials": [KEY], "version": b"2.0"},
        {"credentials": [], "cut": 3},
    ],
)
def test_everybody_else_stays_outside(ask, question):
    """Another key, none, two, a short one, another domain, another way to show it, half a question."""
    question = dict(question)
    answer, refused = ask(*question.pop("credentials"), **question)

    assert answer[2:5] == [b"400", b"not one of the keys", b""]
    assert sum(refused.values()) == 1
