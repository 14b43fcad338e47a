"""
What the documents say, held against the code: commands, options, TOML, the custom stage, links, words.

Not here: whether prose is true. Docstrings run as doctests where they stand.
"""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from keepframe.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for pattern in ("*.md", "docs/**/*.md", "examples/**/*.md", "docker/*.md", "stages/**/*.md")
    for path in sorted(ROOT.glob(pattern))
}
VERBS = main.commands
SHELL = {"", "sh", "shell", "bash", "console"}
WORDS = [
    "camera",
    "stream",
    "frame",
    "picture",
    "stage",
    "link",
    "session",
    "score",
    "reference",
    "verdict",
    "outcome",
    "archive",
]
A_CAMERA = '[cameras.door]\nsource = "synthetic"\ncount = 3\n'


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the mark in the comment right above it (<!-- test: MARK -->)."""

    language: str
    text: str
    mark: str | None

    @property
    def file(self):
        """The file that the first line, a comment, says this is; None if it says none."""
        found = re.match(r"#\s*([\w./-]+\.(?:py|toml))\b", self.text)
        return found and found[1]


def blocks(text):
    """List the fenced blocks of a document."""
    pattern = r"(?:<!-- test: ([^>]*?) -->\s*\n)?^```(\w*)[^\n]*\n(.*?)^```\s*$"
    return [
        Block(lang, body, mark or None)
        for mark, lang, body in re.findall(pattern, text, re.MULTILINE | re.DOTALL)
    ]


def commands(text):
    """List the command lines of a document, as lists of words: in shell blocks, in indented blocks and between backticks."""
    fenced = [line for block in blocks(text) if block.language in SHELL for line in block.text.splitlines()]
    prose = re.sub(r"^```.*?^```\s*$", "", text, flags=re.MULTILINE | re.DOTALL)
    indented = re.findall(r"^ {4}(.*)$", prose, re.MULTILINE)
    inline = re.findall(r"`([^`\n]+)`", prose)
    return [re.split(r"\s#\s", line)[0].split() for line in [*fenced, *indented, *inline]]


def wrong_commands(text):
    """Yield each verb of keepframe, option of a verb and script that a document names and that does not exist."""
    for words in commands(text):
        for script in (word for word in words if re.fullmatch(r"(\./)?scripts/[a-z]+", word)):
            if not (ROOT / script).is_file():
                yield f"{script}: no such script"
        for start, word in enumerate(words[:-1]):
            verb, *rest = words[start + 1 :]
            if word != "keepframe" or words[max(start - 1, 0)].strip("'\"") == "from":
                continue
            if not re.fullmatch(r"[a-z][a-z-]*", verb):
                continue
            if verb not in VERBS:
                yield f"keepframe {verb}: no such verb; known: {', '.join(sorted(VERBS))}"
                continue
            known = {name for option in VERBS[verb].params for name in [*option.opts, *option.secondary_opts]}
            given = {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
            yield from (
                f"keepframe {verb} {name}: no such option" for name in sorted(given - known - {"--help"})
            )


def keepframe(*arguments, cwd):
    """Run the installed command in a folder."""
    command = [Path(sys.executable).with_name("keepframe"), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def marked(mark):
    """Return the block of the README under <!-- test: MARK -->."""
    found = [block for block in blocks(README) if block.mark == mark]
    assert len(found) == 1, f"README.md: expected one block under <!-- test: {mark} -->, got {len(found)}"
    return found[0]


@pytest.fixture
def place(tmp_path):
    """Make a folder in which the paths of the documents mean what they mean in the checkout."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    return tmp_path


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_in_the_documents_exists(name):
    """A reader can type what is written: verbs, their options, scripts."""
    assert list(wrong_commands(DOCUMENTS[name])) == []


