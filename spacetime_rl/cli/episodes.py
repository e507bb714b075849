"""`spacetime-rl episodes`: list, show and export recorded episodes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from spacetime_rl.cli.common import JsonOption, print_json
from spacetime_rl.errors import UsageError
from spacetime_rl.formats.shell import short
from spacetime_rl.runs.layout import EPISODES, data_root

app = typer.Typer(help="List, show and export recorded episodes.", no_args_is_help=True)

_KEYS = ("episode", "seed", "player", "decisions", "recorded_at")
_Place = Annotated[
    Path | None,
    typer.Argument(metavar="FOLDER", help="A folder of episodes, or one above it; default: results/episodes."),
]


@app.command("list")
def list_(folder: _Place = None, json_output: JsonOption = False) -> None:
    """List recorded episodes: who played what, how long, and how it ended.

    [bold]Examples[/bold]

      spacetime-rl episodes list

      spacetime-rl episodes list results/episodes/2026-11-28_10-00-00-heuristic-vr_ui-seed1 --json
    """
    from spacetime_rl.episodes.files import describe_all
    from spacetime_rl.errors import EpisodeError

    where = folder or data_root() / EPISODES
    if folder is not None and not folder.is_dir():
        raise UsageError(f"episodes list {folder}: no such folder")
    found = list(describe_all(where))
    if json_output:
        return print_json([_brief(path, about) for path, about in found if not isinstance(about, EpisodeError)])
    if not found:
        return typer.echo(f"No episodes in {where}; record some: spacetime-rl eval heuristic --config vr_ui --record")
    return _show_list([(path, about) for path, about in found if not isinstance(about, EpisodeError)], found)


@app.command()
def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A recorded episode.")], json_output: JsonOption = False
) -> None:
    """Show what a file says of its episode: the build, the players, and how each agent's part ended.

    [bold]Examples[/bold]

      spacetime-rl episodes show ep_000003.parquet
    """
    from spacetime_rl.episodes.files import read_description

    about = read_description(file)
    if json_output:
        return print_json(about)
    build = about["build"]
    engine = f"Godot {build['engine']}" if build["engine"] else "its own engine"
    typer.echo(f"{build['game']}, build {build['content']}, {engine}, {build['machine']}")
    typer.echo(f"episode {about['episode']} of seed {about['seed']}, played by {about['player']}")
    typer.echo(f"{about['decisions']} decisions at {about['pace']}, recorded {about['recorded_at']}")
    for agent in about["agents"]:
        metrics = ", ".join(f"{name} {value:.4g}" for name, value in agent["metrics"].items() if name != "episode")
        typer.echo(f"  {agent['name']} ({agent['policy']}): {agent['ending']}; {metrics}")
    return typer.echo(f"Play it again: spacetime-rl replay {short(file)}")


@app.command()
def export(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A recorded episode, or a folder of them.")],
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="Default: trajectories/ or minari/ beside PATH.")
    ] = None,
    form: Annotated[
        Literal["jsonl", "minari"],
        typer.Option(
            "--format",
            help="JSON lines, a file per episode; or Minari datasets, one for each policy, for offline learning.",
        ),
    ] = "jsonl",
) -> None:
    """Write recorded episodes for other programs.

    [bold]Examples[/bold]

      spacetime-rl episodes export results/episodes/my-run --to data/trajectories

      spacetime-rl episodes export results/episodes/my-run --format minari --to datasets
    """
    from spacetime_rl.episodes.export import TRAJECTORIES, export_jsonl
    from spacetime_rl.episodes.files import episode_files

    files = episode_files(path) if path.is_dir() else [path]
    if not files:
        raise UsageError(f"episodes export {path}: holds no recorded episode (ep_….parquet)")
    around = path if path.is_dir() else path.parent
    if form == "jsonl":
        for out in export_jsonl(files, to or around / TRAJECTORIES):
            typer.echo(str(short(out)))
        return
    from spacetime_rl.envs.datasets import DATASETS, export_minari

    folder = to or around / DATASETS
    for name in export_minari(files, folder):
        typer.echo(f"{name} in {short(folder)}")


def _brief(path: Path, about: Mapping[str, Any]) -> dict[str, Any]:
    endings = {agent["name"]: agent["ending"] for agent in about["agents"]}
    return {"file": str(path), "game": about["build"]["game"], **{key: about[key] for key in _KEYS}, "endings": endings}


def _show_list(found: list[tuple[Path, Mapping[str, Any]]], everything: list[Any]) -> None:
    from rich import box
    from rich.table import Table

    from spacetime_rl.console.plain import plain_console

    table = Table(box=box.SIMPLE_HEAD)
    for column in ("file", "game", "player", "seed", "episode", "decisions", "ended"):
        table.add_column(column, justify="right" if column in ("seed", "episode", "decisions") else "left")
    for path, about in found:
        endings = [agent["ending"] for agent in about["agents"]]
        counted = ", ".join(f"{endings.count(kind)} {kind}" for kind in dict.fromkeys(endings))
        numbers = [str(about[key]) for key in ("seed", "episode", "decisions")]
        table.add_row(str(short(path)), about["build"]["game"], about["player"], *numbers, counted)
    plain_console().print(table)
    for _, problem in everything:
        if isinstance(problem, Exception):
            typer.echo(str(problem), err=True)
