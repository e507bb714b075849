"""A playtest with all that is written of it: a page and a picture for each finding, and its reports."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext, suppress
from pathlib import Path

from spacetime_rl.config.playtest import Playtest
from spacetime_rl.errors import SpacetimeError
from spacetime_rl.host.locks import locked
from spacetime_rl.pictures.playtest_page import describe, write_playtest_page
from spacetime_rl.playtest.begin import Begun, begin, resume
from spacetime_rl.playtest.findings import FolderStore
from spacetime_rl.playtest.journal import held
from spacetime_rl.playtest.report import write_report
from spacetime_rl.playtest.story import PlaytestReport, Show, ShowProgress, Workers, local_workers, run_playtest


def play_and_report(
    plan: Playtest,
    kept: Path,
    folder: Path,
    results: Path,
    show: Show = lambda _: None,
    baseline: str | None = None,
    show_progress: ShowProgress = lambda _: None,
    workers: Workers = local_workers,
) -> tuple[PlaytestReport, list[Path]]:
    """Play a plan, keep its findings in the folder `kept`, and write its reports into `folder`.

    Returns the report and its files. An error that ends the play after its beginning is in the report. A playtest that
    keeps its findings in the same folder is waited for. Raises what `run_playtest` raises, RecordingError, and
    UsageError if `folder` has a playtest that is not finished.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with held(folder):
        return _play(begin(folder, plan, kept, baseline), folder, results, show, show_progress, workers)


def resume_and_report(
    folder: Path,
    limits: Sequence[str],
    results: Path,
    show: Show = lambda _: None,
    show_progress: ShowProgress = lambda _: None,
    workers: Workers = local_workers,
) -> tuple[PlaytestReport, list[Path]]:
    """Go on with the playtest in `folder`, as `play_and_report`; `limits` are other `episodes`, `minutes` or `games`.

    Raises UsageError if there is none, or if another process plays it.
    """
    with held(folder):
        return _play(resume(folder, limits), folder, results, show, show_progress, workers)


def _play(
    begun: Begun, folder: Path, results: Path, show: Show, show_progress: ShowProgress, workers: Workers
) -> tuple[PlaytestReport, list[Path]]:
    begun.store.mkdir(parents=True, exist_ok=True)
    findings = FolderStore(begun.store)
    files: list[Path] = []
    with locked(begun.store / ".lock", "playtests and writes to the same findings"):
        report = run_playtest(
            begun.plan, begun.open_journal, findings, results, begun.baseline, show, show_progress, workers
        )
        # The error that ended the play, such as a full disk, is the one to report.
        with suppress(OSError, SpacetimeError) if report.error else nullcontext():
            for finding in report.seen:
                describe(finding, findings)
            files += [*write_report(report, folder), write_playtest_page(report, findings, folder)]
    return report, files