def test_a_wrong_command_is_found():
    """The check sees verbs, options and scripts, in each place where a document may name one, and nothing in prose."""
    text = """
keepframe keeps what changes. `keepframe keeps` but `-c "from keepframe import x"` and `-t keepframe .` are none.

    scripts/fly    # keepframe nothing

```sh
docker run keepframe land x
keepframe run pipeline.toml --set a.b=1 --sett=a.b --json
```
```python
keepframe python
```
"""
    known = ", ".join(sorted(VERBS))

    assert list(wrong_commands(text)) == [
        f"keepframe land: no such verb; known: {known}",
        "keepframe run --sett: no such option",
        "scripts/fly: no such script",
        f"keepframe keeps: no such verb; known: {known}",
    ]


def test_every_verb_stands_in_the_readme():
    """What the command line can do is said where people look first."""
    named = {
        words[at + 1]
        for words in commands(README)
        for at, word in enumerate(words[:-1])
        if word == "keepframe"
    }

    assert sorted(set(VERBS) - named) == []


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_and_option_says_what_it_does(verb):
    """`keepframe VERB --help` leaves nothing unexplained."""
    options = [option for option in VERBS[verb].params if isinstance(option, click.Option)]

    assert VERBS[verb].help
    assert [option.name for option in options if not option.help and not option.hidden] == []


@pytest.mark.parametrize(
    ("name", "number"),
    [(n, i) for n, text in DOCUMENTS.items() for i, b in enumerate(blocks(text)) if b.language == "toml"],
)
def test_every_toml_block_is_a_pipeline(name, number, place, monkeypatch):
    """Each loads as it stands; one without a camera gets one; modules are those the same document shows."""
    shown = blocks(DOCUMENTS[name])
    for block in shown:
        if block.language == "python" and block.file:
            (place / block.file).parent.mkdir(parents=True, exist_ok=True)
            (place / block.file).write_text(block.text, encoding="utf-8")
    text = shown[number].text
    (place / "pipeline.toml").write_text(("" if "[cameras." in text else A_CAMERA) + text, encoding="utf-8")

    monkeypatch.chdir(place)
    done = CliRunner().invoke(main, ["check", "pipeline.toml"])

    assert done.exit_code == 0, done.output


@pytest.mark.slow
def test_the_custom_stage_of_the_readme_runs(place):
    """Five lines and a table, written to the files that their first lines name, are a pipeline that runs and balances."""
    code, table = marked("custom stage"), marked("custom stage pipeline")
    lines = [line for line in code.text.splitlines() if line.strip() and not line.startswith("#")]
    for block in (code, table):
        assert block.file, (
            f"README.md: the first line of this block must be a comment that names its file:\n{block.text}"
        )
        (place / block.file).parent.mkdir(parents=True, exist_ok=True)
        (place / block.file).write_text(block.text, encoding="utf-8")

    done = keepframe("run", table.file, "--json", cwd=place)

    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    outcomes = result["frames"]
    assert len(lines) <= 5
    assert f'"{Path(code.file).stem}:' in table.text
    assert outcomes["captured"] > 0
    assert outcomes["captured"] == sum(count for name, count in outcomes.items() if name != "captured")
    assert outcomes["failed"] == 0


def test_the_keeper_of_the_readme_keeps():
    """Four lines around somebody's own pictures() and save() keep the first picture and the one that differs."""
    pictures = [np.full((90, 160), 20, np.uint8) for _ in range(4)]
    pictures[2][30:60, 60:100] = 220
    saved = []

    exec(  # it is what the reader types
        marked("keeper").text,
        {"pictures": lambda: pictures, "save": lambda image, why: saved.append((image, str(why)))},
    )

    assert [image is pictures[place] for (image, _), place in zip(saved, (0, 2, 3), strict=True)] == [
        True
    ] * 3
    assert saved[0][1].startswith("first: ")


def test_the_glossary_has_every_word():
    """The words of the design, one per idea, each have their row in the README."""
    assert [word for word in WORDS if not re.search(rf"^\| *\**{word}\** *\|", README, re.MULTILINE)] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name):
    """A link to a file of the repository names one that exists."""
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", DOCUMENTS[name])
    here = [target for target in targets if not re.match(r"[a-z]+:", target)]

    assert [target for target in here if not (ROOT / name).parent.joinpath(target).exists()] == []
