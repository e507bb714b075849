"""`spacetime-rl eval`: evaluate policies on seeded episodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacetime_rl.cli.common import (
    BestOption,
    JsonOption,
    ResultsOption,
    SetOption,
    as_overrides,
    print_json,
    refuse_given,
)
from spacetime_rl.cli.completion import complete_config, complete_source
from spacetime_rl.cli.numbers import LARGEST_SEED, whole_number
from spacetime_rl.cli.smaller import describe_difference
from spacetime_rl.errors import UsageError
from spacetime_rl.formats.shell import short
from spacetime_rl.runs.layout import REPORT, RESULTS, RunPaths

_LINE_EVERY_S = 10.0

if TYPE_CHECKING:
    from spacetime_rl.config import RunConfig
    from spacetime_rl.evaluation.clock import Pace, Progress
    from spacetime_rl.evaluation.report import EvalReport
    from spacetime_rl.evaluation.story import Evaluated
    from spacetime_rl.game.launch import GameLaunch


def evaluate(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="PLAYER",
            help="A run, a checkpoint, an ONNX folder, `baseline`, `heuristic` or `random`.",
            autocompletion=complete_source,
        ),
    ],
    config: Annotated[
        str | None,
        typer.Option(
            "--config",
            metavar="CONFIG",
            help="Configuration to play; default: the one that the player was trained on.",
            autocompletion=complete_config,
        ),
    ] = None,
    overrides: SetOption = None,
    episodes: Annotated[
        int | None, typer.Option(metavar="N", **whole_number("Episodes; default: the configuration's.", 1))
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", **whole_number("Seed of the episodes.", 0, LARGEST_SEED))
    ] = None,
    games: Annotated[
        int | None, typer.Option(metavar="N", **whole_number("Games that play at the same time.", 1))
    ] = None,
    arenas: Annotated[
        int | None, typer.Option(metavar="N", **whole_number("Arenas in each of these games.", 1))
    ] = None,
    stochastic: Annotated[
        bool, typer.Option("--stochastic", help="Sample actions as in training; default: the configuration's.")
    ] = False,
    with_sources: Annotated[
        list[str] | None,
        typer.Option(
            "--with", metavar="POLICY=PLAYER", help="Another player for one of the policies; may be repeated."
        ),
    ] = None,
    in_game: Annotated[
        bool, typer.Option("--in-game", help="Let the game itself compute the policies, as in a build without Python.")
    ] = False,
    decision_every: Annotated[
        int,
        typer.Option(
            metavar="N",
            **whole_number("Ask the policies on every N-th decision, and compare with every one.", 1),
        ),
    ] = 1,
    checkpoint_number: Annotated[
        int | None, typer.Option(metavar="N", **whole_number("Which checkpoint of a run; default: the latest.", 0))
    ] = None,
    best: BestOption = False,
    plots: Annotated[
        bool, typer.Option("--plots", help="Draw paths, heights, rewards and comfort of these episodes.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="DIR", help="Folder of the pictures; default: the run's report/eval-SEED/."),
    ] = None,
    episodes_csv: Annotated[
        Path | None,
        typer.Option("--episodes-csv", metavar="FILE", help="Write the metrics of every agent and episode."),
    ] = None,
    rounds: Annotated[
        Path | None,
        typer.Option(
            "--rounds",
            metavar="FILE",
            help="Write a row a round: seed, roles, winner, seconds, tags; for games that report `won`.",
        ),
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Write every episode to a file, which `replay` plays again.")
    ] = False,
    record_to: Annotated[
        Path | None,
        typer.Option("--record-to", metavar="DIR", help="The same, into this folder; default: results/episodes/…"),
    ] = None,
    video: Annotated[
        int | None,
        typer.Option("--video", metavar="N", help="Film N episodes, from the best to the worst.", min=1, max=100),
    ] = None,
    results: ResultsOption = None,
    json_output: JsonOption = False,
) -> None:
    """Play seeded episodes and report success with its confidence interval; the same seed gives the same episodes.

    [bold]Examples[/bold]

      spacetime-rl eval my-run

      spacetime-rl eval heuristic --config vr_interaction --episodes 200 --json

      spacetime-rl eval baseline --config vr_interaction

      spacetime-rl eval results/my-run/onnx --config vr_interaction --seed 7

      spacetime-rl eval my-run --best

      spacetime-rl eval my-run --with runner=heuristic

      spacetime-rl eval my-run --in-game

      spacetime-rl eval my-run --decision-every 3

      spacetime-rl eval my-run --plots

      spacetime-rl eval heuristic --config tag --rounds rounds.csv

      spacetime-rl eval my-run --episodes 20 --record

      spacetime-rl eval my-run --video 3
    """
    if not (plots or video):
        refuse_given(context, f"eval {source}", "the folder of the pictures; add --plots to draw them", "output")
    if video:
        from spacetime_rl.episodes.video import find_ffmpeg

        find_ffmpeg()
    from spacetime_rl.evaluation.report import write_episodes
    from spacetime_rl.evaluation.story import evaluate_player
    from spacetime_rl.pictures.write import TRACED
    from spacetime_rl.runs.best import find_best

    options = {"episodes": episodes, "seed": seed, "games": games, "arenas": arenas, "stochastic": stochastic or None}
    changes = [*(overrides or ()), *as_overrides({f"evaluation.{key}": value for key, value in options.items()})]
    where = results or RESULTS
    if best and checkpoint_number is not None:
        raise UsageError(f"eval {source}: --best and --checkpoint-number both name a checkpoint; leave one of them out")
    play = partial(
        evaluate_player,
        str(find_best(source, where)) if best else source,
        config,
        opponents=with_sources or (),
        results=where,
        checkpoint_number=checkpoint_number,
        in_game=in_game,
        show=lambda played: show_progress(played.evaluation.max_time_s, lines=json_output),
        say=lambda note: typer.echo(f"spacetime-rl: {note}", err=True),
    )
    before = [play(changes).report] if decision_every > 1 else []
    found = play(
        changes,
        decision_every=decision_every,
        traced=TRACED if plots else 0,
        record=record or bool(video),
        record_to=record_to,
    )
    report, chosen = found.report, found.config
    if episodes_csv:
        write_episodes(report.results, episodes_csv)
    if rounds:
        from spacetime_rl.evaluation.rounds import write_rounds

        write_rounds(report.results, report.seed, rounds)
    few = [*changes, f"evaluation.episodes={video}", "evaluation.games=1"]
    again = partial(_play_for, partial(play, decision_every=decision_every), few)
    files = _draw(found, output, where, plots, video, again) if plots or video else []
    from spacetime_rl.smaller.compare import compare_episodes

    differences = [difference for one in before for difference in compare_episodes(one, report)]
    if json_output:
        recorded = {"recorded": str(found.recorded)} if found.recorded else {}
        compared = (
            {"every_decision": before[0].to_dict(), "differences": [asdict(d) for d in differences]} if before else {}
        )
        drawn = {"files": [str(file) for file in files]} if plots or video else {}
        print_json(report.to_dict() | compared | drawn | recorded)
        return
    from spacetime_rl.console.plain import plain_console
    from spacetime_rl.evaluation.table import compare

    plain_console().print(compare([*before, report]))
    for difference in differences:
        typer.echo(describe_difference(difference, report.episodes))
    if report.bounded:
        typer.echo(report.bounded.note, err=True)
    if hint := _hint(report, chosen, found.run):
        typer.echo(hint, err=True)
    for file in [*files, *([found.recorded] if found.recorded else [])]:
        typer.echo(str(short(file)))


def _hint(report: EvalReport, config: RunConfig, run: Path | None) -> str | None:
    """Advice for the user if the policies did better in the training of their run; otherwise None."""
    if run is None or config.evaluation.stochastic:
        return None
    from spacetime_rl.evaluation.hints import stuck_hint
    from spacetime_rl.metrics import Result
    from spacetime_rl.runs.result_log import read_all_progress

    trials = read_all_progress(RunPaths(run).results).values()
    return stuck_hint(report, max((trial[-1] for trial in trials), key=lambda last: Result(last).step, default={}))


def _play_for(play: Callable[..., Evaluated], changes: list[str], prepare: Callable[[GameLaunch], GameLaunch]) -> None:
    play(changes, prepare=prepare)


def _draw(
    found: Evaluated,
    output: Path | None,
    results: Path,
    plots: bool,
    video: int | None,
    play_again: Callable[[Callable[[GameLaunch], GameLaunch]], None],
) -> list[Path]:
    """Write pictures and videos, and record them in the MLflow run of the policies if they are in its folder.

    `play_again` plays as many episodes as are filmed, for a game in which none is played again by its number.
    """
    from spacetime_rl.evaluation.films import film_episodes, film_first
    from spacetime_rl.pictures.write import write_pictures
    from spacetime_rl.tracking.identity import describe_run
    from spacetime_rl.tracking.outputs import record_report
    from spacetime_rl.tracking.store import resolve_store

    report, config, run = found.report, found.config, found.run
    name = f"eval-{report.seed}"
    folder = output or (RunPaths(run).report_of(name) if run else results / f"{name}-{report.source}-{config.name}")
    files = write_pictures(report, folder, f"{report.source}, {config.name}") if plots else []
    if video and not report.paired:
        files.append(film_first(play_again, video, folder))
    elif video and found.recorded:
        files += film_episodes(report, found.recorded, video, folder)
    if run and not output:
        store = resolve_store(run.parent, config.tracking.uri)
        record_report(store, describe_run(config, run.name, run), folder, f"{REPORT}/{name}")
    return files


@contextmanager
def show_progress(max_time_s: float, lines: bool) -> Iterator[Progress]:
    """Show progress on stderr: a bar on a terminal; otherwise, or with `lines`, a line at most every ten seconds."""
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    from spacetime_rl.console.plain import plain_console
    from spacetime_rl.evaluation.clock import Pace

    console = plain_console(stderr=True)
    pace = Pace(max_time_s)
    if lines or not console.is_terminal:
        yield _line_printer(pace)
        return
    with Bar(
        TextColumn("playing"), BarColumn(), TextColumn("{task.description}"), console=console, transient=True
    ) as bar:
        task = bar.add_task("the game starts", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total, description=pace.describe(done, total))


def _line_printer(pace: Pace) -> Progress:
    printed_s = 0.0

    def show(done: int, total: int) -> None:
        nonlocal printed_s
        if pace.elapsed_s - printed_s >= _LINE_EVERY_S:
            printed_s = pace.elapsed_s
            figures = {"elapsed_s": pace.elapsed_s, "eta_s": pace.left_s(done, total)}
            rest = " ".join(f"{name}={value:.0f}" for name, value in figures.items())
            typer.echo(f"episodes={done}/{total} {rest}", err=True)

    return show
