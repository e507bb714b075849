"""The table of faults: what was broken, how soon that was repaired, what it cost."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from spacetime_rl.formats.markdown import fill, table

BEGIN, END = "<!-- faults -->", "<!-- end of faults -->"
TITLES = ("fault", "replaced after", "next result after", "agent steps lost", "what came of it")


@dataclass(frozen=True, slots=True)
class Row:
    """One fault. Times in seconds from the fault, None where that does not apply."""

    fault: str
    replaced_s: float | None
    recovered_s: float | None
    lost_steps: int | None
    outcome: str

    def cells(self) -> list[str]:
        """As `TITLES` has them."""
        times = ["" if seconds is None else f"{seconds:.1f} s" for seconds in (self.replaced_s, self.recovered_s)]
        return [self.fault, *times, "" if self.lost_steps is None else f"{self.lost_steps:,}", self.outcome]


def write_rows(file: Path, rows: Sequence[Row]) -> None:
    """Keep the rows, so that a page can be made of several sessions."""
    file.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")


def markdown(rows: Sequence[Row]) -> str:
    """The table as a page has it."""
    return table(TITLES, [row.cells() for row in rows])


def main() -> None:
    """`python -m tests.chaos.table ROWS.json PAGE.md`: put the table between the page's marks."""
    rows, page = (Path(name) for name in sys.argv[1:])
    found = [Row(**row) for row in json.loads(rows.read_text(encoding="utf-8"))]
    page.write_text(fill(page.read_text(encoding="utf-8"), BEGIN, END, markdown(found)), encoding="utf-8")


if __name__ == "__main__":
    main()
