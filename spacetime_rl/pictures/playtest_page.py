"""The page of a playtest, one HTML file that needs no network: findings with their paths, players, and coverage."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from spacetime_rl.episodes.files import read_episode
from spacetime_rl.formats.shell import short
from spacetime_rl.pictures.coverage import draw_coverage
from spacetime_rl.pictures.html import templates
from spacetime_rl.pictures.paths import anybody_moves, draw_paths
from spacetime_rl.playtest.findings import Finding, FolderStore, Store
from spacetime_rl.playtest.report import by_weight, coverage_of, page_of, to_dict
from spacetime_rl.playtest.story import PlaytestReport

PAGE, FINDING_PAGE, PATH = "report.html", "finding.md", "path.png"


def describe(finding: Finding, store: FolderStore) -> Path:
    """Write the page of a finding for a bug report into its folder, with a picture of the paths."""
    file = store.fetch(finding.name)[1]
    picture = _draw(finding, file) if file else None
    page = store.folder / finding.name / FINDING_PAGE
    lines = page_of(finding, file and short(file), picture.name if picture else None)
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return page


def _draw(finding: Finding, file: Path) -> Path | None:
    """Draw the paths of a finding's episode beside its file; None if there is nothing to draw."""
    trace = read_episode(file).trace
    if not trace.outline and not anybody_moves((trace,)):
        return None
    return draw_paths((trace,), finding.name, file.with_name(PATH))


def write_playtest_page(report: PlaytestReport, store: Store, folder: Path) -> Path:
    """Write `folder/report.html`. Raises what reading the findings raises."""
    template = templates().get_template("playtest.html")
    found = to_dict(report)
    page = template.render(
        game=report.game,
        build=report.build.content,
        seed=report.seed,
        episodes=f"{found['episodes']:,}",
        minutes=f"{report.minutes:.1f}",
        failed=report.failed,
        verdict=report.verdict,
        problems=report.problems,
        notes=report.said,
        findings=[_finding(finding, store.fetch(finding.name)[1]) for finding in by_weight(report.seen)],
        players=[
            {
                "name": name,
                "episodes": f"{tally['episodes']:,}",
                "decisions": f"{tally['decisions']:,}",
                "cells": f"{tally['cells']} of {found['reachable']}",
                "success": ", ".join(f"{policy} {share:.0%}" for policy, share in tally["success"].items()),
            }
            for name, tally in found["players"].items()
        ],
        coverage=coverage_of(found),
        maps=[_embedded(picture) for picture in draw_coverage(report.coverage, report.build.content, folder)],
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PAGE).write_text(page, encoding="utf-8")
    return folder / PAGE


def _embedded(picture: Path) -> str:
    return base64.b64encode(picture.read_bytes()).decode()


def _finding(finding: Finding, file: Path | None) -> dict[str, Any]:
    picture = file.with_name(PATH) if file else None
    return {
        "name": finding.name,
        "severity": finding.sighting.severity,
        "message": finding.sighting.message,
        "scene": finding.scene,
        "state": finding.state,
        "seen": finding.seen,
        "reproduces": finding.reproduces,
        "decisions": finding.decisions,
        "recorded_decisions": finding.recorded_decisions,
        "file": str(file) if file else "",
        "replays": not finding.untried,
        "picture": _embedded(picture) if picture and picture.is_file() else "",
        "log": finding.log,
    }
