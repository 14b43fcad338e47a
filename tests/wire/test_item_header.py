from dataclasses import replace

import pytest
from hypothesis import given
from samples import FULL, items, told

from keepframe.errors import WireError
from keepframe.frame import Frame, Item
from keepframe.wire.item_header import fitting, pack_item, unpack_item


@given(items())
def test_an_item_that_fits_is_sent_as_it_is(item):
    """fitting() is the identity for whatever decode() believes."""
    sent = fitting(item, "score")
    assert sent is item or (item.outcome != "failed" and sent.outcome in ("failed", "end", "dropped"))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"notes": {"text": "x" * 5000}}, "header takes"),
        ({"notes": {f"note{i}": i for i in range(65)}}, "max_map_len"),
        ({"notes": {"nothing": float("nan")}}, "finite"),
        ({"notes": {"much": 2**70}}, "out of range"),
        ({"notes": {"list": [1, 2]}}, "finite number"),
        ({"scores": {"ssim": float("inf")}}, "finite"),
        ({"threshold": float("nan")}, "finite"),
        ({"reason": "ж" * 513}, "at most 512"),
        ({"source": "x" * 513}, "at most 512"),
        ({"part": "0." * 20}, "at most 32"),
        ({"time_ns": 2**63}, "time_ns"),
        ({"index": -1}, "index"),
    ],
)
def test_a_frame_that_nobody_would_believe_becomes_a_failed_header(changes, why):
    """What the receiver would refuse is refused here, loses that frame only, and says why."""
    item = Item((replace(FULL, **changes),))

    sent = fitting(item, "score")

    assert sent is not item
    assert fitting(sent, "score") is sent
    assert (sent.at, sent.outcome, sent.count) == (item.at, "failed", 1)
    assert sent.frames[0].reason.startswith("score: cannot be sent on: ")
    assert why in sent.frames[0].reason
    assert sent.frames[0].time_ns in (FULL.time_ns, 0)


@pytest.mark.parametrize("outcome", ["end", "dropped"])
def test_an_end_stays_an_end_and_a_gap_a_gap(outcome):
    """What stands for positions keeps standing for them, whatever it says about itself."""
    item = Item(
        (Frame(camera="a", notes={"n": float("nan")}).settled(outcome),), 7 if outcome == "dropped" else 1
    )

    sent = fitting(item, "capture")

    assert (sent.outcome, sent.count) == (outcome, item.count)
    assert sent is not item
    assert fitting(sent, "score") is sent


def test_too_many_parts_of_one_frame_are_one_failed_frame():
    """More than sixteen parts would not be believed."""
    item = Item(tuple(Frame(camera="a", part=str(i)) for i in range(17)))

    assert fitting(item, "score").outcome == "failed"


def test_a_header_without_pixels_is_kept_and_read_again():
    """Where its pictures lie in shared memory, it is all that has to be recorded of an item."""
    item = Item((replace(FULL, picture=None, working=None),))

    assert told(unpack_item(FULL.camera, pack_item(item, ()), {})) == told(item)


def test_an_item_whose_pixels_would_be_lost_is_not_packed():
    """Neither silently nor later."""
    with pytest.raises(ValueError, match="expected its pictures in shared memory, got 2 that are not"):
        pack_item(Item((FULL,)), ())


def test_what_is_no_item_is_a_wire_error():
    """A record that was cut short is found out when it is read."""
    packed = pack_item(Item((replace(FULL, picture=None, working=None),)), ())

    with pytest.raises(WireError):
        unpack_item("lobby", packed[:-3], {})
