"""`spacetime-rl bench`: how fast a game can be stepped here."""

from __future__ import annotations

from typing import Annotated

import typer

from spacetime_rl.cli.common import JsonOption, SetOption, load_config, print_json


def bench(
    config: Annotated[str, typer.Argument(help="A configuration, by name or file.")] = "vr_interaction",
    overrides: SetOption = None,
    rounds: Annotated[int, typer.Option(min=1, help="Measurements; their median is shown.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="Length of a measurement.")] = 2.0,
    json_output: JsonOption = False,
) -> None:
    """Measure how fast Python and one game step together, with random actions and no learning.

    [bold]Examples[/bold]
    $ spacetime-rl bench
    $ spacetime-rl bench vr_interaction --set game.arenas=32 --json
    """
    from spacetime_rl.bench.bridge import measure_bridge
    from spacetime_rl.contract import make_launch

    launch = make_launch(load_config(config, overrides or ()))
    bridge = measure_bridge(launch, rounds, seconds)
    if json_output:
        print_json({"config": config, "arenas": launch.arenas, "bridge": bridge.to_dict()})
        return
    typer.echo(f"{config}, one game of {launch.arenas} arenas, random actions, median of {rounds} rounds:")
    typer.echo(f"  {bridge.agent_steps_per_s:,.0f} agent-steps/s, {bridge.physics_ticks_per_s:,.0f} physics ticks/s")
    typer.echo(f"  a step takes {bridge.step_ms_p50:.2f} ms (median), {bridge.step_ms_p99:.2f} ms (99th percentile)")
    typer.echo(f"  {bridge.share_game:.0%} of the time is the game's, {bridge.share_wire:.0%} the wire's")
