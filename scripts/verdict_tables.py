"""
Tables of bench_verdict.py: for each method what it keeps of footage, in markdown.

What is counted, and how, is keepframe.measure.rules'; what is measured bench_verdict.py's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from verdict_footage import SHARES, Footage

from keepframe.measure.rules import Tally, tally


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A markdown table."""
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _counts(shaking: str) -> list[str]:
    """Heads of what _calm and _shaking tell."""
    return ["hit", "prompt", "false of quiet", "kept", f"{shaking}: hit", "false", "kept"]


def tell_every(told: dict[str, dict[str, Tally]], shaking: str) -> Iterator[str]:
    """Clips but the shaking one together, the shaking one, the snapshots."""
    yield from table(
        ["every picture", *_counts(shaking), "snapshots: repeats", "false", "change", "kept"],
        ((name, *_calm(of, shaking), *_shaking(of, shaking), *_snapshots(of)) for name, of in told.items()),
    )


def tell_disturbed(told: dict[str, dict[str, dict[str, Tally]]], shaking: str) -> Iterator[str]:
    """The same for each disturbance, without snapshots."""
    rows = (
        (name, method, *_calm(of, shaking), *_shaking(of, shaking))
        for name, methods in told.items()
        for method, of in methods.items()
    )
    yield from table(["as if by", "method", *_counts(shaking)], rows)


def tell_second(told: dict[str, dict[str, Tally]], shaking: str) -> Iterator[str]:
    """The same without snapshots."""
    rows = ((name, *_calm(of, shaking), *_shaking(of, shaking)) for name, of in told.items())
    yield from table(["one picture a second", *_counts(shaking)], rows)


def tell_planted(told: dict[str, dict[float, int]], count: int) -> Iterator[str]:
    """How many objects of each size are found, of so many."""
    head = [f"planted objects, found of {count}", *(f"{100 * share:g} %" for share in SHARES)]
    yield from table(head, ((name, *(str(of[share]) for share in SHARES)) for name, of in told.items()))


def tell_scenes(told: dict[str, dict[str, Tally]], footage: Sequence[Footage]) -> Iterator[str]:
    """For each scene: events hit promptly, false keeps; all of them together at the end."""
    counts = {one.name: tally(one.labels, []) for one in footage}
    names = [f"{name} ({of.events}; {of.quiet})" for name, of in counts.items()]
    total = sum(counts.values(), Tally())
    head = [
        "synthetic: prompt / false (of events; quiet pictures)",
        *names,
        f"all ({total.events}; {total.quiet})",
        "kept",
    ]
    rows = []
    for method, of in told.items():
        together = sum(of.values(), Tally())
        cells = [f"{t.prompt} / {t.false}" for t in (*(of.get(name, Tally()) for name in counts), together)]
        rows.append((method, *cells, _percent(together)))
    yield from table(head, rows)


def _calm(of: dict[str, Tally], shaking: str) -> tuple[str, ...]:
    found = sum((t for name, t in of.items() if name != shaking and not t.duplicates), Tally())
    return (
        f"{found.hit} of {found.events}",
        f"{found.prompt}",
        f"{found.false} of {found.quiet}",
        _percent(found),
    )


def _shaking(of: dict[str, Tally], shaking: str) -> tuple[str, ...]:
    found = of.get(shaking, Tally())
    return f"{found.hit} of {found.events}", f"{found.false} of {found.quiet}", _percent(found)


def _snapshots(of: dict[str, Tally]) -> tuple[str, ...]:
    found = sum((t for t in of.values() if t.duplicates), Tally())
    if not found.shown:
        return ("–",) * 4
    counts = f"{found.duplicates_kept} of {found.duplicates}", f"{found.false} of {found.quiet}"
    return (*counts, f"{found.hit} of {found.events}", _percent(found))


def _percent(found: Tally) -> str:
    return f"{100 * found.share:.1f} %"
