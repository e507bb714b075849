"""A command with an option whose value may be left out, which Typer does not have."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand

ATTACH = "--attach"
_PORT = re.compile(r"\d+")
USUAL_PORT = "11008"  # of Godot RL Agents' plugin, and of our addon


class AttachCommand(TyperCommand):
    """Reads `--attach` without a number as `--attach 11008`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Complete the arguments before Typer reads them."""
        return super().parse_args(ctx, with_port(args))


def with_port(args: list[str]) -> list[str]:
    """The arguments with a port behind every `--attach` that has none."""
    completed: list[str] = []
    for number, word in enumerate(args):
        completed.append(word)
        if word == ATTACH and not any(_PORT.fullmatch(following) for following in args[number + 1 : number + 2]):
            completed.append(USUAL_PORT)
    return completed
