"""Recorded episodes for other programs: JSON lines, one file per episode."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from spacetime_rl.episodes.episode import Episode
from spacetime_rl.episodes.files import read_episode
from spacetime_rl.errors import RecordingError
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.formats.png import to_png

TRAJECTORIES = "trajectories"
_NO_NAME = re.compile(r"[^\w.]+")  # what a file's name should not have


def export_jsonl(files: Iterable[Path], folder: Path) -> Iterator[Path]:
    """Write each episode as `folder/ep_….jsonl`, a line per agent and decision, and its images beside it as PNG.

    Raises EpisodeError, RecordingError.
    """
    for file in files:
        episode = read_episode(file)
        out = folder / f"{file.stem}.jsonl"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with out.open("w", encoding="utf-8") as lines:
                lines.writelines(f"{to_json(row)}\n" for row in rows_of(episode, file.stem))
            _write_images(episode, folder / file.stem)
        except OSError as error:
            raise RecordingError(f"{out}: could not be written: {error.strerror or error}") from error
        yield out


def _write_images(episode: Episode, folder: Path) -> None:
    for agent in episode.trace.agents:
        for name, images in agent.images.items():
            folder.mkdir(parents=True, exist_ok=True)
            for row, pixels in enumerate(images[:-1]):  # of the last one nothing was decided
                picture = to_png(pixels.tobytes(), *pixels.shape)
                (folder / _picture(agent.name, row, name)).write_bytes(picture)


def _picture(agent: str, row: int, image: str) -> str:
    """The name of an image's file."""
    return "-".join(_NO_NAME.sub("_", word) for word in (agent, f"{row:05}", image)) + ".png"


def rows_of(episode: Episode, stem: str = "") -> Iterator[dict[str, Any]]:
    """The decisions of an episode, in their order and by agent: what it saw, what it did, and what came of it.

    `observation` and `images` are what the agent decided on, `reward` what its action earned, and `position` where it
    went. Images are files in the folder `stem`.
    """
    trace = episode.trace
    rows = []
    for agent in trace.agents:
        steps = len(agent.ticks) - 1
        for step in range(steps):
            last = step == steps - 1
            rows.append(
                {
                    "episode": trace.episode,
                    "decision": episode.decision_of(int(agent.ticks[step])),
                    "tick": int(agent.ticks[step]),
                    "agent": agent.name,
                    "policy": agent.policy,
                    "observation": None if agent.observations is None else agent.observations[step].tolist(),
                    "images": {name: f"{stem}/{_picture(agent.name, step, name)}" for name in agent.images},
                    "action": None if agent.actions is None else agent.actions[step].tolist(),
                    "reward": None if agent.decision_rewards is None else float(agent.decision_rewards[step + 1]),
                    "position": agent.positions[step + 1].tolist(),
                    "velocity": None if agent.velocities is None else agent.velocities[step + 1].tolist(),
                    "terminated": last and agent.ending in ("success", "terminated"),
                    "truncated": last and agent.ending == "truncated",
                    "success": last and agent.ending == "success",
                }
            )
    yield from sorted(rows, key=lambda row: row["decision"])  # stable: agents keep their order
