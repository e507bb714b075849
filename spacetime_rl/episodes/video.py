"""Films of recorded episodes: the game draws pictures while it replays, and ffmpeg makes a video of them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from spacetime_rl.config import RunConfig
from spacetime_rl.episodes.episode import Episode
from spacetime_rl.episodes.movie import by_engine, keep_pictures
from spacetime_rl.episodes.replay import play_again
from spacetime_rl.errors import RecordingError, UsageError
from spacetime_rl.game.launch import Film, GameLaunch
from spacetime_rl.host.scratch import scratch_folder

TICKS = 6  # between two pictures: 15 a second at 90 ticks; drawing without a GPU takes longer than all else
LONGEST_EPISODE_S = 20.0  # of a film that the engine writes
_STOCK_REPEAT = 8  # ticks of a decision, where the launch leaves it to the stock plugin
_SIZE = (640, 360)
_LONGEST_S = 600.0  # to make a video of pictures that are there


def film_of(folder: Path, overlay: bool = False, png: bool = False) -> Film:
    """A film of the usual size and speed, whose pictures go to `folder`."""
    return Film(folder, TICKS, _SIZE, png, overlay)


def film_episode(episode: Episode, out: Path, config: RunConfig | None = None) -> Path:
    """Film the replay of an episode with rewards and the agent's figures, and return `out`.

    Without a `config`, only the recorded build is played, as by `play_again`. Raises what that and `make_video` raise.
    """
    find_ffmpeg()
    with scratch_folder("film") as pictures:
        play_again(episode, config, film=film_of(pictures, overlay=True))
        return make_video(pictures, episode.trace.physics_hz, out)


def film_play(play: Callable[[Callable[[GameLaunch], GameLaunch]], object], out: Path) -> Path:
    """Film what `play` plays of a game without our addon, from its start to its end, and return `out`.

    Episodes end after `LONGEST_EPISODE_S` of game time: agents that are stuck would be filmed for hours without a GPU.
    `play` receives what changes the launch of its only game. Raises what `play` and `make_video` raise.
    """
    find_ffmpeg()
    launches: list[GameLaunch] = []
    with scratch_folder("film") as pictures:
        film = by_engine(film_of(pictures))

        def prepare(launch: GameLaunch) -> GameLaunch:
            launches.append(launch)
            return replace(launch, film=film, episode_steps=_filmed_decisions(launch))

        play(prepare)
        keep_pictures(film)
        return make_video(pictures, launches[-1].frames_per_s, out)


def _filmed_decisions(launch: GameLaunch) -> int:
    """How many decisions of an episode are filmed."""
    most = round(LONGEST_EPISODE_S * launch.frames_per_s / (launch.action_repeat or _STOCK_REPEAT))
    return min(most, launch.episode_steps or most)


def find_ffmpeg() -> str:
    """The program ffmpeg: that of the package imageio-ffmpeg, or the system's. Raises UsageError if there is none."""
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        found = shutil.which("ffmpeg")
    if found is None:
        raise UsageError(
            "a video needs ffmpeg: pip install 'spacetime-rl[video]', or on Debian and Ubuntu: apt install ffmpeg"
        )
    return found


def make_video(pictures: Path, physics_hz: int, out: Path) -> Path:
    """Make a video of the JPEG or PNG pictures of a film in a folder: MP4, or what `out` ends with, such as `.gif`.

    Raises UsageError without ffmpeg, RecordingError if it fails or if there are no pictures.
    """
    kind = next((path.suffix for path in pictures.glob("frame_*")), None)
    if kind is None:
        raise RecordingError(f"{out}: the game has drawn no picture")
    out.parent.mkdir(parents=True, exist_ok=True)
    # Even sizes and this pixel format are what players and browsers expect.
    command = [find_ffmpeg(), "-y", "-loglevel", "error", "-framerate", f"{physics_hz / TICKS:g}"]
    command += ["-i", str(pictures / f"frame_%06d{kind}"), *_how(out), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_S, check=False)
    if done.returncode != 0:
        raise RecordingError(f"{out}: ffmpeg made no video: {done.stderr.strip()[-300:]}")
    return out


def _how(out: Path) -> list[str]:
    if out.suffix == ".gif":
        palette = "fps=15,scale=480:-2:flags=lanczos,split[a][b];[a]palettegen[p];[b][p]paletteuse"
        return ["-filter_complex", palette]
    # Pictures of a film by the engine are as large as the project's window.
    small = f"scale='trunc(min({_SIZE[0]},iw)/2)*2':-2"
    return ["-vf", small, "-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "23", "-movflags", "+faststart"]
