"""Write the tables of parameters on the pages of scenarios anew: `python -m docs.parameters`."""

from __future__ import annotations

from pathlib import Path

from spacetime_rl.formats.markdown import fill
from spacetime_rl.game.params import describe_params

PAGES = Path(__file__).parent / "scenarios"
BEGIN, END = "<!-- parameters: begin -->", "<!-- parameters: end -->"


def generated_pages() -> list[Path]:
    """The pages that have a table between the two marks."""
    return [page for page in sorted(PAGES.glob("*.md")) if BEGIN in page.read_text()]


def with_table(page: Path) -> str:
    """The text of a scenario's page with the parameters that there are now."""
    return fill(page.read_text(), BEGIN, END, describe_params(page.stem))


if __name__ == "__main__":
    for page in generated_pages():
        page.write_text(with_table(page))
