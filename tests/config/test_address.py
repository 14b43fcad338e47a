import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.config.address import Address, address


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("tcp://scorer.lan:7602", "scorer.lan", 7602),
        ("tcp://0.0.0.0:1", "0.0.0.0", 1),
        ("tcp://*:65535", "*", 65535),
        ("tcp://[fe80::1]:7602", "fe80::1", 7602),
        ("tcp://tasks_score:7602", "tasks_score", 7602),
    ],
)
def test_an_address_is_read_and_written(text, host, port):
    """Numbers of both kinds, names, and all addresses of a machine."""
    found = address(text)

    assert (found, str(found)) == (Address(host, port), text)


@pytest.mark.parametrize(
    "value",
    [
        "scorer.lan:7602", "tcp://scorer.lan", "tcp://:7602", "tcp://scorer.lan:0", "tcp://scorer.lan:65536",
        "ipc:///tmp/x", "tcp://a b:1", "tcp://user@host:1", "tcp://1.2.3:7", "tcp://1.2.3.400:7", "tcp://[zz]:7",
        "tcp://[1.2.3.4:7", "tcp://::1:7", "tcp://-a:7", "tcp://a..b:7", "tcp://h:7/x", "tcp://h:7\n", "", 7602, None,
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(value):
    """No scheme, no port, ports out of range, broken numbers, things that stand elsewhere in a URL."""
    with pytest.raises(ValueError, match=r"expected an address like 'tcp://scorer\.lan:7602', got "):
        address(value)


@given(st.text())
def test_any_text_is_an_address_or_refused(text):
    """Never another error; what is read is written the same, but for zeros before a port."""
    try:
        found = address(f"tcp://{text}")
    except ValueError:
        return

    assert address(str(found)) == found


@pytest.mark.parametrize(
    ("host", "is_loopback", "is_number"),
    [
        ("127.0.0.1", True, True),
        ("127.9.9.9", True, True),
        ("::1", True, True),
        ("localhost", True, False),
        ("0.0.0.0", False, True),
        ("*", False, False),
        ("10.0.0.2", False, True),
        ("my-machine", False, False),
    ],
)
def test_who_gets_there(host, is_loopback, is_number):
    """A name that may lead anywhere is not believed to stay on the machine."""
    at = Address(host, 7602)

    assert (at.is_loopback, at.is_number) == (is_loopback, is_number)


def test_the_next_process_is_a_port_further():
    """On the same host."""
    assert Address("h", 7602).shifted(3) == Address("h", 7605)
