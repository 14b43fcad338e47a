"""
The keys of the stages: NAME.secret, its owner's alone, and NAME.public, shown to the neighbours; CURVE keys of libzmq, one a file.

NAME is a stage, or a stage and something behind a dot ("score.2027"), so that a new key is let in before the old one goes. How a
socket uses them is endpoints.py's, who is let in at the door zap.py's.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

import zmq

from keepframe.errors import ConfigError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}(\.[A-Za-z0-9_-]{1,64})?")
KEY = re.compile(r"[!-~]{40}")
"""Z85: 32 bytes as 40 letters and signs."""


class Keys:
    """
    What one process knows of keys: its own pair, and the public keys in its folder; all of it is read again when it changes.

    stage: whose process it is. admits: stages whose processes may connect to it. needs: stages it must know from the start.
    Raises ConfigError with all that is missing, broken or open to others.
    """

    def __init__(
        self, folder: Path, stage: str, admits: Collection[str] = (), needs: Collection[str] = ()
    ) -> None:
        self.folder, self.stage, self._admits = folder, stage, frozenset(admits)
        problems: list[str] = []
        self.secret = self._own(problems)
        self.public = zmq.curve_public(self.secret) if self.secret else b""
        self.trouble = ""
        """Why a new secret key is not used, if there is one that cannot be."""
        self._seen: dict[str, tuple[int, ...]] = {}
        self._publics: dict[str, bytes] = {}
        self._stages: dict[str, frozenset[str]] = {}
        self._problems: dict[str, str] = {}
        if not problems:
            self.refresh()
            problems += self._problems.values()
            problems += [
                f"{name}.public: missing, there is no key of {name}, a neighbour of {stage}; copy it from where it was made"
                for name in sorted(set(needs))
                if not self.publics(name)
            ]
        if problems:
            raise ConfigError(str(folder), problems)

    def publics(self, stage: str) -> list[bytes]:
        """The public keys of a stage, the last by name first: that is the one that is coming, others are going."""
        return [self._publics[name] for name in sorted(self._publics, reverse=True) if _stage(name) == stage]

    def stages_of(self, key: str) -> Collection[str]:
        """The stages that a public key belongs to, of those that may connect; none of a stranger, or of a key that was taken away."""
        return self._stages.get(key, frozenset())

    def refresh(self) -> bool:
        """Read again what has changed in the folder. Returns whether something has; a folder that is gone has no keys."""
        seen = dict(self._files())
        if seen == self._seen:
            return False
        self._seen, self._publics, self._problems = seen, {}, {}
        self._renew_own()
        for file in (file for file in seen if file.endswith(".public")):
            try:
                self._publics[file.removesuffix(".public")] = _read(self.folder / file)
            except (OSError, ValueError) as error:
                self._problems[file] = f"{file}: {error}"
        self._stages = {}
        for name, key in self._publics.items():
            stages = self._stages.get(key.decode(), frozenset()) | {_stage(name)}
            self._stages[key.decode()] = stages & self._admits
        return True

    def _renew_own(self) -> None:
        """A new secret key counts from now on; while the newest cannot be used, or there is none, the one that was there does."""
        problems: list[str] = []
        secret = self._own(problems)
        self.trouble = "; ".join(problems)
        if not problems and secret != self.secret:
            self.secret, self.public = secret, zmq.curve_public(secret)

    def _files(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        try:
            entries = sorted(os.scandir(self.folder), key=lambda entry: entry.name)
        except OSError:
            return
        for entry in entries:
            name, _, kind = entry.name.rpartition(".")
            is_own = kind == "secret" and _stage(name) == self.stage
            if (kind == "public" or is_own) and NAME.fullmatch(name):
                try:
                    found = entry.stat()
                except OSError:
                    continue
                yield entry.name, (found.st_mtime_ns, found.st_size, found.st_ino)

    def _own(self, problems: list[str]) -> bytes:
        try:
            names = [
                entry.name.removesuffix(".secret")
                for entry in os.scandir(self.folder)
                if entry.name.endswith(".secret")
            ]
        except OSError as error:
            problems.append(
                f"cannot be read: {error.strerror}; expected the folder of the keys, see `keepframe keys`"
            )
            return b""
        mine = sorted(name for name in names if NAME.fullmatch(name) and _stage(name) == self.stage)
        if not mine:
            problems.append(
                f"{self.stage}.secret: missing; make it with `keepframe keys new {self.stage}` and copy it here"
            )
            return b""
        file = self.folder / f"{mine[-1]}.secret"
        try:
            mode = stat.S_IMODE(file.stat().st_mode)
            if mode & 0o077:
                problems.append(f"{file.name}: others can read it, mode {mode:04o}; chmod 600 {file}")
            return _read(file)
        except (OSError, ValueError) as error:
            problems.append(f"{file.name}: {error}")
            return b""


def new_pair(folder: Path, name: str) -> tuple[Path, Path]:
    """
    Make a pair of keys. Returns the files of secret and public key; only the owner can read the secret one.

    Raises ValueError for a name that is none, FileExistsError rather than write over a key, OSError
    if the disk does not take it; there is no half of it then.
    """
    if not NAME.fullmatch(name):
        raise ValueError(
            f"{name!r}: expected a stage, or a stage and something behind a dot, such as score or score.2027"
        )
    public, secret = zmq.curve_keypair()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = folder / f"{name}.secret", folder / f"{name}.public"
    for file in files:
        if os.path.lexists(file):
            raise FileExistsError(
                f"{file}: is there already; another key of the stage needs a name such as {name.partition('.')[0]}.2"
            )
    made: list[Path] = []
    try:
        for file, key, mode in zip(files, (secret, public), (0o600, 0o644), strict=True):
            fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
            made.append(file)
            with os.fdopen(fd, "wb") as opened:
                os.fchmod(fd, mode)  # whatever the umask
                opened.write(key + b"\n")
    except BaseException:  # half a pair would stand in the way of the next try
        for file in made:
            file.unlink()
        raise
    return files


def _stage(name: str) -> str:
    return name.partition(".")[0]


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        found = opened.read(100).strip()
    if not KEY.fullmatch(found.decode("ascii", "replace")):
        raise ValueError("expected a key of 40 signs and nothing else, as `keepframe keys new` writes it")
    return found
