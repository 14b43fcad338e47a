"""
The rooms of stages/keepframe stand in layers, and this reads every import to see that they do.

Not here: what imports do at run time. A stage named by a string ("keepframe.score.change:Change") is a plug-in, not an import.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# From the top: a room may import the rows below its own; rooms in one row are strangers.
LAYERS = (
    {"cli"},
    {"web", "run", "keeper"},
    {"config", "wire"},
    {"testing", "measure"},
    {"capture", "preprocess", "score", "archive"},
    {"stage"},
    {"frame"},
    {"picture"},
    {"metrics"},
    {"clock", "errors"},
    {"redaction"},
)
ROW = {room: row for row, rooms in enumerate(LAYERS) for room in rooms}

# Foreign modules with one door: a room, or one module of it.
DOORS = {"zmq": "wire", "sqlite3": "archive/catalogue.py", "tomllib": "config"}
BANNED = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "shelve", "marshal", "stages"}
DRAWERS = {"util", "utils", "helper", "helpers", "common", "base", "manager", "managers", "misc"}
MOST_LINES = 400

# A ratchet: the list only gets shorter. Each module with the reason why no tests/ROOM/test_MODULE.py is its own.
WITHOUT_TWIN: Mapping[str, str] = {
    "__main__.py": "two lines that start cli; test_package.py runs them",
}


def room_of(path: Path, package: Path) -> str:
    """Name the room a file lies in; "" for the package's own __init__."""
    name = path.relative_to(package).parts[0].removesuffix(".py")
    return {"__init__": "", "__main__": "cli"}.get(name, name)


def imported(path: Path, package: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the full dotted name of everything a file imports, wherever in the file it does."""
    module = [package.name, *path.relative_to(package).with_suffix("").parts]
    for node in _nodes(
        ast.parse(path.read_text(encoding="utf-8"), filename=str(path)), is_top=len(module) == 2
    ):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = module[: -node.level] if node.level else []
            origin = ".".join([*start, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)


def _nodes(tree: ast.Module, *, is_top: bool) -> Iterator[ast.AST]:
    """Every node; of the package's own files without what only type checkers see: __init__ names what it imports when asked."""
    for statement in tree.body:
        is_for_types = isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING"
        if not (is_top and is_for_types):
            yield from ast.walk(statement)


def wrong_import(room: str, where: str, name: str, package: Path) -> str | None:
    """Say what is wrong with this import in this file, or None."""
    top, _, rest = name.partition(".")
    if top in BANNED:
        return f"imports {top}, which is banned"
    if top in DOORS and not f"{where}/".startswith(f"{DOORS[top]}/"):
        return f"imports {top}; only {DOORS[top]} may"
    target = rest.partition(".")[0]
    if top != package.name or target == room or target not in ROW:
        return None
    if room == "":
        return f"the package's __init__ imports {target}; it must stay importable without any room"
    if ROW[target] < ROW[room]:
        return f"{room} imports {target}, which stands above it"
    if ROW[target] == ROW[room]:
        return f"{room} imports {target}; they are strangers"
    return None


def holds_code(path: Path) -> bool:
    """Tell whether a file defines functions or classes: names alone, as in an __init__, need no test of their own."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return any(isinstance(node, kinds) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def twin_of(path: Path, package: Path, tests: Path) -> Path:
    """Where the tests of a module belong: tests/ROOM/test_MODULE.py."""
    where = path.relative_to(package)
    name = where.parent.name or package.name if where.stem == "__init__" else where.stem
    return tests / where.parent / f"test_{name.strip('_')}.py"


def missing_twins(package: Path, tests: Path, without: Mapping[str, str]) -> Iterator[str]:
    """Yield each module without its test twin, and each exception that is none any more."""
    known = set()
    for path in sorted(package.rglob("*.py")):
        where = path.relative_to(package).as_posix()
        known.add(where)
        twin = twin_of(path, package, tests)
        if where not in without and not holds_code(path):
            continue
        if where in without and twin.exists():
            yield f"{where}: has {twin.relative_to(tests.parent)} now; take it off WITHOUT_TWIN"
        elif where not in without and not twin.exists():
            yield f"{where}: no {twin.relative_to(tests.parent)}"
    yield from (f"{where}: is on WITHOUT_TWIN and does not exist" for where in sorted(set(without) - known))


def violations(package: Path) -> list[str]:
    """List all that breaks the layers, the doors, the names or the size, one line each: where, what."""
    found = []
    for path in sorted([*package.rglob("*.py"), *package.rglob("*.sql")]):
        where = path.relative_to(package).as_posix()
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MOST_LINES:
            found.append(f"{where}: {lines} lines; {MOST_LINES} at most, split it by what it does")
        words = {word for part in path.relative_to(package).with_suffix("").parts for word in part.split("_")}
        found += [f"{where}: a drawer ({word}); name what lies in it" for word in sorted(words & DRAWERS)]
        if path.suffix != ".py":
            continue
        room = room_of(path, package)
        if room and room not in ROW:
            found.append(f"{where}: {room} has no layer; known: {', '.join(ROW)}")
            continue
        for line, name in imported(path, package):
            if wrong := wrong_import(room, where, name, package):
                found.append(f"{where}:{line}: {wrong}")
    return found


def test_every_import_points_down():
    """The layers hold, zmq, sqlite3 and tomllib have one door each, nothing is a drawer or too long."""
    found = violations(ROOT / "stages/keepframe")

    assert not found, "\n".join(["", *found])


def test_every_module_has_its_test_twin():
    """Whoever looks for the tests of a module finds them by its name."""
    found = list(missing_twins(ROOT / "stages/keepframe", ROOT / "tests", WITHOUT_TWIN))

    assert not found, "\n".join(["", *found])


def test_the_source_root_is_no_package():
    """A user's own stages folder never meets ours: `stages` cannot become an import package."""
    assert not (ROOT / "stages/__init__.py").exists()


@pytest.fixture
def package(tmp_path):
    """Lay out a small tree in which nothing is wrong: a picture, a frame made of it, the catalogue, a socket."""
    files = {
        "__init__.py": '__version__ = "1"\n',
        "clock.py": "import time\n",
        "picture/__init__.py": "",
        "picture/planes.py": "from keepframe import clock\n",
        "frame.py": "from keepframe import __version__\nfrom keepframe.picture.planes import clock\n",
        "archive/catalogue.py": "import sqlite3\nfrom keepframe.frame import clock\n",
        "wire/shell.py": "import zmq\nfrom . import message\n",
        "wire/message.py": "import msgpack\n",
        "config/file.py": "import tomllib\n",
        "cli/main.py": "from keepframe import config, wire\n",
        "__main__.py": "from keepframe.cli import main\n",
    }
    for where, text in files.items():
        (tmp_path / "keepframe" / where).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "keepframe" / where).write_text(text)
    return tmp_path / "keepframe"


