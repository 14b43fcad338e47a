from keepframe.wire.renewal import MOST_S, Renewals

NAME = "score@10.0.0.2:7602"


def due_times(is_up, until_s=60.0):
    """When the link gets new sockets, in quarters of a second. is_up: by time."""
    renewals, times = Renewals(), []
    for quarter in range(int(4 * until_s)):
        now = quarter / 4
        if renewals.due(now, {NAME: is_up(now)}):
            times.append(now)
    return times


def test_a_lost_link_gets_a_new_socket_at_once():
    """Its old identity may be known to the other end for longer."""
    assert due_times(lambda now: now < 20.0)[0] == 20.0


def test_a_link_that_is_up_keeps_its_socket():
    """However long."""
    assert due_times(lambda now: now > 1.0) == []


def test_whoever_does_not_answer_is_waited_for_longer_and_longer():
    """A slow line needs time for a handshake; the longest wait bounds when it is back after a cut."""
    times = due_times(lambda now: False)
    waits = [after - before for before, after in zip([0.0, *times], times, strict=False)]

    assert waits == [3.0, 6.0, 12.0, 12.0, 12.0, 12.0]
    assert max(waits) == MOST_S


def test_after_a_link_waiting_begins_anew():
    """What was before a link that stood says nothing about now."""
    times = due_times(lambda now: 24.0 <= now < 25.0)

    assert times[2:5] == [21.0, 25.0, 28.0]


def test_what_is_let_go_of_is_forgotten():
    """It may come back later, as a new one."""
    renewals = Renewals()
    renewals.due(0.0, {NAME: True})
    renewals.due(1.0, {})

    assert renewals.due(2.0, {NAME: False}) == {}


def test_it_tells_whether_the_last_socket_was_ever_answered():
    """A process that does not answer may have another of its keys; one that was cut off has the one it had."""
    renewals = Renewals()
    found = [renewals.due(now, {NAME: now == 1.0}) for now in (0.0, 1.0, 2.0, 5.0)]

    assert found == [{}, {}, {NAME: False}, {NAME: True}]
