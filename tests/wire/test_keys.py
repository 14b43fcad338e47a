import errno
import os
import stat

import pytest
import zmq

from keepframe.errors import ConfigError
from keepframe.wire.keys import Keys, new_pair


@pytest.fixture
def folder(tmp_path):
    """A folder with a pair of keys for each of three stages."""
    for stage in ("preprocess", "score", "archive"):
        new_pair(tmp_path / "keys", stage)
    return tmp_path / "keys"


def key_of(folder, name):
    """A public key as the wire shows it."""
    return (folder / f"{name}.public").read_text().strip()


def problems(folder, *more):
    """What is wrong with the keys of `score`."""
    with pytest.raises(ConfigError) as caught:
        Keys(folder, "score", *more)
    return caught.value.problems


def test_a_secret_key_is_its_owners_alone(folder):
    """Whatever the umask says; the folder too, if it was not there."""
    before = os.umask(0)
    try:
        new_pair(folder / "more", "score")
    finally:
        os.umask(before)

    modes = [
        stat.S_IMODE((folder / "more" / f"score.{kind}").stat().st_mode) for kind in ("secret", "public")
    ]
    assert modes == [0o600, 0o644]
    assert stat.S_IMODE((folder / "more").stat().st_mode) == 0o700
    assert Keys(folder, "score").public == zmq.curve_public(Keys(folder, "score").secret)
    assert Keys(folder, "score").public.decode() == key_of(folder, "score")


def test_no_key_is_written_over(folder):
    """A second one of a stage needs another name."""
    before = key_of(folder, "score")
    with pytest.raises(FileExistsError, match=r"score\.secret: is there already; .* a name such as score\.2"):
        new_pair(folder, "score")

    assert key_of(folder, "score") == before


@pytest.mark.parametrize(
    "name", ["", "../score", "a/b", "score.", "score.2027.x", ".secret", "a b", "score\n"]
)
def test_what_is_no_name_has_no_key(folder, name):
    """Nothing outside the folder, nothing that would not be read again."""
    with pytest.raises(ValueError, match="expected a stage, or a stage and something behind a dot"):
        new_pair(folder, name)


def test_a_full_disk_leaves_no_half_of_a_pair(folder, monkeypatch):
    """It would stand in the way of the next try."""
    write = os.fchmod

    def full(fd, mode):
        if mode == 0o644:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(fd, mode)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fchmod", full)
        with pytest.raises(OSError, match="No space left"):
            new_pair(folder, "score.2")

    assert list(folder.glob("score.2.*")) == []
    assert len(new_pair(folder, "score.2")) == 2


def test_everything_that_is_missing_is_told_at_once(folder):
    """With what to type."""
    (folder / "archive.public").unlink()
    (folder / "preprocess.public").write_text("no key\n")

    assert problems(folder, [], ["archive", "preprocess"]) == [
        "preprocess.public: expected a key of 40 signs and nothing else, as `keepframe keys new` writes it",
        "archive.public: missing, there is no key of archive, a neighbour of score; copy it from where it was made",
        "preprocess.public: missing, there is no key of preprocess, a neighbour of score; copy it from where it was made",
    ]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_secret_that_others_can_read_is_refused(folder, mode):
    """With the command that mends it."""
    file = folder / "score.secret"
    file.chmod(mode)

    assert problems(folder) == [f"score.secret: others can read it, mode {mode:04o}; chmod 600 {file}"]


def test_a_process_without_a_key_of_its_own_does_not_start(folder, tmp_path):
    """Or without the folder."""
    (folder / "score.secret").unlink()

    assert problems(folder) == [
        "score.secret: missing; make it with `keepframe keys new score` and copy it here"
    ]
    assert "No such file or directory; expected the folder of the keys" in problems(tmp_path / "no")[0]


@pytest.mark.parametrize("content", [b"", b"x" * 39, b"x" * 41, b"\xff" * 40, b"x" * 40 + b"\n" + b"y" * 40])
def test_a_broken_secret_is_refused(folder, content):
    """Empty, too short, too long, no text, two of them."""
    (folder / "score.secret").write_bytes(content)

    assert problems(folder) == [
        "score.secret: expected a key of 40 signs and nothing else, as `keepframe keys new` writes it"
    ]


def test_only_those_may_connect_whose_stage_may(folder):
    """A key is worth what its stage is worth, and a stranger's nothing."""
    keys = Keys(folder, "score", ["archive"])

    assert set(keys.stages_of(key_of(folder, "archive"))) == {"archive"}
    assert not keys.stages_of(key_of(folder, "preprocess"))
    assert not keys.stages_of(zmq.curve_keypair()[0].decode())


def test_a_key_that_comes_or_goes_counts_at_once(folder):
    """The folder is read again when something in it has changed, and only then."""
    keys, old = Keys(folder, "score", ["archive"]), key_of(folder, "archive")
    new_pair(folder, "archive.2027")
    new = key_of(folder, "archive.2027")

    assert not keys.stages_of(new)
    assert (keys.refresh(), keys.refresh()) == (True, False)
    assert set(keys.stages_of(new)) == set(keys.stages_of(old)) == {"archive"}
    assert [key.decode() for key in keys.publics("archive")] == [new, old]

    (folder / "archive.public").unlink()
    keys.refresh()

    assert not keys.stages_of(old)

    (folder / "archive.2027.public").write_text(old)
    keys.refresh()

    assert not keys.stages_of(new)
    assert keys.stages_of(old)


def test_a_folder_that_is_gone_has_no_keys(folder):
    """Nobody is let in by a copy in memory."""
    keys, known = Keys(folder, "score", ["archive"]), key_of(folder, "archive")
    folder.rename(folder.parent / "elsewhere")
    keys.refresh()

    assert not keys.stages_of(known)


def test_the_last_secret_by_name_is_the_one_in_use(folder):
    """The key that is to take the place of another."""
    new_pair(folder, "score.2027")

    assert Keys(folder, "score").public.decode() == key_of(folder, "score.2027")


def test_a_new_secret_key_counts_as_soon_as_it_is_there(folder):
    """The last by name; the old one may then go."""
    keys = Keys(folder, "score")
    new_pair(folder, "score.2027")

    assert (keys.refresh(), keys.refresh()) == (True, False)
    assert keys.public.decode() == key_of(folder, "score.2027")
    assert keys.public == zmq.curve_public(keys.secret)

    (folder / "score.secret").unlink()
    keys.refresh()

    assert keys.public.decode() == key_of(folder, "score.2027")
    assert keys.trouble == ""


def test_a_new_secret_key_that_cannot_be_used_is_told_and_the_old_one_stays(folder):
    """Half copied, or open to others; a process that runs does not end over it."""
    keys = Keys(folder, "score")
    old = keys.secret
    new = folder / "score.2027.secret"
    new.write_text("half")
    keys.refresh()

    assert keys.secret == old
    assert "score.2027.secret: others can read it" in keys.trouble
    assert "score.2027.secret: expected a key of 40 signs" in keys.trouble

    new.unlink()
    new_pair(folder, "score.2027")
    keys.refresh()

    assert keys.secret != old
    assert keys.trouble == ""

    for secret in folder.glob("score*.secret"):
        secret.unlink()
    keys.refresh()

    assert keys.secret
    assert keys.trouble.startswith("score.secret: missing")
