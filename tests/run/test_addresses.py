import os
import stat
import tempfile
from pathlib import Path

import pytest

from keepframe.config.address import Address
from keepframe.run.addresses import (
    MAX_SOCKET,
    address,
    all_processes,
    listening,
    new_site,
    places,
    processes,
    runtime_folder,
)

PIPELINE, ARCHIVE = Path("/home/a/pipeline.toml"), Path("/home/a/archive")
TWO = '[cameras.lobby]\nsource = "synthetic"\n[cameras.door]\nsource = "synthetic"\n[stages.score]\nreplicas = 2\n'


def test_the_folder_is_private_and_the_same_for_whoever_asks(sockets):
    """A second process finds the first by the same pipeline and archive; another archive is another folder."""
    folder = runtime_folder(PIPELINE, ARCHIVE)

    assert folder == runtime_folder(Path("/home/a/x/../pipeline.toml"), ARCHIVE)
    assert folder != runtime_folder(PIPELINE, ARCHIVE, ["score"])
    assert folder != runtime_folder(PIPELINE, Path("/home/a/other"))
    assert folder.parent == sockets
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("given", [None, ""])
def test_without_a_folder_of_the_user_s_it_lies_in_a_private_one_below_the_temporary_folder(
    given, short, monkeypatch
):
    """Unset and empty are the same."""
    monkeypatch.setattr(tempfile, "tempdir", str(short))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    if given is not None:
        monkeypatch.setenv("XDG_RUNTIME_DIR", given)

    folder = runtime_folder(PIPELINE, ARCHIVE)

    assert folder.parent == short / f"keepframe-{os.getuid()}"
    assert {stat.S_IMODE(f.stat().st_mode) for f in (folder, folder.parent)} == {0o700}


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
@pytest.mark.parametrize("is_below", [False, True])
def test_a_folder_that_others_can_enter_is_refused(mode, is_below, short, monkeypatch):
    """Whoever can reach the sockets can read the pictures; the shared folder above counts as well."""
    monkeypatch.setattr(tempfile, "tempdir", str(short))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    folder = runtime_folder(PIPELINE, ARCHIVE)
    (folder if is_below else folder.parent).chmod(mode)

    with pytest.raises(
        PermissionError, match=rf"expected a folder of uid {os.getuid()} with mode 0700; remove it or"
    ):
        runtime_folder(PIPELINE, ARCHIVE)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_s_is_refused(sockets):
    """Made by another user before this one came."""
    folder = runtime_folder(PIPELINE, ARCHIVE)
    os.chown(folder, 12345, 12345)

    with pytest.raises(PermissionError, match="expected a folder of uid 0"):
        runtime_folder(PIPELINE, ARCHIVE)


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_folder_is_refused(kind, sockets):
    """A link could lead anywhere."""
    folder = runtime_folder(PIPELINE, ARCHIVE)
    folder.rmdir()
    if kind == "file":
        folder.write_text("")
    else:
        (sockets / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(sockets / "elsewhere")

    with pytest.raises(PermissionError, match="expected a folder"):
        runtime_folder(PIPELINE, ARCHIVE)


def test_a_user_s_folder_that_is_not_there_is_said(monkeypatch):
    """As after `su`, in a container or in cron."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/4321")

    with pytest.raises(
        FileNotFoundError, match=r"/run/user/4321: no such folder; set XDG_RUNTIME_DIR to one that is"
    ):
        runtime_folder(PIPELINE, ARCHIVE)


def test_a_path_too_long_for_sockets_is_said_before_anything_is_made(short, monkeypatch):
    """With the limit, and what to do."""
    deep = short / ("x" * 60)
    deep.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))

    with pytest.raises(
        ValueError, match=r"too long for the sockets in it, expected at most 74 bytes; set XDG_RUNTIME_DIR"
    ):
        runtime_folder(PIPELINE, ARCHIVE)
    assert not list(deep.iterdir())


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
