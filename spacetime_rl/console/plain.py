"""Rich consoles that print text unchanged: names and paths may contain Rich's markup, `[red]` or `:tada:`."""

from __future__ import annotations

from typing import Any

from rich.console import Console


def plain_console(**options: Any) -> Console:
    """A Rich console without markup and emoji codes; style text with `Text`. `options` are those of `Console`."""
    return Console(markup=False, emoji=False, **options)
