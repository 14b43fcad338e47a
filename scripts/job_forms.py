"""
The forms of one job that bench_job.py measures beside the pipeline, each a process of its own: python job_forms.py FORM CLIP FOLDER.

The job: look at every picture of a clip, keep those that show a change, write each of them as a JPEG of quality 90.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path


def decode(clip: Path, _folder: Path) -> int:
    """Decode and do nothing: the floor. On one thread, as keepframe's capture does it."""
    import av  # noqa: PLC0415  each form imports what it needs: its start-up is measured too

    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for _ in container.decode(stream):
            pass
    return 0


def loop(clip: Path, folder: Path) -> int:
    """Keepframe's own source, steps and encoder in a plain loop: no processes, no sockets, no catalogue, no fsync, no digest."""
    import cv2  # noqa: PLC0415

    from keepframe.config import load  # noqa: PLC0415
    from keepframe.frame import Item  # noqa: PLC0415
    from keepframe.stage import Line, read_source  # noqa: PLC0415

    cv2.setNumThreads(1)
    camera = clip.stem
    pipeline = load(folder / "pipeline.toml")
    source = pipeline.cameras[camera].source.bound
    stages = [pipeline.stages[name] for name in ("preprocess", "score")]
    line = Line([use.bound for stage in stages for use in stage.for_camera(camera)], camera)
    kept = 0
    for seq, shot in enumerate(read_source(source.contract, source.options, camera)):
        for item in line.push(Item((replace(shot.frame, seq=seq),))):
            if (
                isinstance(item, Item)
                and item.outcome is None
                and (picture := item.frames[0].picture) is not None
            ):
                (folder / f"{item.frames[0].seq:06}.jpg").write_bytes(picture.jpeg(90))
                kept += 1
    return kept


def tutorial(clip: Path, folder: Path) -> int:
    """The loop as tutorials teach it: gray and blur at full size, absolute difference to the picture kept last, threshold, imwrite."""
    import cv2  # noqa: PLC0415

    capture = cv2.VideoCapture(str(clip))
    reference, seq, kept = None, -1, 0
    while True:
        is_there, frame = capture.read()
        if not is_there:
            return kept
        seq += 1
        gray = cv2.GaussianBlur(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), (21, 21), 0)
        if reference is not None:
            changed = cv2.threshold(cv2.absdiff(reference, gray), 25, 255, cv2.THRESH_BINARY)[1]
            if cv2.countNonZero(changed) <= 0.03 * gray.size:
                continue
        reference = gray
        cv2.imwrite(str(folder / f"{seq:06}.jpg"), frame, [cv2.IMWRITE_JPEG_QUALITY, 90])
        kept += 1


FORMS: dict[str, Callable[[Path, Path], int]] = {"decode": decode, "loop": loop, "tutorial": tutorial}


if __name__ == "__main__":
    print(FORMS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3])))
