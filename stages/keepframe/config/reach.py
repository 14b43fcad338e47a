"""
Where the processes of a stage listen and are found, `listen` and `at`, and what keeps strangers out, `keys` and `insecure`.

All of it is local: the environment may say otherwise, and no fingerprint has it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from keepframe.config.address import MAX_PORT, Address, address
from keepframe.config.pipeline import CAPTURE, Pipeline, Stage
from keepframe.config.problems import Keys, Problems, nearest, told

REACH_KEYS = ("listen", "at")
KEYS_VARIABLE, ONLY_VARIABLE = "KEEPFRAME_KEYS", "KEEPFRAME_ONLY"


def variable(stage: str, key: str) -> str:
    """
    The environment variable that says it instead of the file.

    >>> variable("front-door", "listen")
    'KEEPFRAME_FRONT_DOOR_LISTEN'
    """
    return f"KEEPFRAME_{stage}_{key}".upper().replace("-", "_")


def take_environment(document: dict[str, Any], stages: Iterable[str], environ: Mapping[str, str]) -> None:
    """Put what the environment says into the document; several addresses are parted by spaces or commas, an empty one says nothing."""
    if keys := environ.get(KEYS_VARIABLE):
        document["keys"] = keys
    if only := environ.get(ONLY_VARIABLE, "").replace(",", " ").split():
        document["only"] = only
    for stage in stages:
        for key in REACH_KEYS:
            found = environ.get(variable(stage, key), "").replace(",", " ").split()
            table = document.setdefault("stages", {}).setdefault(stage, {}) if found else None
            if isinstance(table, dict):
                table[key] = found[0] if len(found) == 1 else found


def read_reach(
    keys: Keys, table: Mapping[str, Any], problems: Problems
) -> tuple[Address | None, tuple[Address, ...]]:
    """Where a stage's processes listen, and where those below find them; None and nothing: within the machine alone."""
    listen = _one((*keys, "listen"), table["listen"], problems) if "listen" in table else None
    if listen is not None and not (listen.is_number or listen.host in ("*", "localhost")):
        problems.add(
            (*keys, "listen"),
            f"expected a number, like 'tcp://0.0.0.0:{listen.port}' for all of the machine's, got the name {listen.host!r}; "
            "names are for at",
        )
    if "at" not in table:
        if listen is not None and listen.is_any:
            problems.add(
                (*keys, "at"),
                f"missing; {listen} is every address of a machine, and those below need one to connect to",
            )
        return listen, (listen,) if listen is not None else ()
    if "listen" not in table:
        problems.add(
            (*keys, "listen"), "missing; at says where this stage is found, listen where it waits for others"
        )
    return listen, _several((*keys, "at"), table["at"], problems)


def check_reach(document: Mapping[str, Any], pipeline: Pipeline, problems: Problems) -> None:
    """Nothing leaves the machine without keys, unless that is written out; every process has a port."""
    if "keys" in document and document.get("insecure"):
        problems.add(("insecure",), "expected either keys or insecure = true, got both")
    for name in (CAPTURE, *pipeline.stages):
        listen, at = pipeline.listen_of(name), pipeline.at_of(name)
        if isinstance(of := pipeline.stages.get(name), Stage) and of.is_archive and (listen or at):
            problems.add(("stages", name, "listen" if listen else "at"), "nobody connects to the archive")
        processes = len(pipeline.cameras) if name == CAPTURE else pipeline.stages[name].replicas
        for key, found in (("listen", listen), *(("at", one) for one in at)):
            if found is None:
                continue
            if found.port + processes - 1 > MAX_PORT:
                problems.add(
                    ("stages", name, key),
                    f"{processes} processes need as many ports, from {found.port} on there are {MAX_PORT - found.port + 1}",
                )
            if pipeline.keys is None and not pipeline.is_insecure and not found.is_loopback:
                problems.add(
                    ("stages", name, key),
                    f"{found} is open to a network and nothing protects it; make keys with `keepframe keys new` and write "
                    "keys = 'keys', or insecure = true where everybody on that network may see and send pictures",
                )


def read_only(document: Mapping[str, Any], stages: Collection[str], problems: Problems) -> tuple[str, ...]:
    """The stages that a run on this machine starts; none: all."""
    value = document.get("only", [])
    listed = value if isinstance(value, list) else [value]
    known = [CAPTURE, *stages]
    for i, name in enumerate(listed):
        if name not in known:
            problems.add(
                ("only", i) if isinstance(value, list) else ("only",),
                f"no stage named {name!r}; {nearest(str(name), known)}",
            )
    return tuple(name for name in known if name in listed)


def check_crossings(pipeline: Pipeline, problems: Problems) -> None:
    """Stages of two machines meet on a network."""
    for name in (CAPTURE, *pipeline.stages):
        far = [
            lower for lower in pipeline.lowers(name) if pipeline.runs_here(lower) != pipeline.runs_here(name)
        ]
        if far and pipeline.listen_of(name) is None:
            here, there = (name, far[0]) if pipeline.runs_here(name) else (far[0], name)
            problems.add(
                ("stages", name, "listen"),
                f"missing; {here} runs here and {there} elsewhere, which needs an address like 'tcp://0.0.0.0:7602'",
            )


def read_keys(document: Mapping[str, Any], folder: Path, problems: Problems) -> tuple[Path | None, bool]:
    """The folder of the keys, None without; whether it may do without them."""
    keys, is_insecure = document.get("keys"), document.get("insecure", False)
    if keys is not None and (not isinstance(keys, str) or not keys):
        problems.add(("keys",), f"expected the folder of the keys, got {told(keys)}")
        keys = None
    if not isinstance(is_insecure, bool):
        problems.add(("insecure",), f"expected true or false, got {told(is_insecure)}")
        is_insecure = True  # else it would be told of every address as well
    return (folder / Path(keys).expanduser() if keys is not None else None), is_insecure


def _one(keys: Keys, value: Any, problems: Problems) -> Address | None:
    try:
        return address(value)
    except ValueError as error:
        problems.add(keys, str(error))
        return None


def _several(keys: Keys, value: Any, problems: Problems) -> tuple[Address, ...]:
    listed = value if isinstance(value, list) else [value]
    if not listed:
        problems.add(keys, "expected an address, or a list of them, got none")
    found = []
    for i, one in enumerate(listed):
        place = (*keys, i) if isinstance(value, list) else keys
        read = _one(place, one, problems)
        if read is not None and read.is_any:
            problems.add(
                place, f"expected an address to connect to, got {read}, which is every one of a machine"
            )
        elif read is not None:
            found.append(read)
    return tuple(dict.fromkeys(found))
