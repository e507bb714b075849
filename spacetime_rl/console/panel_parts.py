"""The tables and lines of the panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import psutil
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from spacetime_rl import metrics
from spacetime_rl.console.progress import Progress, TrialProgress
from spacetime_rl.notices import Notice

MISSING = "\N{EN DASH}"
_BARS = "▁▂▃▄▅▆▇█"
_TREND_WIDTH = 10  # characters
_MOST_TRIALS = 8  # trials of a sweep that are listed
_COLOURS = dict(zip(metrics.PARTS, ("green", "yellow", "cyan", "magenta"), strict=True))
_STATUS = {"PENDING": "dim", "RUNNING": "cyan", "PAUSED": "yellow", "TERMINATED": "green", "ERROR": "bold red"}
_MOST_TERMS = 6  # reward terms of a policy that fit on a line


def notice_line(notice: Notice) -> Text:
    """A warning with an exclamation mark, or a fact without."""
    if notice.is_warning:
        return Text(f"! {notice.line}", style="yellow", overflow="fold")
    return Text(f"- {notice.line}", style="dim", overflow="fold")


def policies_table(trial: TrialProgress, title: str = "policy") -> Table:
    """Return, success and length of every policy, each with its trend."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column(title, style="bold", no_wrap=True)
    for title in ("return", "success", "length"):
        table.add_column(title, justify="right", no_wrap=True)
        table.add_column("", no_wrap=True)
    for policy in trial.policies:
        cells: list[RenderableType] = [policy]
        for name in metrics.OUTCOMES:
            key = metrics.of_policy(policy, name)
            cells += [_figure(trial.figure(key), name), Text(sparkline(trial.trend(key)), style="cyan")]
        table.add_row(*cells)
    return table


def learning_table(trial: TrialProgress, title: str | None = "policy") -> Table:
    """Losses, entropy, KL and explained variance of every policy.

    Without a title the column of policies is left out: the table to the left then has it.
    """
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    if title:
        table.add_column(title, style="bold", no_wrap=True)
    figures = {
        metric: [trial.figure(metrics.of_policy(policy, metric.name)) for policy in trial.policies]
        for metric in metrics.LEARNER
        if not metric.of_update
    }
    shown = [metric for metric, found in figures.items() if any(figure is not None for figure in found)]
    for metric in shown:
        table.add_column(metric.title, justify="right", no_wrap=True)
    for row, policy in enumerate(trial.policies):
        table.add_row(*([policy] if title else []), *(_exact(figures[metric][row]) for metric in shown))
    return table


def update_lines(trial: TrialProgress) -> list[Text]:
    """Figures of the updates, such as learning rate and gradient norm; a line for each policy."""
    lines = []
    for policy in trial.policies:
        found = [(m.title, trial.figure(metrics.of_policy(policy, m.name))) for m in metrics.LEARNER if m.of_update]
        known = [f"{title} {value:.3g}" for title, value in found if value is not None]
        if known:
            line = Text.assemble((f"{policy} ", "bold"), ("updates  ", "dim"), "  ".join(known))
            line.no_wrap, line.overflow = True, "ellipsis"
            lines.append(line)
    return lines


def reward_lines(trial: TrialProgress) -> list[Text]:
    """The reward terms of every policy that has any, sorted by absolute value, largest first."""
    lines = []
    for policy in trial.policies:
        found = metrics.Result(trial.result).reward_terms(policy)
        lines += _terms_line(policy, "rewards", sorted(found.items(), key=lambda term: -abs(term[1])))
    return lines


def game_lines(trial: TrialProgress) -> list[Text]:
    """What the game itself measures of every policy, beyond its rewards."""
    lines = []
    for policy in trial.policies:
        found = metrics.Result(trial.result).own_figures(policy).items()
        lines += _terms_line(policy, "game", [(n, v) for n, v in found if v is not None and not metrics.is_reward(n)])
    return lines


def _terms_line(policy: str, what: str, terms: Sequence[tuple[str, float]]) -> list[Text]:
    if not terms:
        return []
    line = Text.assemble((f"{policy} ", "bold"), (f"{what}  ", "dim"), no_wrap=True, overflow="ellipsis")
    return [line.append("  ·  ".join(f"{name} {_short(value)}" for name, value in terms[:_MOST_TERMS]))]


