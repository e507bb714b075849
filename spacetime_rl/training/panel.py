"""The live panel: one frame on the terminal that shows how a run does, redrawn several times a second."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TextIO

from rich.console import Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from spacetime_rl.console import plain_console
from spacetime_rl.training.progress import Progress, TrialProgress, View

MISSING = "\N{EN DASH}"
_BARS = "▁▂▃▄▅▆▇█"
_TREND_WIDTH = 10
_MOST_TRIALS = 8
_SUCCESS = "scenario/success_rate"
_SHARES = (("game", "green"), ("wire", "yellow"), ("forward", "cyan"), ("learner", "magenta"))
_STATUS = {"PENDING": "dim", "RUNNING": "cyan", "PAUSED": "yellow", "TERMINATED": "green", "ERROR": "bold red"}


class PanelView(View):
    """Shows the panel on a terminal until stopped; the last frame stays."""

    def __init__(self, progress: Progress, out: TextIO) -> None:
        self._progress = progress
        self._frame = PanelFrame(progress)
        console = plain_console(file=out, force_terminal=True)
        self._live = Live(
            get_renderable=self._frame.render,
            console=console,
            refresh_per_second=5,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def start(self) -> None:
        """Draw the first frame and go on drawing in a thread of its own."""
        self._live.start(refresh=True)

    def stop(self) -> None:
        """Draw the last frame and give the cursor back."""
        self._frame.finish()
        self._live.stop()


class PanelFrame:
    """Draws the state of a run as a panel. Keeps the spinner's phase from frame to frame."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._spinner = Spinner("dots", style="cyan")
        self._finished = False

    def finish(self) -> None:
        """From now on nothing spins."""
        self._finished = True

    def render(self) -> RenderableType:
        """The panel as it is now."""
        with self._progress.lock:
            return Panel(
                Group(*self._parts()),
                title=Text.assemble(("SpaceTime RL", "bold"), f" · {self._progress.run_id}"),
                title_align="left",
                border_style="blue",
                padding=(0, 1),
            )

    def _parts(self) -> Iterator[RenderableType]:
        progress, leading = self._progress, self._progress.leading
        if leading is None:
            yield from self._stages()
        else:
            sweep = progress.planned > 1 or len(progress.trials) > 1
            yield self._sweep_headline() if sweep else self._headline(leading)
            yield self._sweep_way() if sweep else self._way(leading)
            if leading.lesson is not None:
                yield lesson_line(leading)
            if leading.tasks:
                yield tasks_line(leading)
            yield Text()
            if sweep:
                yield trials_table(progress)
                yield Text()
            yield policies_table(leading, f"policy of {leading.index}" if sweep else "policy")
            yield Text()
            yield time_bar(leading)
            if leading.verdict:
                yield Text.assemble(("limit ", "dim"), leading.verdict.sentence, overflow="fold")
            yield health_line(leading)
        for note in progress.notes:
            yield Text(f"! {note}", style="yellow", overflow="fold")

    def _stages(self) -> Iterator[RenderableType]:
        """What was done so far and what is being done, before there is any result."""
        stages = self._progress.stages or [("starting", 0.0)]
        ends = [begin for _, begin in stages[1:]] + [self._progress.elapsed_s]
        grid = Table.grid(padding=(0, 1))
        for (text, begin), end in zip(stages[:-1], ends, strict=False):
            grid.add_row(Text("✓", style="green"), text, Text(seconds(end - begin), style="dim"))
        text, begin = stages[-1]
        grid.add_row(self._mark(), f"{text}…", Text(seconds(ends[-1] - begin), style="dim"))
        yield grid

    def _mark(self) -> RenderableType:
        return Text("■", style="dim") if self._finished else self._spinner

    def _sweep_headline(self) -> RenderableType:
        trials = self._progress.trials.values()
        ended = sum(trial.ended for trial in trials)
        running = [trial for trial in trials if trial.status == "RUNNING"]
        speed = sum(trial.steps_per_s or 0.0 for trial in running)
        return self._marked(
            f"  {ended} of {self._progress.planned} trials done, {len(running)} running  ·  ",
            (f"{count(speed) if speed else MISSING}/s", "bold cyan"),
        )

    def _headline(self, trial: TrialProgress) -> RenderableType:
        steps = count(trial.agent_steps)
        goal = self._progress.goal.agent_steps
        speed = trial.steps_per_s
        return self._marked(
            f"  iteration {trial.iteration}  ·  {steps}",
            f" of {count(goal)}" if goal else "",
            " agent steps  ·  ",
            (f"{count(speed)}/s" if speed else f"{MISSING}/s", "bold cyan"),
        )

    def _marked(self, *parts: str | tuple[str, str]) -> RenderableType:
        """The stage, and what follows it."""
        stage = self._progress.stages[-1][0] if self._progress.stages else "training"
        grid = Table.grid(padding=(0, 1))
        grid.add_row(self._mark(), Text.assemble((stage, "bold"), *parts))
        return grid

    def _sweep_way(self) -> RenderableType:
        return self._bar(self._progress.way, self._progress.sweep_remaining_s)

    def _way(self, trial: TrialProgress) -> RenderableType:
        return self._bar(self._progress.done(trial), self._progress.remaining_s(trial))

    def _bar(self, done: float | None, left: float | None) -> RenderableType:
        grid = Table.grid(padding=(0, 1), expand=True)
        grid.add_column(ratio=1)
        grid.add_column(justify="right", no_wrap=True)
        bar = ProgressBar(total=1.0, completed=done or 0.0, complete_style="cyan", finished_style="green")
        share = MISSING if done is None else f"{done:.0%}"
        times = f"{share}  {seconds(self._progress.elapsed_s)} elapsed"
        if not self._finished:
            times += f", {MISSING if left is None else seconds(left)} left"
        grid.add_row(bar, Text(times))
        return grid


