"""The labels of a synthetic scene."""

from dataclasses import replace

import pytest

from keepframe.capture.scene import Scene
from keepframe.measure.truth import labels_of, switches

YARD = Scene(seed=3, height=60, width=80, fps=10, noise=2, drift=0.05, object_size=0.3, absent=6, present=4)
EMPTY = replace(YARD, object_size=0.0)


@pytest.mark.parametrize("hard", [{}, {"freeze": 5.0}, {"loss": 5.0}, {"parked": 20.0}, {"infrared": 7.0}])
def test_events_and_quiet_stretches_do_not_overlap(hard):
    """Whatever is hard about the scene; but for the first picture of another light, and a car that has just parked."""
    labels = labels_of(replace(YARD, **hard), 600)
    quiet = {n for begin, end in labels.quiet for n in range(begin, end + 1)}
    events = [event for event in labels.events if event[0] < event[1]]

    assert events
    assert quiet
    assert all(not quiet & set(range(begin, end + 1 - 10 * ("parked" in hard))) for begin, end in events)


def test_each_visit_is_one_event():
    """Also if the picture breaks in between."""
    for scene in (YARD, replace(YARD, loss=3.0)):
        events = labels_of(scene, 600).events
        visits = {t.visit for t in map(scene.truth, range(600)) if t.view == "object" and not t.is_lost}

        assert len(events) == len(visits)


def test_a_car_that_comes_is_an_event_and_begins_another_stretch():
    """It may be kept once more where it stands."""
    labels = labels_of(replace(EMPTY, parked=20.0), 400)

    assert labels.events == ((201, 229),)
    assert len(labels.quiet) == 2


def test_a_switch_of_the_light_is_an_event_of_one_picture():
    """Each begins a stretch of its own."""
    scene = replace(EMPTY, infrared=7.0)
    labels = labels_of(scene, 300)

    assert switches(scene, 300) == [70, 140, 210, 280]
    assert labels.events == ((70, 70), (140, 140), (210, 210), (280, 280))
    assert labels.quiet == ((0, 69), (70, 139), (140, 209), (210, 279), (280, 299))
