"""The rows of docs/coverage.md, and its summary: `python -m docs.coverage` writes the summary anew."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from spacetime_rl.formats.markdown import fill, table

PAGE = Path(__file__).with_suffix(".md")
BEGIN, END = "<!-- summary: begin -->", "<!-- summary: end -->"
STATUSES = ("works", "differs", "planned", "not here")
_HEAD = "| The document asks for | Status | Where, or why not |"


@dataclass(frozen=True)
class Row:
    """One thing that a document asks for; `where` says where it is, or why it is not."""

    document: str
    wanted: str
    status: str
    where: str


def rows(page: str) -> list[Row]:
    """All rows of the page in their order. Raises ValueError for a line of a table without three cells."""
    found = []
    document, is_table = "", False
    for line in page.splitlines():
        if line.startswith("## "):
            document = line.removeprefix("## ")
        is_table = line == _HEAD or (is_table and line.startswith("|"))
        if not is_table or line == _HEAD or set(line) <= set("|-"):
            continue
        cells = re.fullmatch(r"\| ([^|]+) \| ([^|]+) \| ([^|]+) \|", line)
        if cells is None:
            raise ValueError(f"not a row of three cells: {line}")
        found.append(Row(document, *cells.groups()))
    return found


def with_summary(page: str) -> str:
    """The page with the counts that its rows have."""
    counts = Counter((row.document, row.status) for row in rows(page))
    documents = list(dict.fromkeys(row.document for row in rows(page)))
    lines = [[name, *(str(counts[name, status]) for status in STATUSES)] for name in documents]
    total = ["all", *(str(sum(counts[name, status] for name in documents)) for status in STATUSES)]
    return fill(page, BEGIN, END, table(["document", *STATUSES], [*lines, total]))


if __name__ == "__main__":
    PAGE.write_text(with_summary(PAGE.read_text()))
