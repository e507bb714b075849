"""`spacetime-rl serve`: decide for games that connect by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacetime_rl.cli.common import ResultsOption
from spacetime_rl.cli.completion import complete_source
from spacetime_rl.cli.numbers import LARGEST_SEED, whole_number
from spacetime_rl.errors import UsageError
from spacetime_rl.runs.layout import RESULTS

if TYPE_CHECKING:
    from spacetime_rl.serving.access import Access
    from spacetime_rl.serving.find import Served

_PORT = 8765


def serve(
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
        int | None, typer.Option(metavar="N", **whole_number("Seed of drawn actions.", 0, LARGEST_SEED))
    ] = None,
    token: Annotated[
        bool,
        typer.Option("--token", help="Demand a token, which is made and printed; addresses beyond loopback need it."),
    ] = False,
    tls_cert: Annotated[Path | None, typer.Option(metavar="FILE", help="Certificate for wss://, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its private key, PEM.")] = None,
    results: ResultsOption = None,
) -> None:
    """Decide, over WebSocket and HTTP, for games that connect by themselves. Ctrl-C ends it.

    In Godot, the node RLClient of the addon connects a game. docs/websocket.md has every message.

    [bold]Examples[/bold]
    $ spacetime-rl serve random
    $ spacetime-rl serve baseline:vr_navigation
    $ spacetime-rl serve my-run --stochastic
    $ spacetime-rl serve my_game/policies --port 9000
    $ spacetime-rl serve my-run --host 0.0.0.0 --token --tls-cert cert.pem --tls-key key.pem
    """
    if policies is None:
        raise UsageError("serve: name what to serve: a run, an ONNX file or folder, baseline:NAME, or random")
    from spacetime_rl.serving.access import make_access
    from spacetime_rl.serving.find import find_served

    access = make_access(host, port, token, tls_cert, tls_key)
    _serve(find_served(policies, results or RESULTS, stochastic, seed), access)


def _serve(served: Served, access: Access) -> None:
    import asyncio

    from spacetime_rl.serving.serve import serve_until_stopped

    asyncio.run(serve_until_stopped(served, access, typer.echo))
