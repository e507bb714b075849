"""The report of a playtest: for people as a page, for programs as JSON, for CI as JUnit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spacetime_rl.errors import RecordingError
from spacetime_rl.formats.markdown import table
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.playtest.findings import Finding
from spacetime_rl.playtest.story import PlaytestReport

FORMAT = 1


def to_dict(report: PlaytestReport) -> dict[str, Any]:
    """Plain JSON data; docs/playtest.md has the keys."""
    return {
        "format": FORMAT,
        "game": report.game,
        "build": report.build.content,
        "engine": report.build.engine,
        "seed": report.seed,
        "minutes": report.minutes,
        "interrupted": report.interrupted,
        "problems": list(report.problems),
        "notes": list(report.said),
        "failed": report.failed,
        "episodes": sum(tally.episodes for tally in report.players.values()),
        "cells": sum(map(len, report.cells.values())),
        "reachable": sum(len(report.reachable(scene)) for scene in report.cells),
        "scenes": {
            scene: {"cells": len(cells), "reachable": len(report.reachable(scene))}
            for scene, cells in sorted(report.cells.items())
            if scene
        },
        "players": {
            name: {
                "episodes": tally.episodes,
                "decisions": tally.decisions,
                "cells": tally.reached,
                "success": {
                    policy: tally.succeeded[policy] / tried for policy, tried in tally.reporting.items() if tried
                },
            }
            for name, tally in report.players.items()
        },
        "findings": [finding.to_dict() | {"reproduces": finding.reproduces} for finding in report.seen],
    }


def to_page(report: PlaytestReport) -> str:
    """The report as Markdown."""
    found = to_dict(report)
    lines = [f"# Playtest of {report.game}", ""]
    lines += [f"**{report.verdict}**", ""]
    lines += [
        f"Build {report.build.content}, {found['episodes']:,} episodes of seed {report.seed} in {report.minutes:.1f} "
        f"minutes; {coverage_of(found)}.",
        "",
        *(f"- {sentence}" for sentence in (*report.problems, *report.said)),
        *([""] if report.problems or report.said else []),
        "## Findings",
        "",
    ]
    if report.seen:
        heads = ("finding", "severity", "state", "times seen", "replay", "decisions", "what")
        lines += [table(heads, [_row(finding) for finding in by_weight(report.seen)])]
    else:
        lines += ["None."]
    lines += ["", "## Players", ""]
    rows = [
        (
            name,
            f"{tally['episodes']:,}",
            f"{tally['decisions']:,}",
            f"{tally['cells']} of {found['reachable']}",
            _shares(tally["success"]),
        )
        for name, tally in found["players"].items()
    ]
    lines += [table(("player", "episodes", "decisions", "map cells", "success"), rows), ""]
    if found["scenes"]:
        cells = [(name, coverage_of(scene)) for name, scene in found["scenes"].items()]
        lines += ["## Scenes", "", table(("scene", "reached"), cells), ""]
    return "\n".join(lines)


def coverage_of(counted: Mapping[str, Any]) -> str:
    """How much of a map was reached, in words; `counted` has `cells` and `reachable`."""
    cells, reachable = counted["cells"], counted["reachable"]
    if not reachable:
        return "where its agents were is not known"
    share = f"{cells / reachable:.0%}"
    return f"reached {cells} of the {reachable} map cells that any player has reached so far ({share})"


def write_report(report: PlaytestReport, folder: Path) -> list[Path]:
    """Write report.json, report.md and junit.xml into a folder. Raises RecordingError."""
    files = {
        "report.json": to_json(to_dict(report), indent=2) + "\n",
        "report.md": to_page(report),
        "junit.xml": to_junit(report),
    }
    written = []
    for name, text in files.items():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        except OSError as error:
            raise RecordingError(f"{folder / name}: could not be written: {error.strerror or error}") from error
        written.append(folder / name)
    return written


def to_junit(report: PlaytestReport) -> str:
    """The report as JUnit XML: a test case for each finding, and one for the play itself."""
    from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

    suite = TestSuite(f"playtest of {report.game}")
    played = TestCase("plays", report.game, report.minutes * 60.0)
    played.result = [Error(report.error.headline)] if report.error else []
    suite.add_testcase(played)
    for finding in by_weight(report.seen):
        case = TestCase(finding.name, report.game)
        text = f"{finding.sighting.message}\n{finding.reproduces}\n{finding.log}"
        result = Failure(finding.sighting.message) if finding.counts else Skipped(finding.sighting.message)
        result.text = "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")
        case.result = [result]
        suite.add_testcase(case)
    document = JUnitXml()
    document.add_testsuite(suite)
    return bytes(document.tostring()).decode()  # type: ignore[no-untyped-call]


def by_weight(findings: tuple[Finding, ...]) -> list[Finding]:
    """Findings in the order in which people want to see them: those that count, then errors, then warnings."""
    return sorted(findings, key=lambda finding: (not finding.counts, finding.sighting.severity, finding.name))


def _row(finding: Finding) -> tuple[str, ...]:
    decisions = f"{finding.decisions} of {finding.recorded_decisions}" if finding.recorded_decisions else ""
    return (
        f"`{finding.name}`",
        finding.sighting.severity,
        finding.state,
        str(finding.seen),
        finding.reproduces.removeprefix("reproduces "),
        decisions,
        (finding.scene and f"{finding.scene}: ") + finding.sighting.message.replace("|", "\\|"),
    )


def _shares(success: dict[str, float]) -> str:
    return ", ".join(f"{policy} {share:.0%}" for policy, share in success.items()) or "not reported"


def page_of(finding: Finding, file: Path | None, picture: str | None = None) -> Iterator[str]:
    """A finding as the lines of a page for a bug report; `picture` is beside the page."""
    yield f"# {finding.sighting.message}"
    yield ""
    yield f"- **Severity:** {finding.sighting.severity}"
    yield f"- **Game:** {finding.game}, build {', '.join(finding.builds)}"
    if finding.scene:
        yield f"- **Scene:** {finding.scene}"
    yield f"- **Seen:** {finding.seen} times, first {finding.first_seen}, by {finding.player}"
    yield f"- **Key:** `{finding.sighting.key}`"
    yield f"- **Replay:** {finding.reproduces}"
    if file is not None:
        yield ""
        yield "## Steps"
        yield ""
        if finding.untried:
            yield f"1. Look at its recording; it was not played again, because {finding.untried}:"
            yield f"   `spacetime-rl episodes show {file}`"
        else:
            yield f"1. Play episode {finding.episode} of seed {finding.seed} from its recording:"
            yield f"   `spacetime-rl replay {file}`"
        yield f"2. Watch {finding.sighting.agent or 'the game'} until decision {finding.sighting.decision}."
        if finding.decisions < finding.recorded_decisions:
            yield f"   The recording was shortened from {finding.recorded_decisions} decisions to {finding.decisions}."
    if picture:
        yield ""
        yield f"![The paths of its episode]({picture})"
    if finding.log:
        yield ""
        yield "## Log"
        yield ""
        yield "```"
        yield finding.log
        yield "```"
