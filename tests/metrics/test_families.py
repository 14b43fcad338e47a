import importlib
import pkgutil
from collections import Counter

import keepframe.metrics
from keepframe.metrics.families import FAMILIES, recipes


def test_every_module_with_metrics_is_a_family():
    """A module forgotten here would have metrics nobody finds."""
    modules = [
        importlib.import_module(f"keepframe.metrics.{found.name}")
        for found in pkgutil.iter_modules(keepframe.metrics.__path__)
    ]
    with_metrics = {module.__name__ for module in modules if hasattr(module, "METRICS")}

    assert with_metrics == {family.__name__ for family in FAMILIES}


def test_no_name_is_given_twice():
    """The second would hide the first."""
    counted = Counter(recipe.name for recipe in recipes())

    assert [name for name, times in counted.items() if times > 1] == []
