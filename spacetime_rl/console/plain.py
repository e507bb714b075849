"""Consoles on which text is shown as it is: names and paths may hold what Rich reads as markup, `[red]` or `:tada:`."""

from __future__ import annotations

from typing import Any

from rich.console import Console


def plain_console(**options: Any) -> Console:
    """Rich's console, with its own arguments; style what you print by `Text`, not by marks within it."""
    return Console(markup=False, emoji=False, **options)
