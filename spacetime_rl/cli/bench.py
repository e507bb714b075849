"""`spacetime-rl bench`: the speed of sampling and training on this machine, and its bottleneck."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from spacetime_rl.cli.common import JsonOption, SetOption, as_overrides, print_json, refuse_given
from spacetime_rl.cli.numbers import decimal_number, whole_number
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.race.options import RaceOptions
from spacetime_rl.runs.layout import RESULTS

if TYPE_CHECKING:
    from spacetime_rl.bench.rounds import Progress
    from spacetime_rl.config import RunConfig

_OF_SPEED = ("agents", "action_repeat", "games", "stock", "scaling", "head", "rounds", "seconds", "markdown")
_OF_A_RACE = ("success", "seeds", "limit", "judge_every", "episodes")
_OF_A_GAME = ("target", "overrides", "agents", "action_repeat", "games", "stock", "scaling", "seconds")


def bench(
    context: typer.Context,
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="A scenario, a configuration, an exported game or a Godot project.")
    ] = "bench",
    overrides: SetOption = None,
    agents: Annotated[int | None, typer.Option(metavar="N", **whole_number("Agents in one game.", 1))] = None,
    action_repeat: Annotated[
        int | None, typer.Option(metavar="R", **whole_number("Physics ticks a decision.", 1))
    ] = None,
    games: Annotated[
        int | None, typer.Option(metavar="G", **whole_number("Games that one env runner plays.", 1))
    ] = None,
    stock: Annotated[
        bool, typer.Option("--stock", help="Measure godot-rl, Stable-Baselines3 and RLlib's own runner as well.")
    ] = False,
    scaling: Annotated[
        bool, typer.Option("--scaling", help="Measure sampling for 1-128 agents, 1-4 games, 1 and 2 runners as well.")
    ] = False,
    head: Annotated[
        bool,
        typer.Option("--head", help="Measure instead what many runners cost driver, learner and MLflow."),
    ] = False,
    race: Annotated[
        bool,
        typer.Option(
            "--race",
            help="Instead train the task anew, with this package and its peers, until it is learned: who is first?",
        ),
    ] = False,
    success: Annotated[
        float, typer.Option(metavar="RATE", **decimal_number("--race: the success that ends a training.", 0.01, 1))
    ] = 0.9,
    seeds: Annotated[int, typer.Option(metavar="N", **whole_number("--race: trainings of each.", 1))] = 3,
    limit: Annotated[
        float,
        typer.Option(metavar="S", **decimal_number("--race: seconds after which a training is ended.", 1, 1_000_000)),
    ] = 300.0,
    judge_every: Annotated[
        float,
        typer.Option(metavar="S", **decimal_number("--race: seconds of training between evaluations.", 0, 1_000_000)),
    ] = 15.0,
    episodes: Annotated[
        int, typer.Option(metavar="N", **whole_number("--race: held-out episodes of an evaluation.", 1))
    ] = 50,
    rounds: Annotated[int, typer.Option(metavar="K", **whole_number("Rounds; their median is reported.", 1))] = 5,
    seconds: Annotated[
        float, typer.Option(metavar="S", **decimal_number("Length of a measurement in a round.", 0.1, 600))
    ] = 2.0,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="For bench.json and bench.png; default: results/bench/<time>.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the figures as Markdown tables.")] = False,
    json_output: JsonOption = False,
) -> None:
    """Measure, side by side: the engine's limit, the bridge, sampling with the policy, and whole training.

    Everything is measured in turns, round by round, so that other load on this machine affects all of it alike.

    [bold]Examples[/bold]

      spacetime-rl bench

      spacetime-rl bench --agents 128 --action-repeat 1 --stock

      spacetime-rl bench vr_interaction --games 2 --rounds 3 --json

      spacetime-rl bench ./my_game.x86_64 --out my_bench

      spacetime-rl bench --head

      spacetime-rl bench vr_navigation --race --limit 600
    """
    from spacetime_rl.evaluation.target import load_target

    if race:
        refuse_given(context, "bench --race", "it measures no speed; leave it out", *_OF_SPEED)
        config = load_target(target, overrides or ())
        return _race(target, config, RaceOptions(success, seeds, limit, judge_every, episodes), out, json_output)
    refuse_given(context, "bench", "is for --race", *_OF_A_RACE)
    if head:
        refuse_given(context, "bench --head", "it plays no game; leave it out", *_OF_A_GAME)
        return _bench_head(out or _new_folder(), rounds, json_output)
    options = {"game.action_repeat": action_repeat, "rollout.games_per_runner": games}
    config = load_target(target, [*(overrides or ()), *as_overrides(options)])
    folder = out or _new_folder()
    command = shlex.join(["spacetime-rl", *sys.argv[1:]])

    from spacetime_rl.console.screen import own_streams

    with own_streams(folder / "bench.log") as (_, err), _progress(err) as progress:
        progress(0, 1, "loading Ray and torch")
        from spacetime_rl.bench.run import BenchOptions, run_bench
        from spacetime_rl.bench.target import with_agents

        chosen = BenchOptions(rounds, seconds, stock, scaling)
        err.write(f"This takes about {_minutes(chosen.duration_s)}.\n")
        report = run_bench(target, command, with_agents(config, agents) if agents else config, chosen, progress)

    from spacetime_rl.bench.page import figures
    from spacetime_rl.bench.picture import draw
    from spacetime_rl.bench.table import show

    document = report.to_dict()
    (folder / "bench.json").write_text(to_json(document, indent=2) + "\n", encoding="utf-8")
    draw(report, folder / "bench.png")
    if json_output:
        print_json(document)
    elif markdown:
        typer.echo(figures([document]))
    else:
        from spacetime_rl.console.plain import plain_console

        console = plain_console()
        console.print(show(report, console.width))
        typer.echo(f"{folder}: bench.json, bench.png")
    return None


def _race(target: str, config: RunConfig, options: RaceOptions, out: Path | None, json_output: bool) -> None:
    from spacetime_rl.console.screen import own_streams

    folder = out or _new_folder()
    with own_streams(folder / "race.log") as (_, err):
        began = time.monotonic()

        def say(text: str) -> None:
            print(f"{time.monotonic() - began:7.1f} s  {text}", file=err, flush=True)

        say("loading Ray and torch")
        from spacetime_rl.race.run import run_race

        report = run_race(target, shlex.join(["spacetime-rl", *sys.argv[1:]]), config, options, say)

    from spacetime_rl.race.picture import draw

    document = report.to_dict()
    (folder / "race.json").write_text(to_json(document, indent=2) + "\n", encoding="utf-8")
    draw(report, folder / "race.png")
    if json_output:
        return print_json(document)
    from spacetime_rl.console.plain import plain_console
    from spacetime_rl.race.table import show

    plain_console().print(show(report))
    return typer.echo(f"{folder}: race.json, race.png")


def _bench_head(folder: Path, rounds: int, json_output: bool) -> None:
    from spacetime_rl.console.screen import own_streams

    with own_streams(folder / "bench.log") as (_, err), _progress(err) as progress:
        progress(0, 1, "loading Ray and torch")
        from spacetime_rl.bench.head import measure_head

        document = measure_head(rounds, progress).to_dict()
    (folder / "head.json").write_text(to_json(document, indent=2) + "\n", encoding="utf-8")
    if json_output:
        return print_json(document)
    from spacetime_rl.bench.head_page import figures

    typer.echo(figures(document))
    return typer.echo(f"\n{folder}: head.json")


def _new_folder() -> Path:
    return RESULTS / "bench" / datetime.now().strftime("%Y-%m-%d_%H-%M-%S")


@contextmanager
def _progress(err: TextIO) -> Iterator[Progress]:
    """Show progress on `err`: a bar on a terminal, otherwise a line for every step."""
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    from spacetime_rl.console.plain import plain_console

    began = time.monotonic()
    console = plain_console(file=err)
    if not console.is_terminal:
        yield lambda _, __, text: print(f"{time.monotonic() - began:7.1f} s  {text}", file=err, flush=True)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=1)
        yield lambda done, total, text: bar.update(task, completed=done, total=total, description=text)


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"
