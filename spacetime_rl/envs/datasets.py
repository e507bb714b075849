"""Recorded episodes as Minari datasets, one for each policy, written for other programs and read from them."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.config.imitation import DATASET
from spacetime_rl.envs.spaces import OBS, PolicySpaces
from spacetime_rl.episodes.episode import Episode
from spacetime_rl.episodes.files import read_episode
from spacetime_rl.errors import ConfigError, EpisodeError, UsageError
from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.game.trace import AgentTrace

DATASETS = "minari"
_PLACE = "MINARI_DATASETS_PATH"  # the variable by which Minari finds its datasets


class DatasetEpisode(NamedTuple):
    """An episode of T decisions from a dataset, with flat actions."""

    vectors: NDArray[np.float32]  # [T + 1, vector_dim]
    images: Mapping[str, NDArray[np.uint8]]  # by name, [T + 1, height, width, channels]
    actions: NDArray[np.float32]  # [T, action_size]
    rewards: NDArray[np.float32]  # [T]
    terminated: bool


def read_minari(source: str, layout: PolicyLayout, key: str) -> Iterator[DatasetEpisode]:
    """The episodes of a dataset for a policy with this layout.

    Raises ConfigError, which begins with the setting `key`, if Minari is not installed, there is no such dataset, or
    its spaces are not those of the layout. A dataset has no names of fields, so only their sizes are compared.
    """
    try:
        import minari
    except ImportError:
        raise ConfigError([f"{key}: Minari is not installed: pip install 'spacetime-rl[minari]'"]) from None
    spaces = PolicySpaces.of(layout)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            dataset = (
                minari.load_dataset(source.removeprefix(DATASET))
                if source.startswith(DATASET)
                else minari.MinariDataset(str(Path(source) / "data"))
            )
        except (OSError, ValueError) as error:
            raise ConfigError([f"{key}: {source}: {error}"]) from error
        ours, theirs = (
            _described(spaces.observation, spaces.action),
            _described(dataset.observation_space, dataset.action_space),
        )
        if ours != theirs:
            raise ConfigError([f"{key}: {source}: has {theirs}, the game {ours}"])
        for episode in dataset.iterate_episodes():
            seen = episode.observations
            vectors = seen[OBS] if layout.images else seen
            yield DatasetEpisode(
                np.asarray(vectors, np.float32),
                {image.name: np.asarray(seen[image.name], np.uint8) for image in layout.images},
                spaces.join_action(episode.actions, (len(episode.rewards),), f"{source}: an action"),
                np.asarray(episode.rewards, np.float32),
                bool(episode.terminations[-1]),
            )


def _described(observation: Any, action: Any) -> str:
    """Spaces in words, without the limits of observations."""
    parts = observation.spaces if hasattr(observation, "spaces") else {OBS: observation}
    seen = ", ".join(f"{name} {list(space.shape)}" for name, space in sorted(parts.items()))
    return f"observations {seen} and actions {action}"


def export_minari(files: Iterable[Path], folder: Path) -> Iterator[str]:
    """Write the episodes into Minari's folder `folder`; yield the id of each dataset, `GAME/POLICY-v0`.

    The part of each agent in an episode is one episode of its policy's dataset. Raises UsageError if Minari is not
    installed or a dataset exists, and EpisodeError for episodes without observations or of different games.
    """
    try:
        import minari
        from minari.data_collector import EpisodeBuffer
    except ImportError:
        raise UsageError("episodes export: Minari is not installed: pip install 'spacetime-rl[minari]'") from None
    parts: dict[str, list[Any]] = {}
    spaces: dict[str, PolicySpaces] = {}
    game = player = ""
    for file in files:
        episode = read_episode(file)
        if game and episode.build.game != game:
            raise EpisodeError(f"{file}: is of {episode.build.game}, others are of {game}; export one game at a time")
        game, player = episode.build.game, episode.player
        for agent in episode.trace.agents:
            if agent.policy not in spaces:
                spaces[agent.policy] = PolicySpaces.of(episode.layouts[agent.policy])
            if len(agent.ticks) > 1:
                data = _buffer_of(episode, agent, spaces[agent.policy], file)
                parts.setdefault(agent.policy, []).append(EpisodeBuffer(**data))
    folder.mkdir(parents=True, exist_ok=True)
    with _found_in(folder), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # it misses authors and environments, which a recording has not
        for policy, buffers in parts.items():
            name = f"{_word(game)}/{_word(policy)}-v0"
            if (folder / name).exists():
                raise UsageError(f"episodes export: {folder / name} exists already; choose another folder with --to")
            minari.create_dataset_from_buffers(
                name,
                buffers,
                algorithm_name=player,
                observation_space=spaces[policy].observation,
                action_space=spaces[policy].action,
                description=f"{len(buffers)} parts of agents of the policy {policy} in episodes of {game}",
                data_format="arrow",
            )
            yield name


def _buffer_of(episode: Episode, agent: AgentTrace, spaces: PolicySpaces, file: Path) -> dict[str, Any]:
    if agent.observations is None or agent.actions is None or agent.decision_rewards is None:
        raise EpisodeError(f"{file}: has no observations or actions of {agent.name}")
    images = [image.name for image in spaces.layout.images]
    if missing := [name for name in images if name not in agent.images]:
        raise EpisodeError(f"{file}: {missing[0]}, which {agent.name} sees, was not recorded; a dataset would lack it")
    steps = len(agent.actions)
    last = np.arange(steps) == steps - 1
    return {
        "seed": episode.seed,
        "options": {"episode": episode.trace.episode},
        "observations": {OBS: agent.observations, **agent.images} if images else agent.observations,
        "actions": spaces.split_action(agent.actions),
        "rewards": agent.decision_rewards[1:],
        "terminations": last & (agent.ending in ("success", "terminated")),
        "truncations": last & (agent.ending in ("truncated", "running")),
    }


def _word(name: str) -> str:
    """A name with the characters that a dataset's name may have."""
    return re.sub(r"[^\w-]+", "_", name)


@contextmanager
def _found_in(folder: Path) -> Iterator[None]:
    before = os.environ.get(_PLACE)
    os.environ[_PLACE] = str(folder.absolute())
    try:
        yield
    finally:
        if before is None:
            del os.environ[_PLACE]
        else:
            os.environ[_PLACE] = before
