"""`spacetime-rl serve`: decide for games that connect by themselves, and learn from them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacetime_rl.cli.common import (
    JsonOption,
    ResultsOption,
    SetOption,
    as_overrides,
    load_config,
    refuse_given,
    show_summary,
)
from spacetime_rl.cli.completion import complete_config, complete_preset, complete_source
from spacetime_rl.cli.numbers import LARGEST_SEED, whole_number
from spacetime_rl.errors import UsageError
from spacetime_rl.host import signals
from spacetime_rl.runs.layout import RESULTS

if TYPE_CHECKING:
    from spacetime_rl.serving.access import Access
    from spacetime_rl.serving.find import Served

_PORT = 8765


def serve(
    context: typer.Context,
    policies: Annotated[
        str | None,
        typer.Argument(
            metavar="POLICIES",
            help="A run, an ONNX file or folder, `baseline:NAME`, or `random`.",
            autocompletion=complete_source,
        ),
    ] = None,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="N", **whole_number("Port; 0 lets the system choose.", 0, 65535))
    ] = _PORT,
    stochastic: Annotated[
        bool, typer.Option("--stochastic", help="Draw actions as in training; default: the most probable ones.")
    ] = False,
    seed: Annotated[
        int | None, typer.Option(metavar="N", **whole_number("Seed of drawn actions, or of the run.", 0, LARGEST_SEED))
    ] = None,
    token: Annotated[
        bool,
        typer.Option("--token", help="Demand a token, which is made and printed; addresses beyond loopback need it."),
    ] = False,
    tls_cert: Annotated[Path | None, typer.Option(metavar="FILE", help="Certificate for wss://, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its private key, PEM.")] = None,
    learn: Annotated[
        str | None,
        typer.Option(
            metavar="CONFIG",
            help="Learn from what the games experience, as a run of this configuration.",
            autocompletion=complete_config,
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="--learn: lay a preset over it.", autocompletion=complete_preset),
    ] = None,
    overrides: SetOption = None,
    run_id: Annotated[str | None, typer.Option(metavar="ID", help="--learn: run id.")] = None,
    force: Annotated[bool, typer.Option("--force", help="--learn: replace an earlier run of the same id.")] = False,
    spaces_from_game: Annotated[
        bool,
        typer.Option(
            "--spaces-from-game",
            help="--learn: start no game; the first that connects says what it sees and does.",
        ),
    ] = False,
    no_eval: Annotated[bool, typer.Option("--no-eval", help="--learn: do not evaluate the policies.")] = False,
    json_output: JsonOption = False,
    results: ResultsOption = None,
) -> None:
    """Decide, over WebSocket and HTTP, for games that connect by themselves. Ctrl-C ends it.

    In Godot, the node RLClient of the addon connects a game. docs/websocket.md has every message.
    With --learn, POLICIES is the run whose weights to begin with, if any.

    [bold]Examples[/bold]
    $ spacetime-rl serve random
    $ spacetime-rl serve baseline:vr_navigation
    $ spacetime-rl serve my-run --stochastic
    $ spacetime-rl serve my_game/policies --port 9000
    $ spacetime-rl serve my-run --host 0.0.0.0 --token --tls-cert cert.pem --tls-key key.pem
    $ spacetime-rl serve --learn tag --set stop.agent_steps=200000
    $ spacetime-rl serve --learn my_run.yaml --spaces-from-game
    """
    from spacetime_rl.serving.access import make_access

    access = make_access(host, port, token, tls_cert, tls_key)
    if learn is None:
        refuse_given(
            context,
            "serve",
            "is for --learn CONFIG",
            *("preset", "overrides", "run_id", "force", "spaces_from_game", "no_eval", "json_output"),
        )
        if policies is None:
            raise UsageError("serve: name what to serve: a run, an ONNX file or folder, baseline:NAME, or random")
        from spacetime_rl.serving.find import find_served

        return _serve(find_served(policies, results or RESULTS, stochastic, seed), access)
    refuse_given(context, "serve --learn", "actions are always drawn; leave it out", "stochastic")
    settings = [
        *(overrides or ()),
        *as_overrides({"seed": seed, "results": results, "initialize_from": policies}),
    ]
    config = load_config(learn, settings, preset)
    from spacetime_rl.live.rules import make_live

    make_live(config, starts_games=not spaces_from_game)  # what is wrong is said before a game is waited for
    access = _announce(access)
    declared = None
    if spaces_from_game:
        from spacetime_rl.live.declared import await_declaration

        typer.echo("waiting for a game that says what it sees and does", err=True)
        declared = await_declaration(access)
    from spacetime_rl.live.run import learn_live  # Ray and torch take seconds
    from spacetime_rl.live.runner import Door

    cert, key = (file and file.absolute() for file in (tls_cert, tls_key))
    door = Door(access.host, access.port, cert, key)
    summary = learn_live(config, door, run_id, force, not no_eval, json_output, declared)
    show_summary(summary, json_output)
    if summary.stopped:
        raise typer.Exit(signals.exit_code())
    return None


def _serve(served: Served, access: Access) -> None:
    import asyncio

    from spacetime_rl.serving.serve import serve_until_stopped

    asyncio.run(serve_until_stopped(served, access, typer.echo))


def _announce(access: Access) -> Access:
    """Say where games connect, on stderr; returns the access with its port. Raises UsageError if that is taken."""
    from spacetime_rl.serving.access import TOKEN, choose_port

    access = replace(access, port=choose_port(access))
    typer.echo(f"games connect to {access.url}", err=True)
    if access.token is not None:
        os.environ[TOKEN] = access.token  # the run's processes inherit it; it is in no file
    if access.made_token:
        typer.echo(f"token: {access.token}", err=True)
    return access
