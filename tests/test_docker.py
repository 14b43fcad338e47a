"""
What docker/README.md says of the image, as far as the text of the Dockerfile shows it.

Not here: a build or a run; both need a container engine, and docker/README.md says what was tried with one.
"""

import json
import re
import sys
from pathlib import Path

import pytest
import yaml

from keepframe.config import load
from keepframe.run.addresses import processes
from keepframe.run.control import Control
from keepframe.run.hand import Hand
from keepframe.run.process import Seat
from keepframe.wire.keys import new_pair

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


COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
STAGES = ("capture", "preprocess", "score", "archive")


def test_the_services_are_the_pipeline():
    """Each stage runs in exactly one of them; score twice."""
    only = [
        stage
        for service in SERVICES.values()
        for stage in service["environment"]["KEEPFRAME_ONLY"].split(",")
    ]

    assert sorted(only) == sorted(STAGES)
    assert SERVICES["score"]["deploy"]["replicas"] == 2


def test_the_capture_is_stopped_while_everything_below_it_is_there():
    """Compose stops in the reverse order of these dependencies; what was captured gets its outcome only then."""
    order = [{*service.get("depends_on", ())} for service in SERVICES.values()]

    assert dict(zip(SERVICES, order, strict=True)) == {
        "capture": {"score", "archive"},
        "score": {"archive"},
        "archive": set(),
    }


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_no_more_rights_than_it_needs(name):
    """Not root, nothing to write but its own, no capability, no port of the host, and time to drain."""
    service = SERVICES[name]
    writable = [volume for volume in service["volumes"] if not volume.endswith(":ro")]

    assert not service["user"].startswith("0")
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["stop_grace_period"] == "60s"
    assert "ports" not in service
    assert writable == (["archive:/archive"] if name == "archive" else [])


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_the_secrets_of_its_own_stages_and_what_it_needs_of_others(name, tmp_path, monkeypatch):
    """With its environment and its secrets alone each of its processes finds addresses and keys."""
    service, secrets = SERVICES[name], tmp_path / "secrets"
    for stage in STAGES:
        new_pair(tmp_path / "all", stage)
    secrets.mkdir()
    for secret in service["secrets"]:
        assert COMPOSE["secrets"][secret]["file"].endswith(f"/{secret}")
        (tmp_path / "all" / secret).rename(secrets / secret)
    for variable, value in service["environment"].items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("KEEPFRAME_KEYS", str(secrets))
    monkeypatch.setattr(sys, "path", list(sys.path))
    path = tmp_path / "pipeline.toml"
    path.write_text("[cameras.lobby]\nsource = 'synthetic'\n")
    settings = [text for text in service["command"] if "=" in text]
    pipeline = load(path, settings)
    own = {f"{stage}.secret" for stage in STAGES if pipeline.runs_here(stage)}
    fd = Hand.create()
    hand = Hand(fd)
    found = {
        process: Seat(pipeline, process, tmp_path, Control(None), hand).keys()
        for stage in STAGES
        if pipeline.runs_here(stage)
        for process in processes(pipeline, stage)
    }
    hand.close()

    assert {secret for secret in service["secrets"] if secret.endswith(".secret")} == own
    assert found
    assert None not in found.values()


def test_every_secret_is_somebody_s():
    """And none is forgotten."""
    assert set(COMPOSE["secrets"]) == {
        secret for service in SERVICES.values() for secret in service["secrets"]
    }
