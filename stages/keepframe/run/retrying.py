"""
Frames out of quarantine that a capture is to try again when it starts.

How they lie there is the archive's business, how they travel the capture's. A capture that does not see the archive's folder has
none.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from keepframe.archive import quarantine
from keepframe.frame import Frame
from keepframe.run.logs import log
from keepframe.wire.capture import CaptureNode


class Retries:
    """
    What is marked to be tried again of a capture's camera. To be made when the capture knows where to begin.

    is_under_way: whether the stream to go on with is one of such frames, which the process before was killed over.
    """

    def __init__(self, folder: Path, node: CaptureNode) -> None:
        self.folder = folder
        held = {
            str(frame.notes.get(quarantine.RETRY_OF, ""))
            for stored in list(node.store.items.values())
            for frame in stored.item.frames
        }  # before the catalogue is asked: what is committed meanwhile is in neither
        try:
            marked = quarantine.marked(folder, node.camera)
            self.is_under_way = quarantine.is_retry(folder, node.camera, node.store.stream)
        except (OSError, RuntimeError) as error:
            log.warning("no-quarantine", camera=node.camera, error=str(error))
            marked, self.is_under_way = [], False
        self.entries = [entry for entry in marked if entry.row.name not in held]

    def __iter__(self) -> Iterator[Frame]:
        """The frames, one in memory at a time; one whose file cannot be read stays where it is."""
        for entry in self.entries:
            try:
                yield quarantine.read(self.folder, entry)
            except (OSError, ValueError) as error:
                log.error("cannot-retry", camera=entry.row.camera, frame=entry.row.name, error=str(error))
