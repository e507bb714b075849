"""Copy the pages, and the pictures they show, as they lie in the repository: the folder that the site is built from.

python docs/stage.py build/site-source
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SINGLE = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "cluster/README.md",
    "spacetime_rl/godot/addons/spacetime_rl/README.md",
)
_LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")


def pages() -> list[Path]:
    """Every page of the site."""
    return [*(ROOT / name for name in SINGLE), *sorted((ROOT / "docs").rglob("*.md"))]


def linked_files(page: Path) -> Iterator[Path]:
    """Files of the repository that a page shows or links to, other pages left out."""
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        path = (page.parent / target).resolve()
        if path.is_file() and path.suffix != ".md":
            yield path


def stage(folder: Path) -> None:
    """Fill a folder, emptied first, with all pages and what they link to, at the same relative places."""
    shutil.rmtree(folder, ignore_errors=True)
    for source in {
        *pages(),
        *(ROOT / "docs" / "assets").iterdir(),
        *(file for page in pages() for file in linked_files(page)),
    }:
        target = folder / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


if __name__ == "__main__":
    stage(Path(sys.argv[1]))
