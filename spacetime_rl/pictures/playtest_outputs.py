"""A playtest with all that is written of it: a page and a picture for each finding, and its reports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from spacetime_rl.config.playtest import Playtest
from spacetime_rl.formats.shell import short
from spacetime_rl.host.locks import locked
from spacetime_rl.pictures.playtest_page import draw_finding, write_playtest_page
from spacetime_rl.playtest.findings import FolderStore
from spacetime_rl.playtest.report import page_of, write_report
from spacetime_rl.playtest.story import PlaytestReport, run_playtest


def play_and_report(
    plan: Playtest,
    kept: Path,
    folder: Path,
    results: Path,
    show: Callable[[str], None] = lambda _: None,
    baseline: str | None = None,
) -> tuple[PlaytestReport, list[Path]]:
    """Play a plan, keep its findings in the folder `kept`, and write its reports into `folder`.

    Returns the report and its files. A playtest that keeps its findings in the same folder is waited for. Raises what
    `run_playtest` raises, and RecordingError.
    """
    kept.mkdir(parents=True, exist_ok=True)
    findings = FolderStore(kept)
    with locked(kept / ".lock", "playtests and writes to the same findings"):
        report = run_playtest(plan, findings, results, show, baseline)
        for finding in report.seen:
            file = findings.fetch(finding.name)[1]
            picture = draw_finding(finding, file)
            page = "\n".join(page_of(finding, file and short(file), picture.name if picture else None)) + "\n"
            (kept / finding.name / "finding.md").write_text(page, encoding="utf-8")
    return report, [*write_report(report, folder), write_playtest_page(report, findings, folder)]
