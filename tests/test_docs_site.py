"""The documentation site: every page is in its navigation, and it builds without a warning."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.stage import ROOT, pages, stage

DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
NAVIGATION = (ROOT / "mkdocs.yml").read_text().partition("\nnav:")[2]


def test_every_page_but_single_decisions_is_in_the_navigation_and_nothing_else_is() -> None:
    listed = re.findall(r": (\S+\.md)$", NAVIGATION, re.MULTILINE)

    assert sorted(listed) == sorted(str(page.relative_to(ROOT)) for page in pages() if page not in DECISIONS)


def test_the_page_of_decisions_lists_all_of_them_in_their_order() -> None:
    lines = (ROOT / "docs" / "decisions" / "README.md").read_text().splitlines()
    rows = []
    for page in DECISIONS:
        number = page.name[:4]
        found = re.match(rf"# {number}: (.+)\n\nDate: (\d{{4}}-\d\d-\d\d)\n", page.read_text())
        assert found is not None
        title, date = found.groups()
        rows.append(f"| [{number}]({page.name}) | {title} | {date} |")

    assert [line for line in lines if line.startswith("| [")] == rows


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_has_its_context_and_its_consequence(page: Path) -> None:
    headings = re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE)

    assert [name for name in headings if name != "Options"] == ["Context", "Decision", "Consequence"]


def test_what_pages_show_is_staged_with_them(tmp_path: Path) -> None:
    stage(tmp_path / "source")

    assert (tmp_path / "source/docs/images/vr_interaction.png").is_file()
    assert (tmp_path / "source/docs/why.md").read_text() == (ROOT / "docs/why.md").read_text()


@pytest.mark.slow
def test_the_site_builds_strictly_and_asks_no_other_host(tmp_path: Path) -> None:
    requirements = (ROOT / "requirements-docs.lock").read_text()
    pytest.importorskip("mkdocs", reason="`make docs` installs it")
    assert "mkdocs-material==" in requirements
    stage(ROOT / "build/site-source")
    site = tmp_path / "site"
    build = [str(Path(sys.executable).with_name("mkdocs")), "build", "-q", "--strict", "--site-dir", str(site)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}

    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, timeout=600, env=environment)

    assert done.returncode == 0, done.stderr
    page = (site / "docs/why.html").read_text()
    assert re.findall(r"<(?:script|link)[^>]+(?:src|href)=\"?https?:", page) == []
    assert "GodotParallelEnv" in (site / "docs/api.html").read_text()
