"""
The archive's side of the sessions: it gathers what comes over the branches, and a mark that came over all of them is a commit.

Pure state. The catalogue is not touched here: jobs are taken out with take(), done by whoever runs the process, and brought
back with opened() or committed().
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from keepframe.archive import Epoch, MemoryDelta, Standing
from keepframe.frame import START, STRENGTH, Item, Position
from keepframe.wire import messages
from keepframe.wire.fetch import FetchingNode, remotes_of

MEMORY_PER_S = 20_000
"""So many bytes of memory a second and camera go into the catalogue at most, as far as REST_MS allows; 1.7 GB a day."""
REST_MS = 5_000
"""How long marks rest at most: what stands behind the last one is seen by nobody, and is worked on again after a break."""


Progress = tuple[int, Position]
"""How many items of a session have come, and up to where."""
NONE: Progress = (0, START)


@dataclass(frozen=True, slots=True)
class OpenJob:
    """Make this epoch the newest, if it is, and tell what is committed."""

    camera: str
    epoch: Epoch
    held: tuple[Position, Position] | None


@dataclass(frozen=True, slots=True)
class CommitJob:
    """One transaction: the rows up to a mark, the memory at it, what happened on the way."""

    camera: str
    epoch: Epoch
    upto: Position
    items: tuple[Item, ...]
    memory: MemoryDelta
    events: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Marked:
    """What has come of one mark: over which branches, with which memory."""

    peers: set[str] = field(default_factory=set)
    memory: dict[str, dict[str, bytes | None]] = field(default_factory=dict)
    events: tuple[tuple[str, str], ...] = ()


@dataclass(eq=False, slots=True)
class Gathering:
    """A session as the archive sees it: what came over each branch and is not committed yet."""

    camera: str
    epoch: Epoch
    branches: dict[str, Fraction] = field(default_factory=dict)
    order: dict[str, tuple[int, ...]] = field(default_factory=dict)
    items: dict[str, dict[Position, Item]] = field(default_factory=dict)
    taken: dict[str, Progress] = field(default_factory=dict)
    told: Progress = NONE
    committed: int = 0
    """How many items are."""
    ack_every: int = 1
    marks: dict[Position, Marked] = field(default_factory=dict)
    standing: Standing | None = None
    nbytes: int = 0
    """How large the memory of the last commit was."""

    @property
    def rest_ms(self) -> int:
        """How long the marks may rest: the longer, the more a memory weighs; not at all while there is something to be kept."""
        items = (item for items in self.items.values() for item in items.values())
        if any(item.outcome is None for item in items):
            return 0
        return min(REST_MS, 1000 * self.nbytes // MEMORY_PER_S)

    def is_whole(self, peers: Iterable[str]) -> bool:
        """Whether these are all branches."""
        return sum(self.branches[p] for p in peers) == 1

    def best_upto(self, upto: Position) -> tuple[Item, ...]:
        """Take out what stands up to a position: of several branches' items the strongest, equal ones in the order of the branches."""
        best = []
        for at in sorted({at for items in self.items.values() for at in items if at <= upto}):
            here = [
                self.items[p].pop(at)
                for p in sorted(self.order, key=self.order.__getitem__)
                if at in self.items[p]
            ]
            best.append(max(here, key=lambda item: STRENGTH.index(item.outcome or "kept")))
        return tuple(best)


