"""A report for the terminal: a table, and lines on the shares of time and the bottleneck."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from spacetime_rl.bench.report import MEASURED, TO_CORES, BenchReport
from spacetime_rl.metrics import PARTS

# The name and the description of each measurement, for people.
LABELS = {
    "engine_limit": ("engine limit", "one game by itself, actions made in Godot"),
    "bridge": ("bridge", "one game, random actions from Python"),
    "sampling": ("sampling", "one env runner with the policy"),
    "learning": ("learning", "one learner on one core, gradient steps"),
    "training": ("training", "runners and learner, whole machine"),
    "stock_client": ("godot-rl client", "one game, random actions from Python"),
    "stock_sb3": ("godot-rl + SB3", "PPO of Stable-Baselines3, whole machine"),
    "stock_rllib": ("RLlib's own runner", "PPO of RLlib over our client, whole machine"),
}
_NOTHING = "\N{EN DASH}"
_WIDE = 125  # terminal columns from which the descriptions are shown


def show(report: BenchReport, width: int) -> RenderableType:
    """The whole report for a terminal of `width` columns."""
    parts: list[RenderableType] = [_speeds(report, width >= _WIDE), *_lines(report)]
    if report.scaling:
        parts += [Text(), _scaling(report)]
    for name, reason in ((n, r.missing) for n, r in report.results.items() if r.missing):
        parts.append(Text(f"{LABELS[name][0]} is missing: {reason}", style="yellow"))
    parts += [Text(), Text(f"What limits training is {report.verdict.sentence}.", style="bold")]
    return Group(*parts)


def title_of(target: str, settings: Mapping[str, Any]) -> str:
    """A title such as `bench: 32 agents a game, 8 ticks a decision`; a stock game declares no ticks."""
    games = f", {n} games a runner" if (n := settings["games_per_runner"]) > 1 else ""
    repeat = f", {_count(n, 'tick')} a decision" if (n := settings["action_repeat"]) else ""
    return f"{target}: {settings['agents']} agents a game{repeat}{games}"


def _speeds(report: BenchReport, wide: bool) -> Table:
    table = _table(title_of(report.target, report.settings))
    table.add_column("", no_wrap=True)
    if wide:
        table.add_column("", style="dim", no_wrap=True)
    for heading in ("agent-steps/s", "ticks/s", "step ms", "99 %"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for name in MEASURED:
        result = report.results.get(name)
        if result is None or result.median is None:
            continue
        speed = result.median
        figures = (f"{speed.agent_steps_per_s:,.0f}", _whole(speed.physics_ticks_per_s))
        steps = (_ms(speed.step_ms_p50), _ms(speed.step_ms_p99))
        table.add_row(*LABELS[name][: 1 + wide], *figures, *steps, note_of(report, name))
    return table


def note_of(report: BenchReport, name: str) -> str:
    """The ratio that a measurement belongs to, in words; empty if there is none."""
    ratio = report.ratio
    to_limit, times = ratio.get(f"{name}_to_limit"), ratio.get(f"training_to_{name}")
    if to_limit is not None:
        return f"{to_limit:.0%} of the limit"
    if name == "training" and (to_cores := ratio[TO_CORES]) is not None:
        return f"{to_cores:.0%} of the cores"
    return f"training is {times:.1f} x" if times is not None else ""


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))


def _lines(report: BenchReport) -> Iterator[Text]:
    shares = ", ".join(f"{part} {report.shares[part]:.0%}" for part in PARTS if part in report.shares)
    yield Text.assemble(("Time of training  ", "dim"), shares)
    if report.us_per_agent_tick:
        sections = ", ".join(f"{name} {spent:.1f}" for name, spent in report.us_per_agent_tick.items())
        yield Text.assemble(("Microseconds an agent and tick  ", "dim"), sections)
    alone = ", ".join(f"{row.agents} agents {row.agent_steps_per_s:,.0f}/s" for row in report.runner_alone)
    yield Text.assemble(("Env runner on a game that costs nothing  ", "dim"), alone)
    memory = report.memory_mb
    words = f"runner and games {memory['runner_and_games']:.0f} MB, one game {memory['game']:.0f} MB"
    yield Text.assemble(("Memory  ", "dim"), words)


def _scaling(report: BenchReport) -> Table:
    """The scaling table: agents in rows, runners and games in columns."""
    columns = sorted({(cell.runners, cell.games) for cell in report.scaling})
    table = _table("How sampling scales, agent-steps/s")
    table.add_column("agents a game", justify="right")
    for runners, games in columns:
        table.add_column(f"{_count(runners, 'runner')}\n{_count(games, 'game')}", justify="right", no_wrap=True)
    speeds = {(cell.agents, cell.runners, cell.games): cell.agent_steps_per_s for cell in report.scaling}
    for agents in sorted({cell.agents for cell in report.scaling}):
        table.add_row(str(agents), *(f"{speeds[agents, *column]:,.0f}" for column in columns))
    return table


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _whole(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:,.0f}"


def _ms(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.2f}"
