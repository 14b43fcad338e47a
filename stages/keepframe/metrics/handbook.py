"""
The page about all metrics, written from their docstrings.

The words themselves stand beside the functions; what is computed is in the families.
"""

from keepframe.metrics import families
from keepframe.metrics.catalogue import TILE, Metric, metric

_HEAD = """\
# Metrics

Written from the docstrings by `keepframe metrics --markdown`; do not edit.

Every metric compares two pictures of one size: gray (H, W), BGR (H, W, 3) or BGRA (H, W, 4), uint8 or uint16. Each has a
value in its own unit and a score: 0 = same, higher = more different, never NaN or infinite. A mapped metric also says where the
pictures differ, and has NAME-tile, the largest mean over small tiles (a fifteenth of the shorter side, at least 8 px), which keeps
a small object that the mean of the whole picture loses.

    keepframe metrics ssim                     # what stands here about one of them
    keepframe compare --metric ssim A.png B.png
    keepframe watch SOURCE --set stages.score.metric=ssim --set stages.score.threshold=0.1

In a pipeline.toml it is `metric = "ssim"` of the stage `score`; in Python `keepframe.metrics.ssim(a, b)` gives the value, `metric("ssim").score(a, b)` the
score. A metric of one's own is `"module:function"`, two arrays in, a score out. The default, `structure`, is none of these: it compares with what a
scene is used to, not with one picture ([the default threshold](verdict-default.md)). Who does not know which to take: `ssim-tile` finds small things where
the light stays, `gradient-orientation-tile` where it does not, `hash-perceptual` tells whether it is the same picture at all.

Cost, one gray pair at 320x180 on one core: trivial below 0.1 ms or little more, low below 1 ms, medium below 10 ms, high above. Colour takes up to four times as
long, and is what counts where gray has little to compare (`sam`, `d-lambda`, `qnr`).
"""


def page() -> str:
    """
    The page as Markdown: a table to choose from, then every metric in full.

    >>> page().splitlines()[0]
    '# Metrics'
    """
    listed = [[metric(recipe.name) for recipe in family.METRICS] for family in families.FAMILIES]
    lines = [
        _HEAD,
        "| metric | identical | direction | cost | map | what it is |",
        "|---|---|---|---|---|---|",
    ]
    lines += [_row(one) for family in listed for one in family]
    for module, family in zip(families.FAMILIES, listed, strict=True):
        title = module.__name__.rsplit(".", 1)[-1].replace("_", " ")
        lines += ["", f"## {title.capitalize()}", "", _opening(module.__doc__ or "")]
        for one in family:
            lines += ["", *_section(one)]
    return "\n".join(lines) + "\n"


def _opening(text: str) -> str:
    return " ".join(text.strip().split("\n\n")[0].split())


def _row(one: Metric) -> str:
    mapped = f"and `{one.name}{TILE}`" if one.is_mapped else ""
    cells = (
        f"[{one.name}](#{one.name})",
        one.identical.rstrip("."),
        one.direction.rstrip("."),
        one.cost.rstrip("."),
        mapped,
        one.summary,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _section(one: Metric) -> list[str]:
    fields = {
        "takes": one.takes,
        "range": one.range,
        "identical images": one.identical,
        "direction": one.direction,
        "as a score": one.conversion,
        "cost": one.cost,
        "blind to": one.blind_to,
        "when to use it": one.when,
        "errors": one.errors,
        "source": one.source,
    }
    function = one.name.replace("-", "_")
    return [
        f"### {one.name}",
        "",
        f"`keepframe.metrics.{function}`: {one.summary}",
        "",
        *(f"- **{label}:** {_plain(text)}" for label, text in fields.items()),
    ]


def _plain(text: str) -> str:
    # a star between two names is a product here, not emphasis
    return text.replace("*", "\\*").replace("_", "\\_")
