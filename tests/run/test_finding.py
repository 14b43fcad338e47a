import threading

import pytest

from keepframe.config.address import Address
from keepframe.run.finding import Finder, numbers

SCORE = Address("scorer.lan", 7602)


class Names:
    """A name service of a test. known: by host; a look-up is counted, and fails for what is not known."""

    def __init__(self, **known):
        self.known, self.looked = known, threading.Semaphore(0)

    def __call__(self, host):
        self.looked.release()
        try:
            return self.known[host.partition(".")[0]]
        except KeyError:
            raise OSError(f"{host}: not known") from None

    def wait_looked_up(self, times):
        """So often, once the look-up before the last is over."""
        for _ in range(times):
            assert self.looked.acquire(timeout=10)


@pytest.fixture
def finder(monkeypatch):
    """Make a finder that looks up without a pause; it is stopped in the end."""
    monkeypatch.setattr("keepframe.run.finding.EVERY_S", 0.001)
    made = []

    def make(places, names):
        made.append(Finder(places, names))
        made[-1].start()
        return made[-1]

    yield make
    for one in made:
        one.stop()
        if one._thread is not None:
            one._thread.join(10)


def test_numbers_need_no_looking_up():
    """They are there at once, IPv6 too, and no thread is started."""
    found = Finder({"score": [Address("10.0.0.2", 7602), Address("::1", 7602)]})
    found.start()

    assert found.found() == {
        "score@10.0.0.2:7602": "tcp://10.0.0.2:7602",
        "score@[::1]:7602": "tcp://[::1]:7602",
    }
    assert found._thread is None


def test_every_address_of_a_name_is_a_place(finder):
    """One name may stand for several machines; whatever is new is found later."""
    names = Names(scorer=["10.0.0.2", "10.0.0.3"])
    found = finder({"score": [SCORE]}, names)
    names.wait_looked_up(2)

    assert sorted(found.found().values()) == ["tcp://10.0.0.2:7602", "tcp://10.0.0.3:7602"]

    names.known["scorer"] = ["10.0.0.3", "10.0.0.4"]
    names.wait_looked_up(3)

    assert sorted(found.found()) == ["score@10.0.0.3:7602", "score@10.0.0.4:7602"]
    assert found.unknown == []


def test_what_was_known_stands_while_names_cannot_be_looked_up(finder):
    """A name service that is down ends no connection."""
    names = Names(scorer=["10.0.0.2"])
    found = finder({"score": [SCORE]}, names)
    names.wait_looked_up(2)
    del names.known["scorer"]
    names.wait_looked_up(3)

    assert list(found.found()) == ["score@10.0.0.2:7602"]


def test_a_name_that_nobody_knows_is_told(finder):
    """It is tried again; the others go on."""
    names = Names(b=["10.0.0.9"])
    found = finder({"score": [Address("a.lan", 1), Address("b.lan", 1)]}, names)
    names.wait_looked_up(4)

    assert found.unknown == ["a.lan"]
    assert list(found.found()) == ["score@10.0.0.9:1"]


def test_a_stage_that_is_scaled_has_other_places(finder):
    """More ports, or names where there were none."""
    names = Names(scorer=["10.0.0.2"])
    found = finder({"score": [Address("10.0.0.7", 1)], "notify": [Address("10.0.0.8", 1)]}, names)
    found.look_for("score", [SCORE, SCORE.shifted(1)])
    names.wait_looked_up(2)

    assert sorted(found.found()) == ["notify@10.0.0.8:1", "score@10.0.0.2:7602", "score@10.0.0.2:7603"]


def test_this_machine_is_known_to_itself():
    """Without any name service."""
    assert "127.0.0.1" in numbers("localhost")
