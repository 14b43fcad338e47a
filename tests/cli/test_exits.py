import ast
from pathlib import Path

from keepframe.cli import exits
from keepframe.cli.command import VERBS


def test_the_codes_are_those_that_scripts_rely_on():
    """They are part of the contract; 78, 75 and 70 are those of sysexits.h."""
    codes = {name: code for name, code in vars(exits).items() if isinstance(code, int)}

    assert codes == {
        "OK": 0,
        "SOME_FAILED": 1,
        "CHANGED": 1,
        "UNSOUND": 1,
        "FAILED": 1,
        "USAGE": 2,
        "COMPARE_ERROR": 2,
        "CRASH_LOOP": 70,
        "LOCKED": 75,
        "CONFIG": 78,
        "SIGNALLED": 128,
        "INTERRUPTED": 130,
    }


def test_no_verb_writes_a_number():
    """Every exit of a verb has a name."""
    folder = Path(exits.__file__).parent
    numbers = [
        (verb, call.lineno)
        for verb in [*VERBS, "command"]
        for call in ast.walk(ast.parse((folder / f"{verb}.py").read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func) in {"ctx.exit", "leave", "sys.exit", "click.exceptions.Exit"}
        and any(isinstance(argument, ast.Constant) and isinstance(argument.value, int) for argument in call.args)
    ]  # fmt: skip

    assert numbers == []


def test_every_end_of_a_run_that_is_no_success_is_explained():
    """The words stand beside the codes."""
    assert set(exits.RUN_WORDS) == {
        exits.SOME_FAILED,
        exits.CRASH_LOOP,
        exits.LOCKED,
        exits.CONFIG,
        exits.INTERRUPTED,
    }
