"""`spacetime-rl playtest`: let players play a build, and report what breaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacetime_rl.cli.common import JsonOption, ResultsOption, SetOption, as_overrides, print_json, refuse_given
from spacetime_rl.cli.completion import complete_target
from spacetime_rl.cli.numbers import LARGEST_SEED, decimal_number, whole_number
from spacetime_rl.errors import ConfigError, UsageError, UserCodeError
from spacetime_rl.formats.shell import short
from spacetime_rl.runs.layout import FINDINGS, PLAYTESTS, RESULTS

if TYPE_CHECKING:
    from spacetime_rl.config.playtest import Playtest
    from spacetime_rl.playtest.story import Progress, Show, ShowProgress, Workers

_LINE_EVERY_S = 10.0
_OF_A_NEW_ONE = (
    "target",
    "project",
    "build",
    "player",
    "overrides",
    "seed",
    "store",
    "output",
)  # parameters of `playtest`


def playtest(
    context: typer.Context,
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="TARGET",
            help="A plan (a configuration with a `playtest` section), a scenario, an exported game or a Godot project.",
            autocompletion=complete_target,
        ),
    ] = None,
    project: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="A Godot project that knows nothing of reinforcement learning; TARGET, if there is one, is its plan.",
        ),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Continue a stopped playtest, by the folder of its report; with more --episodes or --minutes.",
        ),
    ] = None,
    build: Annotated[
        str | None,
        typer.Option(
            metavar="BUILD", help="Another build of the game: a project folder, an exported game, git:REF[:PATH]."
        ),
    ] = None,
    player: Annotated[
        list[str] | None,
        typer.Option(
            "--player",
            metavar="PLAYER[=SHARE]",
            help="`random`, `heuristic`, `explorer`, `baseline`, a run, ONNX files, recordings; may be repeated.",
        ),
    ] = None,
    overrides: SetOption = None,
    episodes: Annotated[int | None, typer.Option(metavar="N", **whole_number("Episodes in all.", 1))] = None,
    minutes: Annotated[
        float | None, typer.Option(metavar="M", **decimal_number("Wall-clock minutes of play, at most.", 0.01, 10_000))
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", **whole_number("Seed of the episodes.", 0, LARGEST_SEED))
    ] = None,
    games: Annotated[
        int | None, typer.Option(metavar="N", **whole_number("Games that play at the same time.", 1))
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option("--findings", metavar="DIR", help="Where findings are kept; default: results/findings/NAME."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="DIR", help="Folder of the report; default: results/playtests/TIME-NAME."),
    ] = None,
    on_ray: Annotated[
        bool,
        typer.Option("--ray", help="Play on the Ray cluster at $RAY_ADDRESS, or on a Ray of this machine."),
    ] = False,
    results: ResultsOption = None,
    json_output: JsonOption = False,
) -> None:
    """Let players play a build, look for crashes, hangs, errors and stuck players, and keep each as a recording.

    Every finding is played again from its recording, and shortened. Exit code 1 if an error was found that is new, or
    that was marked as fixed.

    [bold]Examples[/bold]

      spacetime-rl playtest vr_interaction --minutes 5

      spacetime-rl playtest plan.yaml --build ./my_game

      spacetime-rl playtest --project ./any_godot_game

      spacetime-rl playtest my_game.yaml --player random --player my-run=3 --episodes 500 --json

      spacetime-rl playtest --resume results/playtests/2027-01-31_22-00-00-my_game
    """
    from spacetime_rl.pictures.playtest_outputs import play_and_report, resume_and_report
    from spacetime_rl.playtest.report import to_dict, to_page
    from spacetime_rl.playtest.story import local_workers

    workers = _ray_workers() if on_ray else local_workers
    where = results or RESULTS
    limits = as_overrides({"episodes": episodes, "minutes": minutes, "games": games})
    if resume is not None:
        refuse_given(context, "playtest --resume", "belongs to a new playtest; leave it out", *_OF_A_NEW_ONE)
        folder = resume
        with _shown(json_output) as (show, show_progress):
            report, files = resume_and_report(folder, limits, where, show, show_progress, workers)
    else:
        plan = _load(target, project, build, overrides or (), [*as_overrides({"seed": seed}), *limits], player or ())
        kept = store or where / FINDINGS / plan.config.name
        folder = output or where / PLAYTESTS / f"{datetime.now():%Y-%m-%d_%H-%M-%S}-{plan.config.name}"
        baseline = None if build else target
        with _shown(json_output) as (show, show_progress):
            report, files = play_and_report(plan, kept, folder, where, show, baseline, show_progress, workers)
    if json_output:
        print_json(to_dict(report) | {"files": [str(file) for file in files], "store": str(report.store)})
    else:
        typer.echo(to_page(report))
        typer.echo(f"{short(folder)}: {', '.join(file.name for file in files)}; findings in {short(report.store)}")
    if report.error or report.interrupted:
        typer.echo(f"continue with: spacetime-rl playtest --resume {short(folder)}", err=True)
        raise report.error or KeyboardInterrupt
    if report.problems:
        raise UserCodeError("; ".join(report.problems))
    raise typer.Exit(int(report.failed))


def _ray_workers() -> Workers:
    from spacetime_rl.jobs.playtest_workers import ray_workers
    from spacetime_rl.tuning.ray_session import prepare_ray

    prepare_ray()
    return ray_workers


def _load(
    target: str | None,
    project: Path | None,
    build: str | None,
    overrides: Sequence[str],
    settings: Sequence[str],
    players: Sequence[str],
) -> Playtest:
    from spacetime_rl.evaluation.target import build_overrides
    from spacetime_rl.playtest.load import load_plan, unchanged_overrides

    if target is None and project is None:
        raise UsageError(
            "playtest: name a plan, a scenario, an exported game or a Godot project, as in "
            "`spacetime-rl playtest vr_interaction`; or --project DIR, or --resume DIR"
        )
    where = target or str(project)
    unchanged = unchanged_overrides(project) if project else ()
    if build is None:
        return load_plan(where, [*unchanged, *overrides], settings, players)
    scenario = None
    with suppress(ConfigError):  # a plan may leave it to the build which game is played
        scenario = load_plan(where, [*unchanged, *overrides]).config.scenario.name
    return load_plan(where, [*unchanged, *build_overrides("build", build, scenario), *overrides], settings, players)


@contextmanager
def _shown(lines: bool) -> Iterator[tuple[Show, ShowProgress]]:
    """Show messages and progress on stderr: a bar on a terminal; otherwise, or with `lines`, lines of text."""
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    from spacetime_rl.console.plain import plain_console

    console = plain_console(stderr=True)
    if lines or not console.is_terminal:
        yield (lambda text: typer.echo(text, err=True)), _line_printer()
        return
    columns = (TextColumn("playing"), BarColumn(bar_width=24), TextColumn("{task.description}"))
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("the game starts", total=None)

        def update(now: Progress) -> None:
            total = now.elapsed_s + now.left_s
            bar.update(task, completed=now.elapsed_s, total=total, description=" · ".join(_figures(now)))

        yield (lambda text: console.print(text, markup=False, highlight=False)), update


def _figures(now: Progress) -> Iterator[str]:
    yield f"episodes {now.episodes:,}{f' of {now.wanted:,}' if now.wanted else ''}"
    yield f"cells {now.cells}"
    yield f"findings {now.findings}{f' (new errors {now.failing})' if now.failing else ''}"
    yield f"{round(now.left_s) // 60}:{round(now.left_s) % 60:02} min left"


def _line_printer() -> ShowProgress:
    printed_s = 0.0

    def show(now: Progress) -> None:
        nonlocal printed_s
        if now.elapsed_s - printed_s >= _LINE_EVERY_S:
            printed_s = now.elapsed_s
            episodes = f"{now.episodes}/{now.wanted}" if now.wanted else str(now.episodes)
            found = f"findings={now.findings} failing={now.failing}"
            typer.echo(
                f"episodes={episodes} cells={now.cells} {found} elapsed_s={now.elapsed_s:.0f} left_s={now.left_s:.0f}",
                err=True,
            )

    return show