def machine_line() -> Text:
    """The CPU load of this machine and its memory in use."""
    memory = psutil.virtual_memory()
    used, total = ((n / 2**30) for n in (memory.total - memory.available, memory.total))
    line = Text.assemble(("machine ", "dim"), no_wrap=True, overflow="ellipsis")
    return line.append(f"CPU {psutil.cpu_percent():.0f}%  ·  memory {used:.1f} of {total:.0f} GB")


def trials_table(progress: Progress) -> Table:
    """The trials of a sweep, best first; with a column of nodes if they run on several."""
    trials, leading = list(progress.trials.values()), progress.leading
    on_nodes = len({trial.node for trial in trials if trial.node}) > 1
    metric = progress.judged_by.metric
    judged = () if metric == metrics.SCENARIO_SUCCESS else (metric.rpartition("/")[2],)
    node = ("node",) if on_nodes else ()
    titles = ("trial", "status", *node, "agent steps", *judged, "success", "settings")
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False, expand=True)
    for title in titles:
        right = title in ("agent steps", "success", *judged)
        # The settings get only the width that other columns leave; otherwise they would take theirs too.
        ratio = 1 if title == "settings" else None
        table.add_column(title, justify="right" if right else "left", no_wrap=True, ratio=ratio)
    ranked = sorted(trials, key=lambda t: (t is not leading, -progress.merit(t)))
    for trial in ranked[:_MOST_TRIALS]:
        table.add_row(
            Text(trial.index, style="bold" if trial is leading else ""),
            Text(trial.status.lower(), style=_STATUS.get(trial.status, "")),
            *((Text(trial.node or MISSING),) if on_nodes else ()),
            count(trial.agent_steps),
            *(_figure(trial.figure(metric), name) for name in judged),
            _figure(trial.figure(metrics.SCENARIO_SUCCESS), metrics.SUCCESS),
            Text(trial.settings, overflow="ellipsis"),
        )
    if len(ranked) > _MOST_TRIALS:
        table.add_row("…", f"{len(ranked) - _MOST_TRIALS} more")
    return table


def time_bar(trial: TrialProgress, width: int = 15) -> Text:
    """The shares of the wall-clock time: a bar in four colours, and figures."""
    shares = [(part, colour, trial.figure(metrics.share_of(part))) for part, colour in _COLOURS.items()]
    line = Text.assemble(("time  ", "dim"), no_wrap=True, overflow="ellipsis")
    drawn = 0
    for _, colour, share in shares:
        cells = min(width - drawn, round((share or 0.0) * width))
        line.append("█" * cells, style=colour)
        drawn += cells
    line.append("░" * (width - drawn), style="dim")
    for name, colour, share in shares:
        line.append("  ■ ", style=colour)
        line.append(f"{name} {MISSING if share is None else format(share, '.0%')}")
    return line


def health_line(trial: TrialProgress) -> Text:
    """Restarts of games, time lost to them, resident memory, games replaced for leaks, script errors."""
    restarts, lost_s, memory_mb = map(trial.figure, (metrics.RESTARTS, metrics.DOWNTIME_S, metrics.RSS_MB))
    number = MISSING if restarts is None else f"{restarts:.0f}"
    noun = "restart" if restarts == 1 else "restarts"
    line = Text.assemble(("games ", "dim"), (f"{number} {noun}", "yellow" if restarts else ""))
    line.no_wrap, line.overflow = True, "ellipsis"
    if restarts and lost_s is not None:
        line.append(f", {lost_s:.1f} s lost")
    line.append(f"  ·  memory {MISSING if memory_mb is None else f'{memory_mb:.0f} MB'}")
    recycled = trial.figure(metrics.RECYCLED)
    if recycled:
        line.append(f", {recycled:.0f} leaking replaced", "yellow")
    script_errors = trial.figure(metrics.SCRIPT_ERRORS)
    if script_errors:
        line.append(f"  ·  {script_errors:,.0f} script errors", "yellow")
    return line


