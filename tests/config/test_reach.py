import pytest

from keepframe.config.address import Address
from keepframe.config.reach import variable

OPEN = "is open to a network and nothing protects it"


def test_a_stage_says_where_it_listens_and_is_found(loaded):
    """One address or several; silence means the same as listen, or within the machine."""
    pipeline = loaded(
        "keys = 'keys'\n"
        "[cameras.a]\nsource = 'synthetic'\n"
        "[stages.capture]\nlisten = 'tcp://127.0.0.1:7601'\n"
        "[stages.score]\nlisten = 'tcp://0.0.0.0:7611'\nat = ['tcp://a.lan:7611', 'tcp://b.lan:7611', 'tcp://a.lan:7611']"
    )

    assert pipeline.at_of("capture") == (pipeline.listen_of("capture"),) == (Address("127.0.0.1", 7601),)
    assert pipeline.at_of("score") == (Address("a.lan", 7611), Address("b.lan", 7611))
    assert (pipeline.listen_of("preprocess"), pipeline.at_of("preprocess")) == (None, ())
    assert pipeline.keys == pipeline.folder / "keys"


def test_addresses_and_keys_are_local(loaded):
    """Machines that say it differently run one pipeline."""
    texts = (
        "",
        "[stages.score]\nlisten = 'tcp://127.0.0.1:7611'",
        "insecure = true\n[cameras.a]\nsource='synthetic'",
    )
    one, two, three = (loaded(text) for text in texts)

    assert one.fingerprint == two.fingerprint
    assert three.is_insecure
    assert not one.is_insecure


def test_the_environment_says_it_instead_of_the_file(loaded, monkeypatch):
    """For containers and units that share one file; what --set says counts more, an empty variable says nothing."""
    monkeypatch.setenv(variable("score", "listen"), "tcp://0.0.0.0:7")
    monkeypatch.setenv("KEEPFRAME_SCORE_AT", "tcp://a:7, tcp://b:8")
    monkeypatch.setenv("KEEPFRAME_CAPTURE_LISTEN", "")
    monkeypatch.setenv("KEEPFRAME_KEYS", "/run/secrets")
    pipeline = loaded("[stages.score]\nlisten = 'tcp://127.0.0.1:9'", "stages.score.at=tcp://c:9")
    monkeypatch.setenv("KEEPFRAME_SCORE_LISTEN", "")

    assert pipeline.listen_of("score") == Address("0.0.0.0", 7)
    assert pipeline.at_of("score") == (Address("c", 9),)
    assert pipeline.listen_of("capture") is None
    assert str(pipeline.keys) == "/run/secrets"
    assert loaded("[stages.score]\nlisten = 'tcp://127.0.0.1:9'").at_of("score") == (
        Address("a", 7),
        Address("b", 8),
    )


