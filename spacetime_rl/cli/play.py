"""`spacetime-rl play`: open a scenario in a window, to play it or to watch policies play."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from spacetime_rl.cli.common import (
    JsonOption,
    ResultsOption,
    SetOption,
    print_json,
)
from spacetime_rl.cli.completion import complete_source, complete_target
from spacetime_rl.cli.numbers import LARGEST_SEED, whole_number
from spacetime_rl.formats.shell import short
from spacetime_rl.runs.layout import RESULTS, new_recordings

if TYPE_CHECKING:
    from spacetime_rl.evaluation.watch import PlayedEpisode


def play(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="TARGET",
            help="A scenario or a configuration; default: the one that the policy was trained on.",
            autocompletion=complete_target,
        ),
    ] = None,
    overrides: SetOption = None,
    policy: Annotated[
        str | None,
        typer.Option(
            "--policy",
            metavar="PLAYER",
            help="Who plays: a run, an ONNX folder, `baseline`, `heuristic` or `random`.",
            autocompletion=complete_source,
        ),
    ] = None,
    agent: Annotated[
        str | None,
        typer.Option("--agent", metavar="NAME", help="The agent you play, e.g. taker_0; default: the first one."),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option("--task", metavar="NAME", help="Of several tasks, the one to play; default: the first."),
    ] = None,
    in_game: Annotated[
        bool,
        typer.Option(
            "--in-game",
            help="Let the game itself compute the policies, without Python; without --policy those of the baseline.",
        ),
    ] = False,
    seed: Annotated[int, typer.Option(metavar="N", **whole_number("Seed of the episodes.", 0, LARGEST_SEED))] = 0,
    episodes: Annotated[
        int | None, typer.Option(metavar="N", **whole_number("Episodes; default: until the window is closed.", 1))
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Write every episode to a file, which `replay` plays again.")
    ] = False,
    results: ResultsOption = None,
    json_output: JsonOption = False,
) -> None:
    """Open a scenario in a window and play it with keyboard or gamepad, its rewards on screen; or watch policies play.

    The scripted policies play the other agents, or the player of --policy does. Esc or closing the window ends it.

    [bold]Examples[/bold]

      spacetime-rl play vr_interaction

      spacetime-rl play vr_interaction --agent taker_0 --set scenario.params.players=2

      spacetime-rl play vr_navigation --policy baseline

      spacetime-rl play --policy my-run

      spacetime-rl play vr_navigation --in-game

      spacetime-rl play vr_navigation --record

      spacetime-rl play vr_interaction_avoid --policy my-run --agent runner_0
    """
    from spacetime_rl.evaluation.watch import Wanted, play_in_window

    folder = new_recordings("play", results or RESULTS) if record else None
    wanted = Wanted(target, tuple(overrides or ()), policy, agent, task, seed, episodes, folder, in_game)
    played = []
    for episode in play_in_window(wanted, results or RESULTS):
        played.append(episode)
        if not json_output:
            typer.echo(_line(episode))
    if folder is not None and folder.is_dir():
        typer.echo(f"recorded in {short(folder)}", err=True)
    if json_output:
        print_json([{"episode": episode.episode, "agents": episode.agents} for episode in played])


_ENDINGS = {True: "success, ", False: "no success, "}


def _line(episode: PlayedEpisode) -> str:
    shares = [
        f"{name}: {_ENDINGS[metrics['success'] > 0] if 'success' in metrics else ''}return {metrics['return']:.2f}"
        for name, metrics in episode.agents.items()
    ]
    return f"episode {episode.episode}  {'; '.join(shares)}"
