"""One capture on a bench: the test speaks for every peer below it and for the clock; no test module itself."""

import itertools

import numpy as np

from keepframe.frame import START, Frame
from keepframe.picture import Picture
from keepframe.wire import messages
from keepframe.wire.capture import CaptureNode
from keepframe.wire.intake import Intake
from keepframe.wire.messages import Envelope

PICTURE = Picture.of(np.zeros((1, 10), np.uint8))


class Bench:
    """A capture, and below it one peer for each stage that the test speaks for."""

    def __init__(self, lowers=("score",), *, credit=None, is_patient=False, **intake):
        self.node = CaptureNode(
            "capture.a",
            lowers,
            ["a"],
            itertools.count(1).__next__,
            "",
            Intake("a", **intake),
            credit=credit,
            is_patient=is_patient,
        )
        self.now, self.numbers = 0.0, {}
        for i, stage in enumerate(lowers):
            self.join(f"{stage}.0", f"be{i}")

    def join(self, name, peer):
        self.node.receive(
            self.now, peer, Envelope(None, 0, messages.Hello(1, name, is_ready=True, pipeline=""))
        )
        self.numbers[peer] = 0

    def say(self, body, peer="be0"):
        self.numbers[peer] += 1
        self.node.receive(
            self.now, peer, Envelope(self.node.ports[peer].connection, self.numbers[peer], body)
        )
        return self.sent()

    def sent(self, peer=None):
        """What has been sent since, without greetings."""
        self.node.pump(self.now)
        out, self.node.out = self.node.out, []
        quiet = (messages.Ping, messages.Welcome)
        return [e.body for p, e in out if not isinstance(e.body, quiet) and peer in (None, p)]

    def opened(self, committed=START, is_ended=False, memory=None, peer="be0", outcomes=()):
        return self.say(
            messages.Opened("a", self.node.epoch, committed, is_ended, memory or {}, list(outcomes)), peer
        )

    def offer(self, count=1, memory=None, **values):
        sent = []
        for _ in range(count):
            self.node.offer(Frame(camera="a", picture=PICTURE, **values), memory)
            sent += self.sent()
        return sent

    def committed(self, upto, *outcomes):
        return self.say(messages.Ack("a", self.node.epoch, upto, [(upto, "kept"), *outcomes]))

    def passes(self, seconds):
        self.now += seconds
        sent = [body for peer in self.numbers for body in self.say(messages.Ping(is_ready=True), peer)]
        self.node.tick(self.now)
        return sent + self.sent()


def kinds(bodies):
    """What messages these are, frames and marks with their position."""
    return [
        b.item.at
        if isinstance(b, messages.Frame)
        else ("mark", b.upto)
        if isinstance(b, messages.Mark)
        else type(b).__name__
        for b in bodies
    ]
