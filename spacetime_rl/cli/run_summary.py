"""Print the summary of a run to the terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from spacetime_rl.console.panel_parts import notice_line
from spacetime_rl.formats.shell import program, short
from spacetime_rl.reports import summary as texts
from spacetime_rl.reports.summary import RunSummary
from spacetime_rl.runs.layout import RunPaths


def print_summary(summary: RunSummary, console: Console) -> None:
    """Print the summary. Lines are never cut or wrapped, so that paths, addresses and commands can be copied."""
    for part in _parts(summary):
        console.print(part, soft_wrap=True)


def _parts(summary: RunSummary) -> Iterator[Text]:
    yield Text()
    yield Text.assemble((summary.run_id, "bold"), "  ", texts.headline(summary))
    yield from (Text(sentence, style="bold yellow") for sentence in texts.shortcomings(summary))
    yield Text()
    if summary.reports:
        yield Text(texts.evaluated_on(summary), style="dim")
        yield from _comparison(summary)
        yield from (Text(note, style="yellow") for note in texts.bounds(summary))
    else:
        yield Text("not evaluated", style="dim")
    if summary.evaluation_stopped:
        yield Text(texts.EVALUATION_STOPPED, style="yellow")
    yield from (Text(f"- {sentence}", style="yellow") for sentence in summary.advice)
    yield Text()
    for notice in summary.notices:
        yield notice_line(notice)
    if summary.notices:
        yield Text()
    yield from _places(summary)
    yield Text()
    yield Text("Next:", style="dim")
    for command, what in texts.suggestions(summary):
        yield Text(f"  # {what}", style="dim")
        yield Text(f"  {command}", style="bold")


def _comparison(summary: RunSummary) -> Iterator[Text]:
    rows = [("policy", *summary.reports), *((name, *figures) for name, figures in texts.comparison(summary))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        name, *figures = row
        cells = [figure.rjust(width) for figure, width in zip(figures, widths[1:], strict=True)]
        yield Text("   ".join([name.ljust(widths[0]), *cells]), style="dim" if row is rows[0] else "bold")


def _places(summary: RunSummary) -> Iterator[Text]:
    for policy in summary.policies:
        yield _place("onnx", str(short(policy.onnx)), texts.parity_of(policy))
    if summary.best:
        yield _place("best", texts.best_sentence(summary))
        yield _place("", texts.best_command(summary), "exports it")
    if summary.run_url:
        yield _place("MLflow", summary.run_url)
    if summary.page_command:
        yield _place("", summary.page_command, "serves that page")
    if summary.unrecorded:
        what = "did not take all of this run" if summary.run_url else "has not recorded this run"
        run = shlex.quote(summary.run_id)
        again = f"{program('spacetime-rl')} runs record {run}{texts.results_option(summary)}"
        yield _place("" if summary.run_url else "MLflow", what, "its folder holds everything")
        yield _place("", again, "records it from there")
    yield _place("report", str(short(RunPaths(summary.folder).summary_page)))


def _place(label: str, place: str, remark: str = "") -> Text:
    return Text.assemble((f"{label:8}", "dim"), place, ("  " + remark if remark else "", "dim"))