def policies_table(trial: TrialProgress, title: str = "policy") -> Table:
    """Return, success and length of every policy, each with its trend."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column(title, style="bold", no_wrap=True)
    for title in ("return", "success", "length"):
        table.add_column(title, justify="right", no_wrap=True)
        table.add_column("", no_wrap=True)
    for policy in trial.policies:
        cells: list[RenderableType] = [policy]
        for name in ("return_mean", "success_rate", "length_mean"):
            key = f"policy/{policy}/{name}"
            cells += [_figure(trial.figure(key), name), Text(sparkline(trial.trend(key)), style="cyan")]
        table.add_row(*cells)
    return table


def trials_table(progress: Progress) -> Table:
    """The trials of a sweep, the best first; with their nodes where there are several."""
    trials, leading = list(progress.trials.values()), progress.leading
    on_nodes = len({trial.node for trial in trials if trial.node}) > 1
    metric = progress.judged_by.metric
    judged = () if metric == _SUCCESS else (metric.rpartition("/")[2],)
    node = ("node",) if on_nodes else ()
    titles = ("trial", "status", *node, "agent steps", *judged, "success", "settings")
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False, expand=True)
    for title in titles:
        right = title in ("agent steps", "success", *judged)
        # What was drawn takes the room that is left; it would take everybody's.
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
            _figure(trial.figure(_SUCCESS), "success_rate"),
            Text(trial.settings, overflow="ellipsis"),
        )
    if len(ranked) > _MOST_TRIALS:
        table.add_row("…", f"{len(ranked) - _MOST_TRIALS} more")
    return table


def time_bar(trial: TrialProgress, width: int = 15) -> Text:
    """Where the time goes: a bar in four colours, and the same in figures."""
    shares = [(name, colour, trial.figure(f"perf/share_{name}")) for name, colour in _SHARES]
    line = Text.assemble(("time  ", "dim"))
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
    """Restarts of games, time lost by them, memory, games replaced because of it."""
    restarts, lost_s, memory_mb = (trial.figure(f"health/{n}") for n in ("restarts", "dead_time_s", "rss_mb"))
    number = MISSING if restarts is None else f"{restarts:.0f}"
    noun = "restart" if restarts == 1 else "restarts"
    line = Text.assemble(("games ", "dim"), (f"{number} {noun}", "yellow" if restarts else ""))
    if restarts and lost_s is not None:
        line.append(f", {lost_s:.1f} s lost")
    line.append(f"  ·  memory {MISSING if memory_mb is None else f'{memory_mb:.0f} MB'}")
    recycled = trial.figure("health/recycled")
    if recycled:
        line.append(f", {recycled:.0f} leaking replaced", "yellow")
    return line


def lesson_line(trial: TrialProgress) -> Text:
    """Which lesson of how many, and how often it succeeds."""
    number, left = (int(trial.figure(name) or 0) for name in ("curriculum/lesson", "lessons_left"))
    line = Text.assemble(("lesson ", "dim"), f"{number + 1} of {number + 1 + left}, ", (trial.lesson or "", "bold"))
    line.append("  ·  success ")
    line.append(_figure(trial.lesson_success_rate, "success_rate"))
    return line


def tasks_line(trial: TrialProgress) -> Text:
    """How often each task succeeds."""
    line = Text.assemble(("tasks ", "dim"))
    for i, (task, rate) in enumerate(trial.tasks.items()):
        line.append(f"{'  ·  ' if i else ''}{task} ")
        line.append(_figure(rate, "success_rate"))
    return line


def sparkline(values: Sequence[float], width: int = _TREND_WIDTH) -> str:
    """The course of the values in at most `width` blocks, each the mean of its share of them."""
    if not values:
        return ""
    bins = min(width, len(values))
    edges = [round(i * len(values) / bins) for i in range(bins + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in pairwise(edges)]
    low, high = min(means), max(means)
    span = (high - low) or 1.0
    return "".join(_BARS[min(7, int((mean - low) / span * 8))] for mean in means)


def count(number: float) -> str:
    """`950`, `12.4 k`, `1.25 M`."""
    for size, unit in ((1e6, " M"), (1e3, " k")):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return f"{number:.0f}"


def seconds(duration_s: float) -> str:
    """`4 s`, `1:02`, `2:03:04`."""
    whole = int(duration_s)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _figure(value: float | None, name: str) -> Text:
    if value is None:
        return Text(MISSING, style="dim")
    return Text(f"{value:.0%}" if name == "success_rate" else _short(value))


def _short(value: float) -> str:
    """Three figures, or all before the point: `9.73`, `12.5`, `166`, `12043`."""
    decimals = max(0, 2 - len(str(int(abs(value)))) + 1) if abs(value) >= 1 else 2
    return f"{value:.{decimals}f}"
