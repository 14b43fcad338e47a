"""
The contact sheet: every kept picture with its time, score and reason, as one static page beside the pictures.

No script, nothing from elsewhere, light or dark as the reader's machine is. The look is in sheet.css.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files as resources
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

from keepframe.archive.folder import Folder, settle
from keepframe.archive.reading import Reader
from keepframe.archive.row import Row
from keepframe.archive.summary import moment, sentence, told_apart
from keepframe.clock import iso
from keepframe.frame import REASONS

NAME = "index.html"
MOST = 500
"""Pictures of one camera on the sheet: a browser lays out that many at once; the newest are shown, the rest is counted."""


def write_sheet(folder: Path, *, most: int = MOST) -> Path:
    """
    Write the contact sheet of an archive, in one step, and say where it is; at most `most` pictures of each camera.

    May run while a pipeline writes. Raises FileNotFoundError for a folder without an archive, OSError.
    """
    with Reader(folder) as reader, reader.catalogue.snapshot():
        page = "".join(_page(reader.kept(), reader.counts(), reader.biggest_change(), most))
    files = Folder(folder)
    try:
        temp = f".keepframe-0-{os.getpid()}.part"
        files.remove(temp)
        try:
            settle(files.write(temp, page.encode()))
            files.rename(temp, NAME)
        except BaseException:
            files.remove(temp)
            raise
    finally:
        files.close()
    return Path(folder) / NAME


def _page(
    kept: Sequence[Row], counts: Mapping[str, Mapping[str, int]], biggest: Row | None, most: int
) -> Iterator[str]:
    look = (resources("keepframe.archive") / "sheet.css").read_text("utf-8")
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield '<meta name="color-scheme" content="light dark">\n'
    yield f"<title>{escape(_title(counts))}</title>\n<style>\n{look}</style>\n</head>\n<body>\n"
    yield f"<header>\n<h1>{escape(_title(counts))}</h1>\n<p>{escape(sentence(counts, biggest))}</p>\n</header>\n<main>\n"
    if not kept:
        yield "<p>No picture has been kept yet.</p>\n"
    for camera, rows in groupby(kept, key=lambda row: row.camera):
        yield from _section(camera, list(rows), counts, most)
    yield "</main>\n</body>\n</html>\n"


def _section(
    camera: str, rows: list[Row], counts: Mapping[str, Mapping[str, int]], most: int
) -> Iterator[str]:
    yield "<section>\n"
    if len(counts) > 1:
        yield f"<h2>{escape(camera)}</h2>\n<p>{escape(sentence({camera: counts.get(camera, {'captured': 0})}))}</p>\n"
    if len(rows) > most:
        text = f"The newest {most:,} of {len(rows):,} pictures; the others are in the archive's folder, keepframe list names them."
        yield f'<p class="rest">{escape(text)}</p>\n'
    yield '<div class="sheet">\n'
    for row in rows[-most:]:
        yield _card(row)
    yield "</div>\n</section>\n"


def _card(row: Row) -> str:
    size = f' width="{row.width}" height="{row.height}"' if row.width and row.height else ""
    link = escape(quote(row.file or ""))
    when = iso(row.time_ns)
    scores = ", ".join(f"{name} {_number(value)}" for name, value in row.scores.items())
    reached, held = _number(row.deciding_score), ""
    if row.threshold is not None and row.deciding_score is not None:
        reached, threshold = told_apart(row.deciding_score, row.threshold)
        held = f", threshold {threshold}"
    score = f'<span class="score" title="{escape(scores)}">score <b>{reached}</b>{held}</span>'
    return (
        f'<figure><a href="{link}"><img src="{link}" alt="{escape(row.name)}" loading="lazy" decoding="async"{size}></a>'
        f'<figcaption><time datetime="{when}" title="{when}">{escape(moment(row))}</time>'
        f'<span title="{escape(REASONS.get(row.reason, ""))}">{escape(row.reason)}</span>{score if scores else ""}'
        f'<span class="name">{escape(row.name)}, {when[:10]}</span></figcaption></figure>\n'
    )


def _title(counts: Mapping[str, Mapping[str, int]]) -> str:
    return f"Kept pictures of {next(iter(counts))}" if len(counts) == 1 else "Kept pictures"


def _number(value: float | None) -> str:
    """Three digits that matter, as people write them."""
    return "–" if value is None else f"{value:.3g}"
