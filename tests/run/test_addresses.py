from pathlib import Path

import pytest

from keepframe.config.address import Address
from keepframe.run.addresses import (
    address,
    all_processes,
    listening,
    new_site,
    places,
    processes,
)
from keepframe.run.folders import MAX_SOCKET, runtime_folder

PIPELINE, ARCHIVE = Path("/home/a/pipeline.toml"), Path("/home/a/archive")
TWO = '[cameras.lobby]\nsource = "synthetic"\n[cameras.door]\nsource = "synthetic"\n[stages.score]\nreplicas = 2\n'


@pytest.mark.parametrize("name", ["capture." + "x" * 64, "s" * 64 + ".12", "score.0"])
def test_every_name_has_an_address_that_a_socket_can_hold(name, sockets):
    """A camera or a stage may have a name of 64 letters."""
    found = address(runtime_folder(PIPELINE, ARCHIVE), name)

    assert found.startswith(f"ipc://{sockets}/")
    assert len(found.removeprefix("ipc://")) <= MAX_SOCKET


def test_long_names_that_begin_alike_have_addresses_of_their_own():
    """Replicas and cameras that differ in the last letter only."""
    names = [f"capture.{'x' * 63}{letter}" for letter in "abc"] + [f"{'s' * 64}.{n}" for n in range(3)]

    assert len({address(Path("/run"), name) for name in names}) == len(names)
    assert address(Path("/run"), names[0]) == address(Path("/run"), names[0])


def test_a_capture_has_a_process_for_each_camera_another_stage_one_for_each_replica(loaded):
    """The names under which they are started, told apart and shown."""
    pipeline = loaded(TWO)

    assert processes(pipeline, "capture") == ["capture.lobby", "capture.door"]
    assert processes(pipeline, "score") == ["score.0", "score.1"]


def test_the_archive_is_first_and_the_captures_are_last(loaded):
    """Each finds those it sends to sooner."""
    assert list(all_processes(loaded(TWO))) == [
        "archive.0", "score.0", "score.1", "preprocess.0", "capture.lobby", "capture.door",
    ]  # fmt: skip


def test_only_the_processes_of_this_machine_are_started(loaded):
    """Of a pipeline that names what runs here."""
    network = (
        "[stages.capture]\nlisten = 'tcp://127.0.0.1:1'\n[stages.preprocess]\nlisten = 'tcp://127.0.0.1:9'\n"
    )

    assert list(
        all_processes(loaded(f"only = 'preprocess'\n{TWO}listen = 'tcp://127.0.0.1:7'\n{network}"))
    ) == ["preprocess.0"]


def test_a_stage_on_a_network_has_a_port_for_each_process(loaded):
    """The cameras in the order of the file; those below try all of them, at each address."""
    pipeline = loaded(
        f"insecure = true\n{TWO}listen = 'tcp://localhost:7611'\nat = ['tcp://a.lan:7611', 'tcp://127.0.0.1:9']\n"
        "[stages.capture]\nlisten = 'tcp://[::1]:7601'\n"
    )
    folder = Path("/run/x")

    assert listening(pipeline, folder, "score.1") == "tcp://127.0.0.1:7612"
    assert listening(pipeline, folder, "capture.door") == "tcp://[::1]:7602"
    assert listening(pipeline, folder, "preprocess.0") == "ipc:///run/x/preprocess.0"
    assert places(pipeline, "preprocess") == []
    assert places(pipeline, "score", 1) == [Address("a.lan", 7611), Address("127.0.0.1", 9)]
    assert [str(place) for place in places(pipeline, "capture")] == ["tcp://[::1]:7601", "tcp://[::1]:7602"]


def test_sites_differ():
    """Of two machines with the same name and number."""
    assert len({new_site() for _ in range(100)}) > 90
