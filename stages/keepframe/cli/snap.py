"""
`keepframe snap`: one picture of a source, to try an address or a device with.

How a source is opened is keepframe.capture's business.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from keepframe.capture.naming import Named, named
from keepframe.cli.options import set_option
from keepframe.config.load import pipeline_of
from keepframe.errors import CameraError
from keepframe.frame import Frame
from keepframe.stage import CameraEvent, read_source

MOST = 50
"""So many pictures may be no good, as a camera's first ones are, before it is given up."""


@click.command("snap")
@click.argument("source")
@click.argument("file", required=False, type=click.Path(path_type=Path, allow_dash=True))
@set_option
def command(source: str, file: Path | None, sets: tuple[str, ...]) -> None:
    """
    Take one picture.

    SOURCE is 0 or /dev/video0, a folder, a video, an address (rtsp://…, http://…) or screen. FILE ends in .jpg or .png; - is stdout; by
    default it is called after the camera and the time. A camera's own JPEG is written byte for byte. --set user=admin sets an option of the
    source; passwords come from password_file, password_env, or the variable KEEPFRAME_PASSWORD. Exits 1 if there is no picture.
    """
    meant = named(source)
    frame = _first(meant, sets)
    if frame.picture is None:
        raise ValueError(
            f"{source}: no whole picture among {MOST}; the last one: {frame.notes.get('error', frame.reason)}"
        )
    file = file or Path(f"{meant.camera}-{frame.time:%Y%m%d-%H%M%S}.jpg")
    is_png = file.suffix.lower() == ".png"
    data = frame.picture.png() if is_png else frame.picture.jpeg()
    if str(file) == "-":
        sys.stdout.buffer.write(data)
        return
    if file.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise ValueError(f"{file}: expected a name that ends in .jpg or .png")
    file.write_bytes(data)
    click.echo(f"{file}  {frame.picture.width}x{frame.picture.height}, {len(data)} bytes")


def _first(meant: Named, sets: tuple[str, ...]) -> Frame:
    """The first whole picture; else the last of many that are none."""
    table = {"source": meant.source, **meant.options}
    settings = [f"cameras.{meant.camera}.{setting}" for setting in sets]
    camera = pipeline_of({"cameras": {meant.camera: table}}, "snap", settings).cameras[meant.camera]
    bound = camera.source.bound
    last = Frame()
    pace = {"every": None} if "every" in bound.contract.options else {}  # nobody waits for the next second
    for count, shot in enumerate(read_source(bound.contract, pace | dict(bound.options), meant.camera)):
        if isinstance(shot, CameraEvent):
            if shot.kind == "lost":
                raise CameraError(shot.detail)
            continue
        last = shot.frame
        if last.picture is not None or count >= MOST:
            return last
    raise LookupError(f"{meant.camera}: there is no picture")
