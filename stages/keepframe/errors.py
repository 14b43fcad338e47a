"""
The few errors that a caller catches by type; everything else raises Python's own.

Messages say where, what was expected, what was found and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence

from keepframe.redaction import redacted


class ConfigError(ValueError):
    """
    A pipeline that cannot run as it is written; every problem found is told in one go.

    >>> print(ConfigError("pipeline.toml", ["stages.score.threshold: expected float, got str 'high'"]))
    pipeline.toml: 1 problem
      stages.score.threshold: expected float, got str 'high'
    """

    def __init__(self, where: str, problems: Sequence[str]) -> None:
        self.where, self.problems = where, [redacted(problem) for problem in problems]
        count = f"{len(self.problems)} problem" + ("" if len(self.problems) == 1 else "s")
        super().__init__("\n  ".join([f"{where}: {count}", *self.problems]))


class WireError(ValueError):
    """A message that does not fit the protocol; whoever sent it is not listened to any further."""


class OtherVersionError(WireError):
    """A message of another version of the protocol."""


class ArchiveLockedError(RuntimeError):
    """Another archive process writes into this folder."""


class PictureError(ValueError):
    """Bytes that are no whole picture: empty, truncated, corrupt, too large or not a picture at all."""


class StalePictureError(LookupError):
    """A picture in shared memory that was let go: its frame is settled, and whoever still wants it is late."""


class CameraError(RuntimeError):
    """A camera that cannot be reached or read now; it is tried again. The message is one line, without passwords."""


class LostPictureError(StalePictureError):
    """A picture that did not come here as it was captured, by no fault of its frame: the session ends, and the frame comes again."""