def test_a_tree_in_order_has_no_violation(package):
    """The check does not cry wolf."""
    assert violations(package) == []


@pytest.mark.parametrize(
    ("where", "text", "expected"),
    [
        ("frame.py", "import keepframe.wire", "frame.py:1: frame imports wire, which stands above it"),
        ("frame.py", "from keepframe import stage", "frame.py:1: frame imports stage, which stands above it"),
        ("picture/slot.py", "\nfrom ..frame import Frame", "picture/slot.py:2: picture imports frame, which stands above it"),
        ("score/change.py", "from keepframe.archive import x", "score/change.py:1: score imports archive; they are strangers"),
        ("wire/link.py", "from keepframe.config import x", "wire/link.py:1: wire imports config; they are strangers"),
        ("clock.py", "def now():\n    from keepframe import errors", "clock.py:2: clock imports errors; they are strangers"),
        ("run/child.py", "import zmq.asyncio", "run/child.py:1: imports zmq; only wire may"),
        ("archive/files.py", "import sqlite3", "archive/files.py:1: imports sqlite3; only archive/catalogue.py may"),
        ("wired/x.py", "import zmq", "wired/x.py: wired has no layer; known: "),
        ("stage/load.py", "import tomllib", "stage/load.py:1: imports tomllib; only config may"),
        ("wire/message.py", "from pickle import loads", "wire/message.py:1: imports pickle, which is banned"),
        ("cli/main.py", "import stages.keepframe", "cli/main.py:1: imports stages, which is banned"),
        ("__init__.py", "from keepframe.frame import Frame", "__init__.py:1: the package's __init__ imports frame"),
        ("metrics/utils.py", "", "metrics/utils.py: a drawer (utils); name what lies in it"),
        ("run/process_manager.py", "", "run/process_manager.py: a drawer (manager)"),
        ("common/x.py", "", "common/x.py: a drawer (common)"),
        ("frame.py", "x = 1\n" * 401, "frame.py: 401 lines; 400 at most"),
        ("archive/schema.sql", "--\n" * 401, "archive/schema.sql: 401 lines; 400 at most"),
    ],
)  # fmt: skip
def test_a_planted_violation_is_found(package, where, text, expected):
    """Each rule is seen to be broken, with the file, the line and the rule."""
    (package / where).parent.mkdir(exist_ok=True)
    (package / where).write_text(text)

    found = violations(package)

    assert found[0].startswith(expected)


def test_a_file_of_four_hundred_lines_is_allowed(package):
    """The limit itself is not over the limit."""
    (package / "frame.py").write_text("x = 1\n" * MOST_LINES)

    assert violations(package) == []


def test_a_missing_twin_and_an_exception_that_is_none_are_found(tmp_path):
    """A module without tests is named, one without code is not, and the list of exceptions cannot go stale."""
    package, tests = tmp_path / "keepframe", tmp_path / "tests"
    for where in (
        "frame.py",
        "clock.py",
        "score/__init__.py",
        "score/change.py",
        "run/__init__.py",
        "__main__.py",
    ):
        (package / where).parent.mkdir(parents=True, exist_ok=True)
        (package / where).write_text("from x import y\n" if "__" in where else "def start(): ...\n")
    (package / "run/__init__.py").write_text("def start(): ...\n")
    (package / "score/exits.py").write_text("DONE = 0\n")
    tests.mkdir()
    (tests / "test_clock.py").touch()

    found = list(missing_twins(package, tests, {"clock.py": "why", "gone.py": "why", "__main__.py": "why"}))

    assert found == [
        "clock.py: has tests/test_clock.py now; take it off WITHOUT_TWIN",
        "frame.py: no tests/test_frame.py",
        "run/__init__.py: no tests/run/test_run.py",
        "score/change.py: no tests/score/test_change.py",
        "gone.py: is on WITHOUT_TWIN and does not exist",
    ]