def cost_line(trial: TrialProgress) -> Text:
    """What the game costs; empty unless it reports so."""
    frame_ms, most_ms, cpu_ms = map(trial.figure, (metrics.FRAME_MS, metrics.FRAME_MS_MAX, metrics.CPU_MS_A_TICK))
    if frame_ms is None or most_ms is None:
        return Text()
    line = Text.assemble(("cost  ", "dim"), f"physics {frame_ms:.2f} ms a tick, at most {_short(most_ms)} ms")
    line.no_wrap, line.overflow = True, "ellipsis"
    for title, value, unit in (
        ("CPU", cpu_ms, " ms a tick"),
        ("drawing", trial.figure(metrics.RENDER_MS), " ms"),
        ("chunks", trial.figure(metrics.CHUNKS), ""),
        ("memory", trial.figure(metrics.GAME_MEMORY_MB), " MB"),
    ):
        if value is not None:
            line.append(f"  ·  {title} {_short(value)}{unit}")
    return line


def lesson_line(trial: TrialProgress) -> Text:
    """The active lesson, its number and its success rate."""
    number, left = (int(trial.figure(name) or 0) for name in (metrics.LESSON_NUMBER, metrics.LESSONS_LEFT))
    line = Text.assemble(("lesson ", "dim"), f"{number + 1} of {number + 1 + left}, ", (trial.lesson or "", "bold"))
    line.no_wrap, line.overflow = True, "ellipsis"
    line.append("  ·  success ")
    line.append(_figure(trial.lesson_success_rate, metrics.SUCCESS))
    return line


def league_line(trial: TrialProgress) -> Text:
    """The number of snapshots of each policy, how many other trials it meets, how often each latest policy wins."""
    snapshots, others = int(trial.figure(metrics.SNAPSHOTS) or 0), trial.figure(metrics.OTHER_TRIALS)
    met = "" if others is None else f"  ·  {others:.0f} other trials"
    line = Text.assemble(("league ", "dim"), f"{snapshots} snapshots{met}  ·  wins", no_wrap=True, overflow="ellipsis")
    for i, (policy, rate) in enumerate(trial.league.items()):
        line.append(f"{',' if i else ''} {policy} ")
        line.append(_figure(rate, metrics.SUCCESS))
    return line


def best_line(trial: TrialProgress, agent_steps: int, outcomes: Mapping[str, float]) -> Text:
    """The best checkpoint that was evaluated so far: its outcomes, and at how many agent steps it was saved."""
    line = Text.assemble(("best ", "dim"), f"at {count(agent_steps)} steps", no_wrap=True, overflow="ellipsis")
    for name, word in ((metrics.SUCCESS, "success"), (metrics.RETURN, "return")):
        if name in outcomes:
            line.append(f"  ·  {word} ").append(_figure(outcomes[name], name))
    latest = trial.figure(metrics.EVALUATED_AT)
    return line.append(f"  ·  evaluated to {count(latest)}") if latest else line


def tasks_line(trial: TrialProgress) -> Text:
    """The success rate of each task."""
    line = Text.assemble(("tasks ", "dim"), no_wrap=True, overflow="ellipsis")
    for i, (task, rate) in enumerate(trial.tasks.items()):
        line.append(f"{'  ·  ' if i else ''}{task} ")
        line.append(_figure(rate, metrics.SUCCESS))
    return line


def sparkline(values: Sequence[float], width: int = _TREND_WIDTH) -> str:
    """The values over time as at most `width` blocks; each block is the mean of an equal share of the values."""
    if not values:
        return ""
    bins = min(width, len(values))
    edges = [round(i * len(values) / bins) for i in range(bins + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in pairwise(edges)]
    low, high = min(means), max(means)
    span = (high - low) or 1.0
    return "".join(_BARS[min(7, int((mean - low) / span * 8))] for mean in means)


def count(number: float) -> str:
    """A number as `950`, `12.4 k` or `1.25 M`."""
    for size, unit in ((1e6, " M"), (1e3, " k")):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return f"{number:.0f}"


def seconds(duration_s: float) -> str:
    """A duration as `4 s`, `1:02` or `2:03:04`."""
    whole = int(duration_s)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _exact(value: float | None) -> Text:
    """A value with three significant digits, also for small numbers: `0.0123`."""
    return Text(MISSING, style="dim") if value is None else Text(f"{value:.3g}")


def _figure(value: float | None, name: str) -> Text:
    if value is None:
        return Text(MISSING, style="dim")
    return Text(f"{value:.0%}" if name == "success_rate" else _short(value))


def _short(value: float) -> str:
    """A value with three digits, or with all digits before the point: `9.73`, `12.5`, `166`, `12043`."""
    decimals = max(0, 2 - len(str(int(abs(value)))) + 1) if abs(value) >= 1 else 2
    return f"{value:.{decimals}f}"
