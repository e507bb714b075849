"""The live panel: a frame on the terminal with the state of a run, redrawn five times a second."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from spacetime_rl.console.panel_parts import (
    MISSING,
    best_line,
    cost_line,
    count,
    game_lines,
    health_line,
    league_line,
    learning_table,
    lesson_line,
    machine_line,
    notice_line,
    policies_table,
    reward_lines,
    seconds,
    tasks_line,
    time_bar,
    trials_table,
    update_lines,
)
from spacetime_rl.console.plain import plain_console
from spacetime_rl.console.progress import Progress, TrialProgress, View

_WIDE = 120  # columns from which the learner's figures stand beside the returns
_PAGE_S = 8.0  # seconds for which a page is shown on a terminal that is too low for both
_ENDINGS = {"done": ("✓", "green"), "stopped": ("■", "yellow"), "failed": ("✗", "bold red")}


class PanelView(View):
    """Shows the panel on a terminal until `stop`; the last frame stays."""

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
        """Draw the first frame, and redraw in a thread."""
        self._live.start(refresh=True)

    def stop(self) -> None:
        """Draw the last frame and show the cursor again."""
        self._frame.finish()
        self._live.stop()


class PanelFrame:
    """Draws the state of a run as a panel. It keeps the spinner's phase between frames.

    The figures of the learner and the reward terms stand beside the policies' returns on a wide terminal, and below
    them on a high one. Otherwise two pages alternate; the last frame shows everything.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._spinner = Spinner("dots", style="cyan")
        self._finished = False

    def finish(self) -> None:
        """Replace the spinner by a mark from now on."""
        self._finished = True

    def render(self) -> RenderableType:
        """The panel; its contents are read when rich draws it."""
        return self

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Yield the panel for a terminal of this size; rich calls this for every frame."""
        with self._progress.lock:
            parts, page = self._fitting(console, options)
            yield Panel(
                Group(*parts),
                title=Text.assemble(("SpaceTime RL", "bold"), f" · {self._progress.run_id}"),
                title_align="left",
                subtitle=Text(page, style="dim") if page else None,
                subtitle_align="right",
                border_style="blue",
                padding=(0, 1),
            )

    def _fitting(self, console: Console, options: ConsoleOptions) -> tuple[list[RenderableType], str]:
        """The parts that fit on the terminal, and a text such as `page 1 of 2` if they are only one page."""
        leading = self._progress.leading
        if leading is None:
            return [*self._stages(), *self._notes()], ""
        wide = options.max_width >= _WIDE
        head, policies = list(self._head(leading)), list(self._policies(leading, wide))
        learning = list(self._learning(leading, wide))
        foot = [*self._foot(leading), *self._notes()]
        whole = [*head, *policies, *learning, *foot]
        inner = options.update(width=options.max_width - 4, height=None)
        height = len(console.render_lines(Group(*whole), inner)) + 2
        if self._finished or not learning or height < (options.height or console.height):
            return whole, ""
        page = int(self._progress.elapsed_s / _PAGE_S) % 2
        return [*head, *(learning if page else policies), *foot], f"page {page + 1} of 2"

    def _head(self, leading: TrialProgress) -> Iterator[RenderableType]:
        yield self._sweep_headline() if self._sweep else self._headline(leading)
        yield self._sweep_way() if self._sweep else self._way(leading)
        if leading.lesson is not None:
            yield lesson_line(leading)
        if leading.tasks:
            yield tasks_line(leading)
        if leading.league:
            yield league_line(leading)
        if leading.best is not None:
            yield best_line(leading, *leading.best)
        yield Text()

    def _policies(self, leading: TrialProgress, wide: bool) -> Iterator[RenderableType]:
        if self._sweep:
            yield trials_table(self._progress)
            yield Text()
        table = policies_table(leading, self._policy_title(leading))
        yield _side_by_side(table, learning_table(leading, None)) if wide else table
        yield Text()

    def _learning(self, leading: TrialProgress, wide: bool) -> Iterator[RenderableType]:
        lines = [*reward_lines(leading), *game_lines(leading), *([] if wide else update_lines(leading))]
        if not wide:
            yield learning_table(leading, self._policy_title(leading))
            yield Text()
        yield from lines
        if lines:
            yield Text()

    def _foot(self, leading: TrialProgress) -> Iterator[RenderableType]:
        yield time_bar(leading)
        if leading.verdict:
            yield Text.assemble(("limit ", "dim"), leading.verdict.sentence, no_wrap=True, overflow="ellipsis")
        yield health_line(leading)
        if cost := cost_line(leading):
            yield cost
        yield machine_line()

    def _notes(self) -> Iterator[RenderableType]:
        for note in self._progress.notes:
            yield notice_line(note)

    @property
    def _sweep(self) -> bool:
        return self._progress.planned > 1 or len(self._progress.trials) > 1

    def _policy_title(self, leading: TrialProgress) -> str:
        return f"policy of {leading.index}" if self._sweep else "policy"

    def _stages(self) -> Iterator[RenderableType]:
        """The finished stages and the present one, each with its duration; shown before the first result."""
        stages = self._progress.stages or [("starting", 0.0)]
        ends = [begin for _, begin in stages[1:]] + [self._progress.elapsed_s]
        grid = Table.grid(padding=(0, 1))
        for (text, begin), end in zip(stages[:-1], ends, strict=False):
            grid.add_row(Text("✓", style="green"), text, Text(seconds(end - begin), style="dim"))
        text, begin = stages[-1]
        dots = "" if self._progress.ending else "…"
        grid.add_row(self._mark(), f"{text}{dots}", Text(seconds(ends[-1] - begin), style="dim"))
        yield grid

    def _mark(self) -> RenderableType:
        if self._progress.ending in _ENDINGS:
            mark, style = _ENDINGS[self._progress.ending]
            return Text(mark, style=style)
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
        if self._progress.stages and self._progress.stages[-1][0].startswith("evaluating"):
            return self._marked()  # the progress of the evaluation takes the whole line
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
        """A line of the mark, the stage and `parts`."""
        stage = self._progress.stages[-1][0] if self._progress.stages else "training"
        grid = Table.grid(padding=(0, 1))
        grid.add_row(self._mark(), Text.assemble((stage, "bold"), *parts, no_wrap=True, overflow="ellipsis"))
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
        start_s = self._progress.elapsed_s - self._progress.training_s
        times = f"{share}  start {seconds(start_s)}, training {seconds(self._progress.training_s)}"
        if not self._finished:
            times += f", {MISSING if left is None else seconds(left)} left"
        grid.add_row(bar, Text(times))
        return grid


def _side_by_side(left: Table, right: Table) -> Table:
    grid = Table.grid(padding=(0, 3))
    grid.add_row(left, right)
    return grid
