"""A race for the terminal: who got there, when, and with how much."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from spacetime_rl.race.report import Finish, RaceReport

NAMES = {
    "training": "SpaceTime RL",
    "stock_rllib": "RLlib's own runner",
    "stock_sb3": "godot-rl + SB3",
    "stock_sb3_example": "the same, as its example",
}
WAY_NAMES = {"probable": "most probable actions", "drawn": "drawn actions"}
_NOTHING = "\N{EN DASH}"


def show(report: RaceReport) -> RenderableType:
    """The whole race: a table for each way to play, and who could not take part."""
    parts: list[RenderableType] = []
    for way, title in WAY_NAMES.items():
        parts += [_table(report, way, f"{report.target}: {report.success:.0%} success by {title}"), Text()]
    others = ", ".join(f"{name} {rate:.0%}" for name, rate in report.others.items())
    parts.append(Text(f"Without learning: {others}", style="dim"))
    for name, reason in report.missing.items():
        parts.append(Text(f"{NAMES[name]} is missing: {reason}", style="yellow"))
    return Group(*parts)


def _table(report: RaceReport, way: str, title: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False, title=title, title_justify="left")
    table.add_column("", no_wrap=True)
    for heading in ("seeds", "seconds", "x ours", "agent steps", "core-s"):
        table.add_column(heading, justify="right", no_wrap=True)
    for racer in report.racers:
        table.add_row(NAMES[racer], *_figures(report, racer, way))
    return table


def _figures(report: RaceReport, racer: str, way: str) -> list[str]:
    """The figures of a racer's row: seeds that got there, and medians over all seeds."""
    finish: Finish = report.finish(racer, way)

    def shown(figure: float | None, as_text: Callable[[float], str]) -> str:
        return _NOTHING if figure is None else as_text(figure)

    return [
        f"{finish.reached} of {finish.seeds}",
        f"over {report.limit_s:.0f}" if finish.seconds is None else f"{finish.seconds:.0f}",
        shown(report.times_sooner(racer, way), "{:.1f}".format),
        shown(finish.agent_steps, "{:,.0f}".format),
        shown(finish.core_s, "{:,.0f}".format),
    ]
