import pytest

from keepframe.wire.credit import Credit, InFlight


@pytest.mark.parametrize(("credit", "sent"), [(Credit(3), 3), (Credit(9, 25), 2), (Credit(9, 1), 1)])
def test_frames_and_bytes_are_limits_and_one_frame_always_may(credit, sent):
    """Whichever is reached first; a frame larger than the whole credit goes alone."""
    in_flight = InFlight(credit)
    count = 0
    while in_flight.allows(10):
        in_flight.add((0, count), 10)
        count += 1

    assert count == sent


def test_one_frame_more_than_is_held_back_always_may():
    """Else the last one that a stage holds back would wait for ever."""
    in_flight = InFlight(Credit(frames=1), holds=2)
    for seq in range(3):
        assert in_flight.allows(10)
        in_flight.add((0, seq), 10)

    assert not in_flight.allows(10)


@pytest.mark.parametrize(
    ("credit", "nbytes", "holds", "half"),
    [
        (Credit(), 0, 0, 16),
        (Credit(), 3_110_400, 0, 10),  # 1080p
        (Credit(), 12_441_600, 0, 2),  # 4K
        (Credit(), 3_110_400, 5, 8),
        (Credit(4), 10, 0, 2),
        (Credit(1), 10, 0, 1),
        (Credit(9, 25), 100, 0, 1),
        (Credit(4), 10, 4, 1),
    ],
)
def test_half_of_the_credit_is_frames_like_the_largest_that_went(credit, nbytes, holds, half):
    """Beside those that stages hold back, which nobody takes; never none, or nobody would be told anything."""
    in_flight = InFlight(credit, holds)
    in_flight.add((0, 0), nbytes)
    in_flight.add((0, 1), nbytes // 2)

    assert in_flight.half == half


def test_what_is_taken_comes_back_and_a_new_session_has_all():
    """The bytes too, whatever was sent in between."""
    in_flight = InFlight(Credit(9, 100))
    for seq, nbytes in enumerate((40, 30, 20)):
        in_flight.add((0, seq), nbytes)
    in_flight.taken((0, 1))

    assert (len(in_flight.frames), in_flight.nbytes) == (1, 20)

    in_flight.clear()

    assert (len(in_flight.frames), in_flight.nbytes) == (0, 0)