class ArchiveNode(FetchingNode):
    """The node of the archive."""

    def __init__(
        self,
        name: str,
        uppers: Sequence[str],
        cameras: Sequence[str],
        nonce: Callable[[], int],
        pipeline: str = "",
    ) -> None:
        super().__init__(name, uppers, (), cameras, nonce, pipeline)
        self.sessions: dict[str, Gathering] = {}
        self.jobs: deque[OpenJob | CommitJob] = deque()
        self.is_due = False
        """Whether what was taken has waited long enough for more."""

    @property
    def waiting(self) -> int:
        """How many items wait for their mark or for their commit, of all cameras."""
        gathered = sum(len(items) for g in self.sessions.values() for items in g.items.values())
        return gathered + sum(len(job.items) for job in self.jobs if isinstance(job, CommitJob))

    # what the worker calls

    def take(self) -> OpenJob | CommitJob | None:
        """
        The next job; None if there is none that can be done.

        A session that opens need not wait for what others have to commit, only for its own camera's last session. A commit waits until
        its pictures are here, and the commits of other cameras do not wait for it.
        """
        job = self._next()
        if job is not None:
            self.jobs.remove(job)
            if isinstance(job, CommitJob):
                self.hand_over(frame for item in job.items for frame in item.frames)
        return job

    @property
    def has_work(self) -> bool:
        """Whether take() has something to give."""
        return self._next() is not None

    def look_ahead(self) -> None:
        """Want the pictures of what is to be committed."""
        for job in self.jobs:
            self._is_here(job)

    def _next(self) -> OpenJob | CommitJob | None:
        firsts: dict[str, OpenJob | CommitJob] = {}
        for job in self.jobs:
            firsts.setdefault(job.camera, job)
        in_turn = sorted(firsts.values(), key=lambda job: isinstance(job, CommitJob))
        return next((job for job in in_turn if self._is_here(job)), None)

    def _is_here(self, job: OpenJob | CommitJob) -> bool:
        return isinstance(job, OpenJob) or self.are_here(frame for item in job.items for frame in item.frames)

    def opened(self, job: OpenJob, standing: Standing | None, newest: Epoch) -> None:
        """The catalogue has answered; None: a newer session is known."""
        g = self._current(job.camera, job.epoch)
        if g is None:
            return
        if standing is None:
            self._refuse(g, newest)
            return
        g.standing = standing
        self._answer(g)

    def committed(self, job: CommitJob, outcomes: messages.Outcomes | None, newest: Epoch) -> None:
        """The transaction is done; None: a newer session has begun, nothing was written."""
        self.drop(remotes_of(frame for item in job.items for frame in item.frames))
        if outcomes is None:  # what comes behind it would leave a hole
            self.jobs = deque(j for j in self.jobs if (j.camera, j.epoch) != (job.camera, job.epoch))
        g = self._current(job.camera, job.epoch)
        if g is None:
            return
        if outcomes is None:
            self._refuse(g, newest)
            return
        g.committed += len(job.items)
        g.told = max(g.told, (g.committed, job.upto))
        g.nbytes = sum(len(value or b"") for keys in job.memory.values() for value in keys.values())
        self.send(next(iter(g.branches)), messages.Ack(g.camera, g.epoch, job.upto, outcomes, g.rest_ms))

    # messages

    def on_open(self, peer: str, m: messages.Open) -> None:
        """A branch of a session opens; a newer session ends what is gathered of older ones."""
        g = self.sessions.get(m.camera)
        if g is not None and m.epoch < g.epoch:
            self.send(peer, messages.Break(m.camera, m.epoch, g.epoch))
            return
        if g is None or m.epoch > g.epoch:
            g = self.sessions[m.camera] = Gathering(m.camera, m.epoch)
            self.jobs.append(OpenJob(m.camera, m.epoch, m.held))
        g.branches[peer], g.order[peer], g.items[peer], g.taken[peer] = m.weight, m.branch, {}, NONE
        self._answer(g)

    def on_frame(self, peer: str, m: messages.Frame) -> None:
        """Keep an item until its mark comes."""
        g = self._session(peer, m.camera, m.epoch)
        if g is not None:
            g.items[peer][m.item.at] = m.item
            g.taken[peer] = (g.taken[peer][0] + 1, m.item.upto)

    def on_mark(self, peer: str, m: messages.Mark) -> None:
        """A mark that has come over every branch is a commit."""
        g = self._session(peer, m.camera, m.epoch)
        if g is None:
            return
        g.ack_every = m.ack_every
        marked = g.marks.setdefault(m.upto, Marked())
        marked.peers.add(peer)
        for stage, keys in m.memory.items():
            marked.memory.setdefault(stage, {}).update(keys)
        marked.events += m.events
        if g.is_whole(marked.peers):
            del g.marks[m.upto]
            items = g.best_upto(m.upto)
            self.jobs.append(CommitJob(g.camera, g.epoch, m.upto, items, marked.memory, marked.events))

    def tick(self, now: float) -> None:
        """What was taken is told now, however little it is."""
        super().tick(now)
        self.is_due = True

    def pump(self, now: float) -> None:
        """Tell how far frames have been taken, once for all that came in together, and ask for pictures."""
        super().pump(now)
        for g in self.sessions.values():
            taken = min(g.taken.values(), default=NONE)
            untold = taken[0] - g.told[0]
            if untold >= (1 if self.is_due else g.ack_every) and g.is_whole(g.branches):
                g.told = taken
                self.send(
                    next(iter(g.branches)), messages.Ack(g.camera, g.epoch, taken[1], rest_ms=g.rest_ms)
                )
        self.is_due = False

    def link_down(self, peer: str) -> None:
        """What was gathered over this link is of no use without the rest."""
        super().link_down(peer)
        for camera in [c for c, g in self.sessions.items() if peer in g.branches]:
            del self.sessions[camera]

    def _answer(self, g: Gathering) -> None:
        if g.standing is None or not g.is_whole(g.branches):
            return
        s = g.standing
        memory: MemoryDelta = {stage: dict(keys) for stage, keys in s.memory.items()}
        for peer in g.branches:
            self.send(peer, messages.Opened(g.camera, g.epoch, s.committed, s.is_ended, memory, s.outcomes))

    def _refuse(self, g: Gathering, newest: Epoch) -> None:
        del self.sessions[g.camera]
        for peer in g.branches:
            self.send(peer, messages.Break(g.camera, g.epoch, newest))

    def _current(self, camera: str, epoch: Epoch) -> Gathering | None:
        g = self.sessions.get(camera)
        return g if g is not None and g.epoch == epoch else None

    def _session(self, peer: str, camera: str, epoch: Epoch) -> Gathering | None:
        g = self._current(camera, epoch)
        return g if g is not None and peer in g.branches else None