def test_a_broken_environment_is_told_like_the_file(problems, monkeypatch):
    """With the key that it stands for."""
    monkeypatch.setenv("KEEPFRAME_SCORE_LISTEN", "everywhere")

    assert problems() == [
        "stages.score.listen: expected an address like 'tcp://scorer.lan:7602', got str 'everywhere'"
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("listen = 7", "listen: expected an address like 'tcp://scorer.lan:7602', got int 7"),
        ("listen = 'tcp://0.0.0.0:7'", "at: missing; tcp://0.0.0.0:7 is every address of a machine, and those below"),
        ("at = 'tcp://127.0.0.1:7'", "listen: missing; at says where this stage is found, listen where it waits"),
        ("listen = 'tcp://here.lan:7'", "listen: expected a number, like 'tcp://0.0.0.0:7' for all of the machine's"),
        ("listen = 'tcp://127.0.0.1:7'\nat = []", "at: expected an address, or a list of them, got none"),
        ("listen = 'tcp://127.0.0.1:7'\nat = ['x']", "at[0]: expected an address like"),
        ("listen = 'tcp://127.0.0.1:7'\nat = 'tcp://*:7'", "at: expected an address to connect to, got tcp://*:7"),
        ("listen = 'tcp://127.0.0.1:65535'\nreplicas = 2", "listen: 2 processes need as many ports, from 65535 on there"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_told(problems, text, problem):
    """Before anything starts, with what is needed instead."""
    found = problems(
        f"insecure = true\n[cameras.a]\nsource = 'synthetic'\n[stages.score]\n{text}",
    )

    assert [text for text in found if text.startswith(f"stages.score.{problem}")], found


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.2", "::"])
def test_nothing_is_open_to_a_network_without_keys(problems, host):
    """Neither where it listens nor where it connects to."""
    where = str(Address(host, 7611))
    found = problems(f"[stages.score]\nlisten = '{where}'\nat = 'tcp://scorer.lan:7611'")

    assert [text.partition(" is open")[0] for text in found] == [
        f"stages.score.listen: {where}",
        "stages.score.at: tcp://scorer.lan:7611",
    ]
    assert all(OPEN in text and "make keys with `keepframe keys new`" in text for text in found)


def test_without_keys_it_may_be_if_that_is_written_out(loaded):
    """Or on the machine alone."""
    camera = "[cameras.a]\nsource = 'synthetic'\n[stages.score]\n"
    loaded(f"{camera}listen = 'tcp://[::1]:7611'")

    assert loaded(f"insecure = true\n{camera}listen = 'tcp://10.0.0.1:7611'").is_insecure


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("keys = 'keys'\ninsecure = true", "insecure: expected either keys or insecure = true, got both"),
        ("keys = 3", "keys: expected the folder of the keys, got int 3"),
        ("insecure = 'yes'", "insecure: expected true or false, got str 'yes'"),
    ],
)
def test_protection_is_one_thing_or_the_other(problems, text, problem):
    """Two answers to one question are a mistake."""
    assert problems(f"{text}\n[cameras.a]\nsource = 'synthetic'") == [problem]


def test_nobody_connects_to_the_archive(problems):
    """It listens nowhere."""
    assert problems("[stages.archive]\nlisten = 'tcp://127.0.0.1:7'") == [
        "stages.archive.listen: nobody connects to the archive"
    ]


TWO_MACHINES = "[cameras.a]\nsource = 'synthetic'\n[stages.preprocess]\nlisten = 'tcp://127.0.0.1:7'\n"


def test_a_part_of_the_stages_runs_here(loaded, monkeypatch):
    """In the order of the pipeline; by the file, --set or the environment, and all of them where none says so."""
    said = loaded(TWO_MACHINES, 'only=["preprocess", "capture"]')
    monkeypatch.setenv("KEEPFRAME_ONLY", "score, archive")
    elsewhere = loaded(TWO_MACHINES)

    assert said.only == ("capture", "preprocess")
    assert [said.runs_here(name) for name in ("capture", "score")] == [True, False]
    assert elsewhere.only == ("score", "archive")
    assert elsewhere.fingerprint == said.fingerprint


def test_whatever_crosses_machines_needs_an_address(problems):
    """On the side of those who are connected to; inside a machine it needs none."""
    assert problems(TWO_MACHINES, "only=score") == [
        "stages.score.listen: missing; score runs here and archive elsewhere, which needs an address like 'tcp://0.0.0.0:7602'"
    ]
    assert problems(TWO_MACHINES, 'only=["preprocess", "archive", "score"]') == [
        "stages.capture.listen: missing; preprocess runs here and capture elsewhere, which needs an address like 'tcp://0.0.0.0:7602'"
    ]


def test_a_stage_that_is_none_does_not_run_here(problems):
    """With the nearest name."""
    assert problems("only = ['scoer', 3]\n" + TWO_MACHINES)[:1] == [
        "only[0]: no stage named 'scoer'; did you mean 'score'?"
    ]
