"""The page of all commands in Markdown, generated from the command line itself.

`python -m spacetime_rl.cli.page docs/commands.md` writes it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from spacetime_rl.cli.app import app
from spacetime_rl.cli.exit_codes import MEANINGS, PARTICULAR
from spacetime_rl.formats.markdown import wrapped

_HEAD = """# Commands

Written from the program by `python -m spacetime_rl.cli.page docs/commands.md`.
`spacetime-rl COMMAND --help` shows the same with examples.
After `spacetime-rl --install-completion`, a new shell completes configurations, presets, the ids of
runs in `results/`, and, after `--set`, the keys of settings.

## Exit codes

Every command ends with one of these. The row of a command has its particular meanings.

"""


def page() -> str:
    """The whole page."""
    rows = [f"| any | {' | '.join(MEANINGS.values())} |"]
    rows += [
        f"| `{name}` | {' | '.join(PARTICULAR.get(name, {}).get(code, '') for code in MEANINGS)} |"
        for name, _ in commands()
    ]
    head = [f"| command | {' | '.join(map(str, MEANINGS))} |", "|---" * (len(MEANINGS) + 1) + "|"]
    return "\n".join([_HEAD + "\n".join([*head, *rows]), "", *(_section(*each) for each in commands())])


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with its full name, in the order of the help."""
    yield from _below("", typer.main.get_command(app))


def _below(prefix: str, group: Any) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _below(f"{prefix}{name} ", command)
        else:
            yield f"{prefix}{name}", command


def _section(name: str, command: Any) -> str:
    text, _, _ = (command.help or "").partition("[bold]Examples[/bold]")
    rows = [_row(parameter) for parameter in command.params]
    table = ["| option | meaning |", "|---|---|", *rows, ""] if rows else []
    return "\n".join([f"## {name}", "", wrapped(text), "", *table])


def _row(parameter: Any) -> str:
    flag = getattr(parameter, "is_flag", False)
    value = "" if flag else parameter.metavar or ""
    names = value if parameter.param_type_name == "argument" else ", ".join(parameter.opts)
    shown = names if names == value or not value else f"{names} {value}"
    meaning = re.sub(r"\s+", " ", parameter.help or "").replace("|", "\\|")
    return f"| `{shown}` | {meaning} |".replace("`[", "`[")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
