import os

from keepframe.capture.arrivals import PATIENCE_S, SETTLE_S, Arrivals
from keepframe.clock import FakeClock


def looked(arrivals, clock, steps, names=("a.jpg",), before=lambda step: None):
    """What is complete at each look, half a second apart."""
    found = []
    for step in range(steps):
        before(step)
        found.append(list(arrivals.complete(names)))
        clock.advance(SETTLE_S / 2)
    return found


def test_a_file_is_complete_when_nobody_writes_to_it_any_more(tmp_path):
    """Each write begins the wait anew."""
    clock = FakeClock()
    file = tmp_path / "a.jpg"

    def write(step):
        if step < 4:
            file.write_bytes(b"x" * (step + 1))

    assert looked(Arrivals(tmp_path, clock), clock, 7, before=write) == [
        [],
        [],
        [],
        [],
        [],
        ["a.jpg"],
        ["a.jpg"],
    ]


def test_a_file_written_again_at_the_same_size_begins_anew(tmp_path):
    """Its time tells."""
    clock = FakeClock()
    file = tmp_path / "a.jpg"
    file.write_bytes(b"x")

    def write(step):
        if step == 2:
            os.utime(file, ns=(1, 1))

    assert looked(Arrivals(tmp_path, clock), clock, 5, before=write) == [[], [], [], [], ["a.jpg"]]


def test_half_a_picture_may_grow_for_a_while(tmp_path):
    """Then it is given up; one that is gone is no more waited for."""
    clock = FakeClock()
    arrivals = Arrivals(tmp_path, clock)
    (tmp_path / "a.jpg").write_bytes(b"x")
    looked(arrivals, clock, 3)
    early = arrivals.may_grow("a.jpg")
    clock.advance(PATIENCE_S)
    late = arrivals.may_grow("a.jpg")
    (tmp_path / "a.jpg").unlink()
    looked(arrivals, clock, 1)

    assert (early, late, arrivals.may_grow("a.jpg")) == (True, False, False)
