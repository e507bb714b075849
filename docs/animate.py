"""Make the short animations of the documentation anew: an episode of each scenario's baseline, as a small GIF.

`make animations` runs it; it needs what `spacetime-rl replay --video` needs.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from spacetime_rl.episodes.episode import Episode
from spacetime_rl.episodes.files import SUFFIX, read_episode
from spacetime_rl.episodes.replay import play_again
from spacetime_rl.episodes.video import find_ffmpeg
from spacetime_rl.evaluation.story import evaluate_player
from spacetime_rl.game.launch import Film
from spacetime_rl.game.project import scenario_names
from spacetime_rl.host.scratch import scratch_folder
from spacetime_rl.runs.shipped import baseline_names

IMAGES = Path(__file__).parent / "images"
MOST_BYTES = 400_000
EPISODES = 4  # of which one is shown
TICKS = 9  # of the game between two pictures
SIZE = (400, 226)
LONGEST_S = 12.0  # of game time, the last ones of the episode; they are shown twice as fast
# Pictures a second, colours and columns, until the file is small enough.
_QUALITIES = ((12, 96, 400), (10, 64, 400), (8, 48, 400), (6, 32, 320), (5, 24, 280), (4, 16, 240))


def animate(name: str, out: Path) -> Path:
    """Film an episode of a scenario's baseline as `out`."""
    with scratch_folder("animation") as folder:
        recordings, pictures = folder / "episodes", folder / "pictures"
        pictures.mkdir()
        evaluate_player("baseline", name, [f"evaluation.episodes={EPISODES}"], record_to=recordings)
        episode = choose([read_episode(file) for file in sorted(recordings.glob(f"*{SUFFIX}"))])
        play_again(episode, episode.config, film=Film(pictures, TICKS, SIZE))
        return make_gif(pictures, episode.trace.physics_hz, out)


def choose(episodes: list[Episode]) -> Episode:
    """An episode in which everybody succeeded, if there is one, and of these the one nearest to the longest time."""

    def rank(episode: Episode) -> tuple[bool, float]:
        seconds = episode.decisions * episode.action_repeat / episode.trace.physics_hz
        return not episode.trace.succeeded, abs(seconds - LONGEST_S)

    return min(episodes, key=rank)


def make_gif(pictures: Path, physics_hz: int, out: Path) -> Path:
    """Make a GIF of at most `MOST_BYTES` of the last pictures in a folder, at twice the speed of the game."""
    rate = physics_hz / TICKS
    first = max(0, len(list(pictures.glob("frame_*.jpg"))) - round(LONGEST_S * rate))
    for frames, colours, columns in _QUALITIES:
        how = (
            f"fps={frames},scale={columns}:-2,split[a][b];[a]palettegen=max_colors={colours}:stats_mode=diff[p];"
            "[b][p]paletteuse=dither=bayer:bayer_scale=5:diff_mode=rectangle"
        )
        command = [find_ffmpeg(), "-y", "-loglevel", "error", "-framerate", f"{2 * rate:g}"]
        command += [
            "-start_number",
            str(first),
            "-i",
            str(pictures / "frame_%06d.jpg"),
            "-filter_complex",
            how,
            str(out),
        ]
        subprocess.run(command, check=True, timeout=300)
        if out.stat().st_size <= MOST_BYTES:
            break
    return out


def main(names: list[str]) -> None:
    """Make the animations of these scenarios, or of all that have a baseline."""
    for name in names or [name for name in scenario_names() if name in baseline_names()]:
        made = animate(name, IMAGES / f"{name}.gif")
        print(f"{made}: {made.stat().st_size:,} bytes", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
