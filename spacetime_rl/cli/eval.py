"""`spacetime-rl eval`: judge policies on seeded episodes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacetime_rl.cli.common import (
    DEFAULT_RESULTS,
    JsonOption,
    ResultsOption,
    SetOption,
    as_overrides,
    load_config,
    print_json,
)

if TYPE_CHECKING:
    from spacetime_rl.config import RunConfig
    from spacetime_rl.evaluation.evaluate import Progress


def evaluate(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="A run, a checkpoint, an ONNX folder, `random` or `heuristic`.")
    ],
    config: Annotated[
        str | None,
        typer.Option("--config", metavar="CONFIG", help="What to play; default: what the source was trained on."),
    ] = None,
    overrides: SetOption = None,
    episodes: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Episodes; default: the configuration's.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, metavar="N", help="Seed of the episodes.")] = None,
    games: Annotated[int | None, typer.Option(min=1, metavar="N", help="Games that play at the same time.")] = None,
    arenas: Annotated[int | None, typer.Option(min=1, metavar="N", help="Arenas in each of these games.")] = None,
    stochastic: Annotated[
        bool, typer.Option("--stochastic", help="Sample actions as in training; default: the most probable ones.")
    ] = False,
    with_sources: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="POLICY=SOURCE", help="Who plays one of the policies instead; repeatable."),
    ] = None,
    checkpoint_number: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Which checkpoint of a run; default: the latest.")
    ] = None,
    results: ResultsOption = None,
    json_output: JsonOption = False,
) -> None:
    """Play seeded episodes and report success with its confidence interval; the same seed gives the same result.

    [bold]Examples[/bold]

      spacetime-rl eval my-run

      spacetime-rl eval heuristic --config vr_interaction --episodes 200 --json

      spacetime-rl eval results/my-run/onnx --config vr_interaction --seed 7

      spacetime-rl eval my-run --with runner=heuristic
    """
    from spacetime_rl.contract import make_launch
    from spacetime_rl.evaluation.evaluate import evaluate as play
    from spacetime_rl.evaluation.resolve import mix_sources, require_config, resolve_source

    options = {"episodes": episodes, "seed": seed, "games": games, "arenas": arenas}
    changes = [*(overrides or ()), *as_overrides({f"evaluation.{key}": value for key, value in options.items()})]
    with tempfile.TemporaryDirectory(prefix="spacetime-rl-eval-") as folder:
        found = resolve_source(source, results or DEFAULT_RESULTS, Path(folder), checkpoint_number, stochastic)
        found = mix_sources(found, with_sources or (), results or DEFAULT_RESULTS, Path(folder), stochastic)
        if config or (overrides and found.config is None):
            chosen = load_config(config, changes)
        else:
            chosen = _change(require_config(found, source), changes, Path(folder))
        plan = chosen.evaluation
        launch = replace(make_launch(chosen), arenas=plan.arenas)
        with _progress(shown=not json_output) as progress:
            report = play(launch, chosen, found.source, plan.episodes, plan.seed, plan.games, progress)
    if json_output:
        print_json(report.to_dict())
        return
    from rich.console import Console

    from spacetime_rl.evaluation.table import compare

    Console().print(compare([report]))


def _change(config: RunConfig, changes: Sequence[str], folder: Path) -> RunConfig:
    from spacetime_rl.config import dump

    written = folder / "config.yaml"
    written.write_text(dump(config))
    return load_config(str(written), changes)


@contextmanager
def _progress(shown: bool) -> Iterator[Progress | None]:
    """A bar on stderr, if that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    if not (shown and console.is_terminal):
        yield None
        return
    with Bar(console=console, transient=True) as bar:
        task = bar.add_task("episodes", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
