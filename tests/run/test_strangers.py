import logging
from collections import Counter

from keepframe.run.strangers import MOST, SHOWN_S, Strangers


def test_who_came_lately_is_shown_and_logged_once(caplog):
    """For some seconds, with how often in all; the log has what is new."""
    strangers = Strangers()
    with caplog.at_level(logging.WARNING):
        shown = [strangers.told(now, Counter(counts)) for now, counts in (
            (0.0, {}), (1.0, {"x": 3}), (1.0 + SHOWN_S / 2, {"x": 3}), (SHOWN_S, {"x": 3, "y": 1}), (1.0 + SHOWN_S, {"x": 3, "y": 1}),
        )]  # fmt: skip

    assert shown == [
        [],
        ["not let in: x (3)"],
        ["not let in: x (3)"],
        ["not let in: x (3)", "not let in: y (1)"],
        ["not let in: y (1)"],
    ]
    assert [record.message for record in caplog.records] == ["stranger", "stranger"]


def test_of_very_many_some_are_shown_and_the_rest_is_counted():
    """What a process tells of itself stays short, whoever knocks."""
    strangers = Strangers()
    counts = Counter({f"an unknown key from 10.0.0.{number}": 1 for number in range(200)})
    shown = strangers.told(0.0, counts)

    assert len(shown) == MOST + 1
    assert shown[-1] == f"not let in: {200 - MOST} more"
