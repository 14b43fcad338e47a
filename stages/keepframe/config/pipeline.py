"""
A pipeline as it was written, checked and complete: frozen values, one class for each table of the TOML.

Defaults of the engine's keys stand here and nowhere else; defaults of a stage's options stand in that stage's signature, the
default stages in defaults.py. How a file becomes these values is in load.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from keepframe.config.address import Address
from keepframe.stage import Bound, Contract

Policy = Literal["block", "latest"]

CAPTURE = "capture"
"""What stands for all cameras in `inputs`."""

MARK_EVERY = 8
"""After how many frames the capture asks for a commit; the store has to hold these and what the stages hold back."""


@dataclass(frozen=True, slots=True)
class Queue:
    """How much of one camera may be on its way at once, from its capture to the archive."""

    frames: int = 32
    bytes: int = 64_000_000


@dataclass(frozen=True, slots=True)
class Store:
    """How much one camera's capture keeps until the archive has committed it."""

    frames: int = 128
    bytes: int = 256_000_000


@dataclass(frozen=True, slots=True)
class Capture:
    """What holds for the capture of every camera: the table [stages.capture]."""

    store: Store = field(default_factory=Store)
    check_pixels: bool = False
    """Whether each picture gets a checksum when it is captured, which whoever looks at it compares."""
    hang_after_s: float = 60.0
    max_memory: int = 2_000_000_000
    """How many bytes of its own a process may take before it is ended and started again."""
    listen: Address | None = None
    """Where the first process waits for those below, the next one a port further; None: within the machine alone."""
    at: tuple[Address, ...] = ()
    """Where those below find them."""


@dataclass(frozen=True, slots=True)
class Use:
    """
    A callable as the user named it, with the options that were set: checked, converted, paths made absolute.

    >>> Use("blur", {"sigma": 1.0}) == Use("blur", {"sigma": 1.0})
    True
    """

    use: str
    options: Mapping[str, Any] = field(default_factory=dict)
    contract: Contract | None = field(default=None, compare=False, repr=False)
    """None where another machine runs it and it was not imported here."""

    @property
    def bound(self) -> Bound:
        """Contract and options, as the kernel takes them. Raises ValueError if it was not imported here."""
        if self.contract is None:
            raise ValueError(f"{self.use!r} was not imported: this process was loaded to run another stage")
        return Bound(self.contract, self.options)


@dataclass(frozen=True, slots=True)
class Camera:
    """One named source of pictures: the table [cameras.NAME]."""

    name: str
    source: Use
    policy: Policy = "block"
    is_live: bool = False
    privacy: tuple[str, ...] = ()
    """Regions that are blackened in the capture, before anything else sees the picture; see picture.polygon."""

    @property
    def reads_stdin(self) -> bool:
        """Whether what is piped into the run is for it."""
        contract = self.source.contract
        return contract is not None and getattr(contract.target, "reads_stdin", False)


@dataclass(frozen=True, slots=True)
class Stage:
    """
    One process, or several replicas, and what it runs: the table [stages.NAME].

    inputs: the stages that feed it, or "capture"; of the archive also the sinks, which nothing else reads.
    """

    name: str
    inputs: tuple[str, ...]
    steps: tuple[Use, ...]
    replicas: int = 1
    queue: Queue = field(default_factory=Queue)
    hang_after_s: float = 60.0
    max_memory: int = 2_000_000_000
    """How many bytes of its own a process may take before it is ended and started again."""
    listen: Address | None = None
    """Where the first process waits for those below, the next one a port further; None: within the machine alone."""
    at: tuple[Address, ...] = ()
    """Where those below find them."""
    by_camera: Mapping[str, tuple[Use, ...]] = field(default_factory=dict)
    """Cameras with options of their own, [cameras.X.stages.NAME], and their steps."""

    def for_camera(self, camera: str) -> tuple[Use, ...]:
        """The steps with this camera's options."""
        return self.by_camera.get(camera, self.steps)

    @property
    def is_archive(self) -> bool:
        """Whether it is the one that decides what has happened."""
        contract = self.steps[0].contract
        return contract is not None and contract.kind == "archive"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """
    Everything that one pipeline.toml says.

    stages: in topological order, without the capture, which is implied.
    sinks: the stages that nobody but the engine reads: their frames reach the archive as headers and decide nothing.
    fingerprint: what must be the same in every process of the pipeline; options of sources and of the archive, paths, addresses and
    replicas may differ from machine to machine.
    """

    path: Path
    name: str
    cameras: Mapping[str, Camera]
    stages: Mapping[str, Stage]
    fingerprint: str
    capture: Capture = field(default_factory=Capture)
    sinks: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    """What `--set` changed, to be handed to child processes as it is."""
    keys: Path | None = None
    """The folder of the keys that every tcp socket then has; None: there are none."""
    is_insecure: bool = False
    """Whether it may be reached over a network without keys."""
    only: tuple[str, ...] = ()
    """The stages, or "capture", that a run on this machine starts; all of them if none is named."""

    @property
    def folder(self) -> Path:
        """The folder of the TOML, where relative paths start."""
        return self.path.parent

    @property
    def archive(self) -> Stage:
        """The one archive."""
        return next(stage for stage in self.stages.values() if stage.is_archive)

    @property
    def archive_folder(self) -> Path:
        """Where the kept pictures and the catalogue are; an archive of somebody's own may have none, then beside the TOML."""
        return Path(self.archive.steps[0].options.get("folder", self.folder))

    def uppers(self, name: str) -> tuple[str, ...]:
        """What feeds this stage: stages or "capture"; nothing feeds the capture."""
        return () if name == CAPTURE else self.stages[name].inputs

    def lowers(self, name: str) -> tuple[str, ...]:
        """Which stages this stage, or "capture", feeds."""
        return tuple(stage.name for stage in self.stages.values() if name in stage.inputs)

    def runs_here(self, name: str) -> bool:
        """Whether a run on this machine starts this stage, or "capture"."""
        return not self.only or name in self.only

    def callers(self, name: str) -> tuple[str, ...]:
        """Whose processes may connect to a stage's, or to the capture's: those below; to the capture everybody, for pictures."""
        return tuple(self.stages) if name == CAPTURE else self.lowers(name)

    def listen_of(self, name: str) -> Address | None:
        """Where the first process of a stage, or of "capture", listens on a network; None: within the machine alone."""
        return self.capture.listen if name == CAPTURE else self.stages[name].listen

    def at_of(self, name: str) -> tuple[Address, ...]:
        """Where those below find a stage, or "capture", on a network."""
        return self.capture.at if name == CAPTURE else self.stages[name].at

    def holds(self, name: str) -> int:
        """How many frames are held back at most on the way up to and including this stage."""
        if name == CAPTURE:
            return 0
        stage = self.stages[name]
        own = max(sum(_holds(use) for use in steps) for steps in (stage.steps, *stage.by_camera.values()))
        return own + max(self.holds(upper) for upper in stage.inputs)


def _holds(use: Use) -> int:
    return use.contract.holds_with(use.options) if use.contract is not None else 0


def frozen(table: dict[str, Any]) -> Mapping[str, Any]:
    """
    A read-only view of a dict that nobody else holds.

    >>> frozen({"a": 1})["a"]
    1
    """
    return MappingProxyType(table)
