"""
What docker/README.md says of the image, as far as the text of the Dockerfile shows it.

Not here: a build; it needs a container engine, and docker/README.md says what was tried with one.
"""

import json
import re
from pathlib import Path

import pytest

DOCKER = Path(__file__).parents[1] / "docker"


def instructions(text):
    """Split a Dockerfile into its instructions, (WORD, arguments) each, comments left out and long lines joined."""
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    return [tuple(line.split(maxsplit=1)) for line in text.splitlines() if line.strip()]


@pytest.fixture
def final():
    """Return the instructions of the last build stage: what the image is."""
    lines = instructions((DOCKER / "Dockerfile").read_text(encoding="utf-8"))
    last = max(index for index, (word, _) in enumerate(lines) if word == "FROM")
    return lines[last + 1 :]


def test_the_image_never_runs_as_root(final):
    """The last user is a number other than 0, the only form in which an orchestrator can check it, and it is made here."""
    users = [argument for word, argument in final if word == "USER"]
    uid = users[-1].partition(":")[0]

    assert uid.isdigit()
    assert int(uid) >= 1000
    assert any(f"--uid {uid} " in argument for word, argument in final if word == "RUN")


def test_keepframe_is_the_first_process(final):
    """ENTRYPOINT and CMD are in exec form: no shell stands between SIGTERM and the drain."""
    forms = {word: argument for word, argument in final if word in {"ENTRYPOINT", "CMD"}}

    assert json.loads(forms["ENTRYPOINT"]) == ["keepframe"]
    assert json.loads(forms["CMD"]) == ["run", "pipeline.toml"]


def test_the_image_brings_only_what_is_installed(final):
    """Neither the sources nor pip's cache come along: the one COPY takes the environment made by the stage before."""
    copies = [argument for word, argument in final if word in {"COPY", "ADD"}]

    assert copies == ["--from=build /opt/keepframe /opt/keepframe"]


def test_all_that_the_build_copies_is_in_its_context():
    """What the Dockerfile copies exists, and the ignore file next to it lets exactly that through."""
    lines = instructions((DOCKER / "Dockerfile").read_text(encoding="utf-8"))
    sources = {
        name
        for word, argument in lines
        if word == "COPY" and not argument.startswith("--from")
        for name in argument.split()[:-1]
    }
    ignore = (DOCKER / "Dockerfile.dockerignore").read_text(encoding="utf-8").split()

    assert sources == {name.removeprefix("!") for name in ignore if name.startswith("!")}
    assert [name for name in sources if not (DOCKER.parent / name).exists()] == []
