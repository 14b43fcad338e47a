import subprocess
import sys

import pytest

from keepframe.config import prepare_imports


def test_the_folder_and_its_stages_are_found(folder):
    """A module may lie beside the TOML or in the stages folder there."""
    (folder / "stages").mkdir()
    prepare_imports(folder)

    assert sys.path[-2:] == [str(folder), str(folder / "stages")]


def test_a_second_time_changes_nothing(folder):
    """Every process and every load may prepare again."""
    prepare_imports(folder)
    before = list(sys.path)
    prepare_imports(folder)

    assert sys.path == before


@pytest.mark.parametrize("name", ["keepframe", "queue", "numpy"])
def test_a_users_module_shadows_nothing(folder, name):
    """A stages folder may hold a module called like ours, Python's or an installed one: ours still works."""
    (folder / "stages" / name).mkdir(parents=True)
    (folder / "stages" / name / "__init__.py").write_text("raise RuntimeError('shadowed')")
    code = "import sys, pathlib; from keepframe.config import load; load(sys.argv[1]); import queue, numpy, keepframe"
    (folder / "pipeline.toml").write_text('[cameras.a]\nsource = "synthetic"\n')

    done = subprocess.run(
        [sys.executable, "-c", code, str(folder / "pipeline.toml")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_a_hidden_module_is_told(folder, problems):
    """Who calls a stage's file queue.py learns why it is not found."""
    import queue

    (folder / "stages").mkdir()
    own = folder / "stages" / "queue.py"
    own.write_text("def hold(frame):\n    return frame\n")

    assert problems('[stages.score]\nuse = "queue:hold"') == [
        f"stages.score.use: {own} is hidden by another module named 'queue' ({queue.__file__}); give yours another name"
    ]
