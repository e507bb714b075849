"""`spacetime-rl replay`: play a recorded episode again, and compare."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spacetime_rl.cli.common import JsonOption, ResultsOption, SetOption, print_json
from spacetime_rl.errors import UsageError
from spacetime_rl.formats.shell import short
from spacetime_rl.runs.layout import RESULTS


def replay(
    recording: Annotated[
        str, typer.Argument(metavar="FILE|FINDING", help="A recorded episode, or what a playtest found, by its name.")
    ],
    build: Annotated[
        str | None,
        typer.Option(
            metavar="BUILD", help="Another build of the game to play it on: a Godot project folder or an exported game."
        ),
    ] = None,
    overrides: SetOption = None,
    window: Annotated[bool, typer.Option("--window", help="Show the episode in a window, in real time.")] = False,
    video: Annotated[
        Path | None,
        typer.Option("--video", metavar="OUT.mp4", help="Film the replay, at full speed; .gif makes an animation."),
    ] = None,
    frames: Annotated[
        Path | None, typer.Option("--frames", metavar="DIR", help="Write the replay's pictures as PNG files.")
    ] = None,
    overlay: Annotated[
        bool, typer.Option("--overlay", help="With rewards and the agent's figures in video or pictures.")
    ] = False,
    results: ResultsOption = None,
    check: Annotated[bool, typer.Option("--check", help="End with exit code 1 if the replay differs.")] = False,
    json_output: JsonOption = False,
) -> None:
    """Play the actions of a recorded episode again, and compare the state of the game after every decision.

    If it differs, the first decision and the body that differ are named, and what may be the cause.

    [bold]Examples[/bold]

      spacetime-rl replay results/episodes/my-run/ep_000003.parquet

      spacetime-rl replay script_error-1a2b3c4d --window

      spacetime-rl replay ep_000003.parquet --video episode.mp4 --overlay

      spacetime-rl replay ep_000003.parquet --build ./my_game --check
    """
    from spacetime_rl.config import change
    from spacetime_rl.episodes.files import read_episode
    from spacetime_rl.episodes.replay import play_again
    from spacetime_rl.episodes.video import film_of, find_ffmpeg, make_video
    from spacetime_rl.evaluation.target import build_overrides
    from spacetime_rl.evaluation.watch import require_display
    from spacetime_rl.game.project import scenario_names
    from spacetime_rl.host.scratch import scratch_folder
    from spacetime_rl.playtest.findings import find_recording

    if sum(map(bool, (window, video, frames))) > 1:
        raise UsageError("replay: --window, --video and --frames are three ways to see it; give one")
    if window:
        require_display()
    if video:
        find_ffmpeg()
    episode = read_episode(find_recording(recording, results or RESULTS))
    chosen = build_overrides("build", build, episode.config.scenario.name) if build else ()
    changes = [*chosen, *(overrides or ())]
    config = change(episode.config, changes, scenario_names()) if changes else None
    with scratch_folder("film") as pictures:
        film = film_of(frames or pictures, overlay, bool(frames)) if video or frames else None
        if frames:
            frames.mkdir(parents=True, exist_ok=True)
        played = play_again(episode, config, window, film)
        if video:
            make_video(pictures, episode.trace.physics_hz, video)
    if json_output:
        print_json(played.to_dict() | {"files": [str(path) for path in (video, frames) if path]})
    else:
        typer.echo(played.sentence)
        if video or frames:
            typer.echo(str(short(video or frames or Path())))
        for cause in played.causes:
            typer.echo(f"  {cause}")
    raise typer.Exit(int(check and played.difference is not None))
