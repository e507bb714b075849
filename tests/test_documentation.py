"""What the pages show has to work: the Python example runs, every command line is one the program takes."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from support.ci_file import Ci

from docs.stage import pages
from spacetime_rl.cli.app import app
from spacetime_rl.config.sweep_loader import load_sweep
from spacetime_rl.formats.markdown import WIDTH
from spacetime_rl.playtest.load import load_gate

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
CI_FILES = sorted((ROOT / "docs" / "ci").rglob("*.yml"))
VERBS = "|".join(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
COMMANDS = [
    pytest.param(
        command.group().replace("\\\n", " ").strip(), id=f"{page.name}:{text[: command.start()].count(chr(10)) + 1}"
    )
    for page in PAGES
    for text in [page.read_text()]
    for command in re.finditer(rf"(?<!-)spacetime-rl (?:{VERBS})\b(?! *`? *[A-Z|])(?:\\\n|[^`\n#|])*", text)
]
CI_COMMANDS = [
    pytest.param(command, id=f"{file.name}:{number}")
    for file in CI_FILES
    for number, command in enumerate(Ci.read(file).commands())
]


def test_the_python_example_of_the_readme_runs(godot_bin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)

    exec(example, {})

    assert "success" in capsys.readouterr().out


@pytest.mark.parametrize("command", [*COMMANDS, *CI_COMMANDS])
def test_a_command_line_that_is_shown_is_one_the_program_takes(command: str) -> None:
    name, *words = shlex.split(re.sub(r" > \S+$", "", command))
    verb: Any = typer.main.get_command(app)
    context = None
    while True:
        context = verb.make_context(name, words, parent=context)
        rest = [*context._protected_args, *context.args]
        if not hasattr(verb, "commands") or not rest:
            break
        name, verb, words = verb.resolve_command(context, rest)


@pytest.mark.parametrize(
    "file", [path for path in CI_FILES if path.parent.name == "github"], ids=lambda file: file.name
)
def test_a_workflow_is_as_github_expects(file: Path) -> None:
    _check_schema("vendor.github-workflows", file)


def test_the_jobs_are_as_gitlab_expects() -> None:
    _check_schema("vendor.gitlab-ci", ROOT / "docs" / "ci" / "gitlab-ci.yml")


def _check_schema(name: str, file: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", name, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


BLOCKS = [
    pytest.param(kind, code, id=f"{page.name}:{text[: found.start()].count(chr(10)) + 1}")
    for page in PAGES
    for text in [page.read_text()]
    for found in re.finditer(r"^```(yaml|python)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    for kind, code in [found.groups()]
]


@pytest.mark.parametrize(("kind", "code"), BLOCKS)
def test_a_configuration_that_is_shown_loads_and_python_that_is_shown_is_python(
    kind: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a page's Python does is run elsewhere: tests/test_api.py, test_own_rewards.py, and below."""
    monkeypatch.chdir(tmp_path)
    if kind == "python":
        compile(code, "page", "exec")
        return
    (tmp_path / "my_game.yaml").write_text(  # another block extends it
        "{name: my_game, game: {project: ., scene: 'res://train.tscn'}}\n"
    )
    (tmp_path / "shown.yaml").write_text(code)
    if "\nsweep:" in code:
        assert load_sweep("shown.yaml").space
    else:
        assert load_gate("shown.yaml").name  # with the sections `gate` and `playtest`


def test_links_between_pages_lead_somewhere() -> None:
    broken = [
        f"{page.name}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / target).exists()
    ]

    assert broken == []


def prose(page: Path) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, without tables, code, what programs write, and links that stand alone."""
    written = r"<!-- (\w+): begin -->.*?<!-- \1: end -->|<!-- (\w+) -->.*?<!-- end of \2 -->|^```.*?^```$"
    text = re.sub(written, lambda found: "\n" * found[0].count("\n"), page.read_text(), flags=re.DOTALL | re.MULTILINE)
    for number, line in enumerate(text.splitlines(), 1):
        if not re.fullmatch(r"\|.*|\[[^\]]+\]: \S+", line):
            yield number, line


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_prose_is_wrapped(page: Path) -> None:
    assert [f"{page.name}:{number}" for number, line in prose(page) if len(line) > WIDTH] == []


def test_the_addons_page_says_what_each_of_its_folders_is_for() -> None:
    addon = ROOT / "spacetime_rl/godot/addons/spacetime_rl"
    _, _, after = (addon / "README.md").read_text().partition("## Where things are\n")
    table = after.partition("\n## ")[0]

    named = re.findall(r"`(\w+)/`(?=[, ])", table)

    assert {path.name for path in addon.iterdir() if path.is_dir()} <= set(named)
