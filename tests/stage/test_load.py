import importlib

import pytest

from keepframe.archive import Archive
from keepframe.score import Change
from keepframe.stage.load import find, short_names


@pytest.fixture
def put(tmp_path, monkeypatch):
    """Write a module that can be imported for this test."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(path, text=""):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
        importlib.invalidate_caches()

    return put


@pytest.fixture
def install(put):
    """Put an installed package beside it, with entry points, as pip would leave it."""

    def install(package, **points):
        lines = "\n".join(f"{name} = {value}" for name, value in points.items())
        put(f"{package}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        put(f"{package}-1.0.dist-info/entry_points.txt", f"[keepframe.stages]\n{lines}\n")

    return install


def refused(use, kind):
    """The message with which a name is refused."""
    with pytest.raises(kind) as error:
        find(use)
    assert error.type is kind
    return str(error.value)


# --- short names -------------------------------------------------------------------------------------------------------


def test_a_builtin_has_a_short_name():
    """Sources, steps, the score and the archive."""
    assert find("change") is Change
    assert find("archive") is Archive
    assert {"video", "folder", "synthetic", "grayscale", "blur", "change", "archive"} <= short_names()


def test_every_short_name_is_found():
    """What is listed as known can be used."""
    assert all(callable(find(name)) for name in short_names())


@pytest.mark.parametrize("use", ["Change", "Archive", "NEVER", "Epoch", "__all__", ""])
def test_what_else_a_room_exports_has_no_short_name(use):
    """Classes and values for other code are no stages."""
    assert refused(use, LookupError).startswith(f"nothing is named {use!r}; ")


def test_the_nearest_name_is_told():
    """A mistyped one; where nothing is near, all of them."""
    assert refused("grascale", LookupError) == (
        "nothing is named 'grascale'; did you mean 'grayscale'? (your own: \"module:attribute\")"
    )
    assert "known: align, archive, blur, " in refused("qqq", LookupError)


# --- entry points ------------------------------------------------------------------------------------------------------


def test_an_installed_package_names_its_stages(put, install):
    """In the group keepframe.stages."""
    put("foggy_for_load.py", "def clear(frame): return frame")
    install("foggy", defog="foggy_for_load:clear")

    assert find("defog").__name__ == "clear"
    assert "did you mean 'defog'?" in refused("defogg", LookupError)


def test_a_builtin_goes_before_an_entry_point(put, install):
    """Whoever installs something does not change what a pipeline does."""
    put("other_for_load.py", "def change(frame): return None")
    install("other", change="other_for_load:change")

    assert find("change") is Change


def test_two_packages_with_one_name_are_told(install):
    """Which of them is first on the path is chance; each can be named in full."""
    install("one", twice="one:stage")
    install("two", twice="two:stage")

    assert refused("twice", ValueError) == (
        "'twice' is named by several installed packages; write one of: one:stage, two:stage"
    )


def test_one_package_seen_twice_is_one(put, install):
    """As after an editable install beside a copy."""
    put("same_for_load.py", "def stage(frame): return frame")
    install("same", same="same_for_load:stage")
    install("same-copy", same="same_for_load:stage")

    assert find("same").__name__ == "stage"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import not_there_for_load", "ModuleNotFoundError: No module named 'not_there_for_load'"),
        ("raise OSError('no such library')", "OSError: no such library"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("", "AttributeError: module 'broken_for_load' has no attribute 'stage'"),
    ],
)
def test_an_entry_point_that_fails_is_told(put, install, monkeypatch, text, told):
    """Whatever an installed package does while it is imported, it is one line, and it leaves nobody's process."""
    monkeypatch.delitem(__import__("sys").modules, "broken_for_load", raising=False)
    put("broken_for_load.py", text)
    install("broken", broken="broken_for_load:stage")

    assert refused("broken", ImportError) == f"'broken' fails while it is imported: {told}"


# --- module:attribute ----------------------------------------------------------------------------------------------------


def test_an_attribute_of_a_module_is_found(put):
    """Also in a package, and inside a class."""
    put("rooms_for_load/__init__.py")
    put("rooms_for_load/mine.py", "class Box:\n    @staticmethod\n    def stage(frame): return frame\n")

    assert find("rooms_for_load.mine:Box.stage").__name__ == "stage"


@pytest.mark.parametrize(
    "use", [":", "a:", ":b", "a.:b", ".a:b", "a..b:c", "a:b:c", "a b:c", "a:b.", "a/b:c", "1a:b", "a: b"]
)
def test_what_is_no_import_string_is_told(use):
    """With the user's own text and the rule."""
    assert refused(use, ValueError) == f'import string {use!r} must be in the form "module:attribute"'


def test_a_module_that_is_not_there_is_told(put):
    """Itself or the package it should be in."""
    put("package_for_load/__init__.py")

    assert refused("not_there_for_load:x", LookupError) == (
        "'not_there_for_load:x': there is no module 'not_there_for_load' beside pipeline.toml or installed"
    )
    assert refused("not_there_for_load.mine:x", LookupError) == (
        "'not_there_for_load.mine:x': there is no module 'not_there_for_load' beside pipeline.toml or installed"
    )
    assert refused("package_for_load.mine:x", LookupError) == (
        "'package_for_load.mine:x': there is no module 'package_for_load.mine' beside pipeline.toml or installed"
    )


@pytest.mark.parametrize(
    ("module", "text", "told"),
    [
        ("lacks", "import not_there_for_load", "No module named 'not_there_for_load'"),
        ("divides", "1 / 0", "ZeroDivisionError: division by zero"),
        (
            "half",
            "from os import nonesuch_for_load",
            "ImportError: cannot import name 'nonesuch_for_load' from 'os'",
        ),
        ("mistyped", "def f(:", "SyntaxError: invalid syntax"),
        ("leaves", "import sys; sys.exit('done')", "SystemExit: done"),
        ("nameless", "raise ModuleNotFoundError('gone')", "gone"),
    ],
)
def test_a_module_that_fails_while_it_is_imported_is_not_called_missing(put, module, text, told):
    """The cause is told: another module that is missing, a mistake, a script that ends the process."""
    put(f"{module}_for_load.py", text)
    use = f"{module}_for_load:x"

    assert refused(use, ImportError).startswith(f"{use!r}: the module fails while it is imported: {told}")


def test_an_attribute_that_is_not_there_is_told_with_the_nearest(put):
    """Of what the module, or the class in it, has."""
    put("near_for_load.py", "def brighten(frame): ...\n_bright = 1\nclass Box:\n    def work(self): ...\n")

    assert refused("near_for_load:brihten", LookupError) == (
        "'near_for_load:brihten': 'near_for_load' has no 'brihten'; did you mean 'brighten'?"
    )
    assert refused("near_for_load:Box.wrok", LookupError) == (
        "'near_for_load:Box.wrok': 'Box' has no 'wrok'; did you mean 'work'?"
    )
    assert refused("near_for_load:qqq", LookupError) == "'near_for_load:qqq': 'near_for_load' has no 'qqq'"
