"""The clips that the benchmark of the whole job works on: one scaled, put behind itself, cut short. What is done with them is in bench_job.py."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av


def looped(source: Path, target: Path, times: int, *, pictures: int | None = None) -> int:
    """Write a clip so many times behind itself, packet by packet without encoding anything; how many pictures it has. pictures: no more."""
    count = offset = 0
    with av.open(str(target), "w", format="mp4") as out:
        copy = None
        for _ in range(times):
            with av.open(str(source)) as container:
                stream = container.streams.video[0]
                copy = copy or out.add_stream_from_template(stream)
                last = 0
                for packet in container.demux(stream):
                    if (
                        packet.dts is None
                        or packet.pts is None
                        or (pictures is not None and count >= pictures)
                    ):
                        continue
                    last = max(last, packet.pts + (packet.duration or 0))
                    packet.pts, packet.dts, packet.stream = packet.pts + offset, packet.dts + offset, copy
                    out.mux(packet)
                    count += 1
                offset += last
    return count


def scaled(source: Path, target: Path, height: int) -> None:
    """The clip at another height, encoded anew as a camera would: H.264, a key frame every two seconds."""
    with av.open(str(source)) as container, av.open(str(target), "w") as out:
        stream = container.streams.video[0]
        width = round(stream.width * height / stream.height / 2) * 2
        options = {"preset": "veryfast", "crf": "23", "g": "50", "bf": "0"}
        encoded = out.add_stream("libx264", rate=stream.average_rate, options=options)
        encoded.width, encoded.height, encoded.pix_fmt = width, height, "yuv420p"
        for frame in container.decode(stream):
            bigger = frame.reformat(width, height, "yuv420p", interpolation="BICUBIC")
            bigger.pts, bigger.time_base = frame.pts, frame.time_base
            out.mux(encoded.encode(bigger))
        out.mux(encoded.encode())


@dataclass(frozen=True, slots=True)
class Clips:
    """A clip as long as it is needed, and one picture of it."""

    source: Path
    folder: Path
    loops: int
    pictures: int
    """How many the source has."""

    def of(self, share: Fraction) -> tuple[Path, int]:
        """The clip, or so much of it, and how many pictures it has; made when it is first asked for."""
        pictures = int(self.loops * self.pictures * share)
        path = self.folder / str(pictures) / self.source.name
        if not path.exists():
            path.parent.mkdir()
            looped(self.source, path, self.loops, pictures=pictures)
        return path, pictures

    def first(self) -> Path:
        """One picture."""
        path = self.folder / "first" / self.source.name
        if not path.exists():
            path.parent.mkdir()
            looped(self.source, path, 1, pictures=1)
        return path
