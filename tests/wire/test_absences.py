import pytest

from keepframe.wire.absences import MOST, NO_WAY, SILENT_S, UNFOUND, UNHEARD, Absence, Absences, named
from keepframe.wire.port import Port

PLACE = "score@10.0.0.2:7602"


def upper(name, heard=0.0, *, is_up=False, known_as=None):
    """A port to a process above."""
    return Port(known_as or name, is_receiver=True, connection=(1, 2) if is_up else None, heard=heard)


def lower(name, heard=0.0, came=0.0):
    """A port to a process below; it is there as long as it is up."""
    return Port(name, is_receiver=False, connection=(1, 2), heard=heard, asked_at=came)


def told(*looks, lowers=(), ready=()):
    """Who is missing after looks at (time, ports), in words; ready: when each stage has somebody to send to, by look."""
    absences = Absences()
    for number, (now, ports) in enumerate(looks):
        by_peer = ports if isinstance(ports, dict) else {port.name: port for port in ports}
        absences.look(now, by_peer, lowers, lambda _stage, number=number: number in ready)
    return [str(absence) for absence in absences.told(looks[-1][0])]


def test_one_above_that_never_came_is_told_after_a_while():
    """Since it was first looked for."""
    ports = [upper("score.0")]

    assert told((5.0, ports), (5.0 + SILENT_S, ports)) == []
    assert told((5.0, ports), (17.0, ports)) == [f"score.0 {UNFOUND} for 12 s"]


def test_one_above_that_was_heard_is_told_since_then():
    """By the name that it said, with the place if it is on a network; without the letters of its site."""
    ports = {PLACE: upper(PLACE, heard=20.0, known_as="score.1-a1b2c3"), "score.0": upper("score.0", 25.0)}

    assert told((0.0, ports), (32.0, ports)) == [f"score.1 at 10.0.0.2:7602 {UNHEARD} for 12 s"]


def test_a_place_where_nobody_ever_was_is_no_matter_while_others_are_there():
    """There are as many places as replicas at each address; of several machines not each has all."""
    here = upper("score@10.0.0.2:7602", is_up=True)
    nowhere, lost = upper("score@10.0.0.2:7603"), upper("score@10.0.0.3:7602", heard=1.0)

    assert told((1.0, [here, nowhere]), (99.0, [here, nowhere])) == []
    assert told((1.0, [here, lost]), (99.0, [here, lost])) == [f"score at 10.0.0.3:7602 {UNHEARD} for 98 s"]
    assert told((1.0, [nowhere]), (99.0, [nowhere])) == [f"score at 10.0.0.2:7603 {UNFOUND} for 98 s"]


def test_a_stage_below_of_which_nobody_came_is_told_by_its_name():
    """It is not known how many there will be."""
    assert told((0.0, []), (12.0, []), lowers=["score"]) == [f"score {UNFOUND} for 12 s"]
    assert told((0.0, []), (12.0, []), lowers=["score"], ready=[1]) == []


def test_receivers_that_have_gone_are_told_by_name():
    """Though nothing is left of their ports; several of them each since it was last heard."""
    both = [lower("score.0-a1b2c3", 2.0), lower("score.1-a1b2c3", 2.0)]

    assert told((2.0, both), (8.0, [lower("score.1-a1b2c3", 8.0)]), (20.0, []), lowers=["score"], ready=[0, 1]) == [
        f"score.1 {UNHEARD} for 12 s"
    ]  # fmt: skip
    assert told((2.0, both), (20.0, []), lowers=["score"], ready=[0]) == [
        f"score.0 {UNHEARD} for 18 s",
        f"score.1 {UNHEARD} for 18 s",
    ]


def test_receivers_that_lead_nowhere_are_told():
    """They are there and fit; who is missing is further down."""
    stuck = [lower("score.0", 20.0)]

    assert told((4.0, stuck), (20.0, stuck), lowers=["score"]) == [f"score.0 {NO_WAY} for 16 s"]
    assert told((4.0, []), (20.0, [lower("score.0", 20.0, came=19.0)]), lowers=["score"]) == []


def test_one_that_is_back_or_wanted_no_more_is_not_told():
    """And the next absence begins anew."""
    gone, back = [upper("score.0", 1.0)], [upper("score.0", 30.0, is_up=True)]

    assert told((1.0, gone), (20.0, gone), (30.0, back)) == []
    assert told((1.0, gone), (20.0, gone), (30.0, [])) == []
    assert told((0.0, []), (20.0, []), (30.0, []), (35.0, []), lowers=["score"], ready=[2]) == []


def test_others_who_come_are_no_neighbours():
    """Such as an archive that fetches pictures from a capture; once gone it is forgotten."""
    assert told((1.0, [lower("archive.0", 1.0)]), (50.0, []), lowers=["preprocess"], ready=[0, 1]) == []


def test_not_more_than_so_many_names_are_remembered():
    """A receiver is called what it says."""
    many = [lower(f"score.x{number}", 1.0) for number in range(MOST + 9)]

    assert len(told((1.0, many), (50.0, []), lowers=["score"])) == MOST


@pytest.mark.parametrize("name", ["score.1-a1b2c3", "score.1"])
def test_a_name_for_people_has_no_site(name):
    """Nobody knows a machine by six random letters."""
    assert named(name) == "score.1"
    assert named("capture.door-a1b2c3") == "capture.door-a1b2c3"


def test_an_absence_is_a_sentence():
    """As it stands in the log."""
    assert str(Absence("archive.0", UNHEARD, 12.6, is_below=True)) == "archive.0 has not been heard for 13 s"
