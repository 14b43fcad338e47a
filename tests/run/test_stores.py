"""The picture stores of a run."""

import os
from types import SimpleNamespace

import pytest

from keepframe.config.pipeline import Store
from keepframe.picture.owned_slots import OwnedSlots
from keepframe.picture.slots import Slots
from keepframe.run.stores import Stores


@pytest.fixture
def stores():
    """The stores of two cameras of up to 4 frames and 1 MB."""
    pipeline = SimpleNamespace(cameras={"a": 1, "b": 2}, capture=SimpleNamespace(store=Store(4, 1_000_000)))
    stores = Stores(pipeline)
    yield stores
    stores.close()


def test_a_capture_gets_its_own_store_to_write(stores):
    """And nobody else's."""
    given = stores.given_to("capture.a")

    assert list(given) == ["a"]
    assert OwnedSlots(given["a"]).put(bytes(1_000_000)) is not None


def test_every_other_process_gets_all_stores_to_read(stores):
    """Read-only, whatever it tries."""
    given = stores.given_to("score.0")

    assert list(given) == ["a", "b"]
    for camera, fd in given.items():
        assert Slots(fd).id == Slots(stores.given_to(f"capture.{camera}")[camera]).id
        with pytest.raises(PermissionError):
            OwnedSlots(fd)


def test_a_store_has_room_for_what_is_held_and_the_records_of_it(stores):
    """Pictures up to the limit, one that waits, and a record for each item."""
    slots = OwnedSlots(stores.given_to("capture.b")["b"])
    pictures = [slots.put(bytes(250_000)) for _ in range(5)]
    records = [slots.record(b"header") for _ in range(12)]

    assert None not in pictures + records


def test_without_such_memory_there_are_none(monkeypatch, caplog):
    """It is told, and pictures travel inline."""

    def none(*_):
        raise OSError("no memory without a name")

    monkeypatch.setattr(Slots, "create", none)
    pipeline = SimpleNamespace(cameras={"a": 1}, capture=SimpleNamespace(store=Store()))
    stores = Stores(pipeline)

    assert (stores.given_to("capture.a"), stores.given_to("score.0")) == ({}, {})
    assert "no-picture-store" in caplog.text


def test_closing_lets_the_memory_go(stores):
    """As soon as nobody else has it."""
    fd = stores.given_to("capture.a")["a"]
    stores.close()

    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
    assert stores.given_to("capture.a") == {}
