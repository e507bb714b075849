"""Videos of an evaluation's episodes: the best, the worst and those between, played again from their recordings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from spacetime_rl.episodes.files import file_name, read_episode
from spacetime_rl.episodes.video import film_episode, film_play
from spacetime_rl.evaluation.report import AgentResult, EvalReport
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.statistics.intervals import mean


def film_episodes(report: EvalReport, recordings: Path, count: int, out: Path) -> list[Path]:
    """Film `count` episodes, evenly from the best to the worst by their return; three are best, median and worst.

    `recordings` is the folder of all episodes of the report. Raises what `film_episode` raises.
    """
    ranked = _by_return(report.results)
    places = np.unique(np.linspace(0, len(ranked) - 1, min(count, len(ranked))).round().astype(int)).tolist()
    return [_film(recordings, ranked[place], _name(place, len(ranked)), out) for place in places]


def film_first(play: Callable[[Callable[[GameLaunch], GameLaunch]], object], count: int, out: Path) -> Path:
    """One film of `count` episodes of a stock game, which `play` plays once more; raises what `film_play` raises.

    Its episodes have no numbers: a replay of one would show the other agents idle, and begin elsewhere.
    """
    return film_play(play, out / f"first-{count}-episodes.mp4")


def _film(recordings: Path, number: int, name: str, out: Path) -> Path:
    episode = read_episode(recordings / file_name(number))
    return film_episode(episode, out / f"{name}-episode-{number}.mp4", episode.config)


def _by_return(results: Sequence[AgentResult]) -> list[int]:
    found: dict[int, list[float]] = {}
    for result in results:
        found.setdefault(result.episode, []).append(result.metrics["return"])
    return sorted(found, key=lambda number: -mean(found[number]))


def _name(place: int, of: int) -> str:
    named = {0: "best", of - 1: "worst"}
    return named.get(place, f"rank-{place + 1}-of-{of}")
