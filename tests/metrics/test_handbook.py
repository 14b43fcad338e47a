from pathlib import Path

import keepframe.metrics
from keepframe.metrics import metric, names, page
from keepframe.metrics.families import recipes

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_the_page_in_docs_is_current():
    """It is written from the docstrings; write it again when they change."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_metric_is_on_the_page_with_what_it_is_blind_to():
    """Tiles stand beside the metric they belong to."""
    text = page()

    assert [name for name in names() if f"`{name}`" not in text and f"### {name}\n" not in text] == []
    assert text.count("- **blind to:**") == len([name for name in names() if not name.endswith("-tile")])


def test_every_metric_is_exported_under_its_name():
    """keepframe.metrics.some_metric is "some-metric", and says so itself."""
    for recipe in recipes():
        assert recipe.function.__name__ in keepframe.metrics.__all__
        assert getattr(keepframe.metrics, recipe.name.replace("-", "_")) is recipe.function
        assert metric(recipe.name).name == recipe.name
