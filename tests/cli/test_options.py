import click
import pytest

from keepframe.cli import main
from keepframe.cli.command import VERBS


def options(verb, kind):
    """The names of a verb's options or arguments."""
    return {parameter.name for parameter in main.commands[verb].params if isinstance(parameter, kind)}


NO_DATA = {"stage", "init", "completion", "keys", "plot", "snap"}
"""One runs until it is stopped, the others write files, scripts, drawings or pictures."""


@pytest.mark.parametrize("verb", sorted(set(VERBS) - NO_DATA))
def test_every_verb_that_prints_data_prints_json(verb):
    """Whatever a person can read, a script can."""
    assert "is_json" in options(verb, click.Option)


@pytest.mark.parametrize("verb", ["run", "stage", "check"])
def test_every_verb_of_a_pipeline_takes_it_and_changes_to_it(verb):
    """By default the pipeline.toml of the folder one stands in."""
    (pipeline,) = [p for p in main.commands[verb].params if p.name == "pipeline"]

    assert pipeline.default == "pipeline.toml"
    assert "sets" in options(verb, click.Option)


@pytest.mark.parametrize("verb", ["list", "verify", "why"])
def test_every_verb_of_an_archive_takes_its_folder(verb):
    """There is no default: which one is meant is said."""
    assert "folder" in options(verb, click.Argument)
