"""Markdown for pages of the documentation that programs write in part."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

WIDTH = 100  # columns of prose
_HARD_SPACE = "\N{NO-BREAK SPACE}"


def wrapped(text: str) -> str:
    """Text as paragraphs of at most `WIDTH` columns, broken only at spaces."""
    paragraphs = (" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text.strip()))
    return "\n\n".join(
        textwrap.fill(paragraph, WIDTH, break_long_words=False, break_on_hyphens=False) for paragraph in paragraphs
    )


def continued(command: str) -> str:
    """A command for a shell, on several lines where it is wide: each but the first begins with an option."""
    together = re.sub(r" (?!--)", _HARD_SPACE, command)
    lines = textwrap.wrap(together, WIDTH - 2, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    return " \\\n".join(lines).replace(_HARD_SPACE, " ")


def fill(page: str, begin: str, end: str, text: str) -> str:
    """The page with `text` between its two marks."""
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


def plain(text: str) -> str:
    """A user's text with every character escaped that Markdown or HTML would interpret."""
    return re.sub(r"([\\`*_\[\]<>#|~$&])", r"\\\1", text)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with text in its first column and figures in the others."""
    lines = [f"| {' | '.join(heads)} |", f"|---{'|---:' * (len(heads) - 1)}|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
