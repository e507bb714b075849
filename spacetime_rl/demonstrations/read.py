"""Read demonstrations from recorded episodes and Minari datasets, and refuse those that do not fit the game."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np

from spacetime_rl.config import RunConfig
from spacetime_rl.config.imitation import DATASET, ImitationConfig
from spacetime_rl.contract import PolicyPlan, policy_of
from spacetime_rl.demonstrations.arrays import DemonstratedEpisode, Demonstrations, Floats
from spacetime_rl.demonstrations.compare import differences
from spacetime_rl.episodes.files import episode_files, read_episode
from spacetime_rl.errors import ConfigError
from spacetime_rl.game.spec import GameSpec, PolicyLayout
from spacetime_rl.game.trace import AgentTrace

MOST_BYTES = 2 << 30  # of all demonstrations of a run: they are held in memory, and lie in the run's folder
_KEY = "imitation.from"
_VERSION = re.compile(r"-v\d+$")  # at the end of a dataset's name


def read_demonstrations(
    config: RunConfig, spec: GameSpec, policies: Sequence[PolicyPlan], sources: Sequence[str]
) -> dict[str, Demonstrations]:
    """What each policy learns from `sources`, by its name; policies that nobody demonstrated are missing.

    Raises ConfigError that names the source and the field where a demonstration does not fit the game, where there is
    none of any policy, or where they take more than `MOST_BYTES`.
    """
    found: defaultdict[str, list[DemonstratedEpisode]] = defaultdict(list)
    size = 0
    for policy, episode in _episodes(config, spec, {policy.name: policy for policy in policies}, sources):
        found[policy].append(episode)
        size += episode.vectors.nbytes + episode.actions.nbytes + sum(i.nbytes for i in episode.images.values())
        if size > MOST_BYTES:
            raise _problem(f"more than {MOST_BYTES >> 30} GiB of demonstrations; name fewer episodes")
    if not found:
        which = "successful episode" if config.imitation.successes_only else "decision"
        names = ", ".join(policy.name for policy in policies)
        raise _problem(f"no {which} of {names} in {', '.join(sources)}")
    layouts = {policy.name: policy.layout for policy in policies}
    return {name: Demonstrations.of(layouts[name], episodes) for name, episodes in found.items()}


def _episodes(
    config: RunConfig, spec: GameSpec, policies: Mapping[str, PolicyPlan], sources: Sequence[str]
) -> Iterator[tuple[str, DemonstratedEpisode]]:
    for source in sources:
        if _is_dataset(source):
            yield from _of_dataset(source, config, policies)
            continue
        for file in _files(source):
            yield from _of_file(file, config, spec, policies)


def _files(source: str) -> list[Path]:
    path = Path(source)
    files = episode_files(path) if path.is_dir() else [path]
    if not files:
        raise _problem(
            f"{source}: no recorded episode (ep_*.parquet) and no Minari dataset in this folder; "
            "`spacetime-rl eval heuristic --config NAME --record` and `play NAME --record` record some"
        )
    return files


def _of_file(
    file: Path, config: RunConfig, spec: GameSpec, policies: Mapping[str, PolicyPlan]
) -> Iterator[tuple[str, DemonstratedEpisode]]:
    episode = read_episode(file)
    if spec.action_repeat is not None and episode.action_repeat != spec.action_repeat:
        raise _problem(
            f"{file}: was played with a decision every {episode.action_repeat} ticks, this run has one every "
            f"{spec.action_repeat} (game.action_repeat)"
        )
    for agent in episode.trace.agents:
        if not any(fnmatchcase(agent.name, pattern) for pattern in config.imitation.agents):
            continue
        policy = policy_of(agent.name, agent.policy, config)
        if policy is None or policy not in policies:
            continue
        layout = policies[policy].layout
        if wrong := differences(episode.layouts[agent.policy], layout):
            raise _problem(f"{file}: {agent.name}, for the policy {policy!r}: {'; '.join(wrong)}")
        if len(agent.ticks) > 1 and (agent.ending == "success" or not config.imitation.successes_only):
            yield policy, _of_agent(file, agent, layout)


def _of_agent(file: Path, agent: AgentTrace, layout: PolicyLayout) -> DemonstratedEpisode:
    if agent.observations is None or agent.actions is None or agent.decision_rewards is None:
        raise _problem(f"{file}: has no observations, actions or rewards of {agent.name}; record it with this version")
    for image in layout.images:
        if image.name not in agent.images:
            raise _problem(f"{file}: has no images {image.name} of {agent.name}; record it with this version")
    steps = min(len(agent.actions), len(agent.observations) - 1)  # of a game that failed, the last action may be there
    found = DemonstratedEpisode(
        agent.observations[: steps + 1],
        {image.name: agent.images[image.name][: steps + 1] for image in layout.images},
        within_limits(agent.actions[:steps], layout),
        agent.decision_rewards[1 : steps + 1],
        terminated=agent.ending in ("success", "terminated"),
    )
    if not all(np.isfinite(numbers).all() for numbers in (found.vectors, found.actions, found.rewards)):
        raise _problem(f"{file}: an observation, action or reward of {agent.name} is not a finite number")
    return found


def _of_dataset(
    source: str, config: RunConfig, policies: Mapping[str, PolicyPlan]
) -> Iterator[tuple[str, DemonstratedEpisode]]:
    from spacetime_rl.envs.datasets import read_minari  # imported here because it loads Gymnasium

    for key in ("successes_only", "agents"):
        if getattr(config.imitation, key) != getattr(ImitationConfig(), key):
            raise _problem(
                f"{source}: a Minari dataset knows neither agents nor successes; leave it out, or imitation.{key}"
            )
    wanted = _policy_named(source)
    policy = next(iter(policies)) if len(policies) == 1 else wanted
    if policy not in policies:
        raise _problem(f"{source}: is of a policy {wanted!r}; this run has {', '.join(policies)}")
    layout = policies[policy].layout
    for episode in read_minari(source, layout, _KEY):
        if len(episode.actions):
            actions = within_limits(episode.actions, layout)
            yield (
                policy,
                DemonstratedEpisode(episode.vectors, episode.images, actions, episode.rewards, episode.terminated),
            )


def _is_dataset(source: str) -> bool:
    """Whether a source of demonstrations is a Minari dataset, by its id or its folder."""
    return source.startswith(DATASET) or (Path(source) / "data" / "metadata.json").is_file()


def _policy_named(source: str) -> str:
    """The policy that a dataset's id or folder names: `giver` of `vr_interaction/giver-v0`."""
    return _VERSION.sub("", source.removeprefix(DATASET).rstrip("/").rpartition("/")[2])


def within_limits(actions: Floats, layout: PolicyLayout) -> Floats:
    """Actions as the game took them: scripts and persons may ask for more, and the game takes the nearest limit.

    Float32 [n, action_size]: continuous numbers in [-1, 1], indices of choices rounded and in range.
    """
    taken = actions.astype(np.float32, copy=True)
    column = 0
    for field in layout.actions:
        part = taken[:, column : column + field.width]
        part[:] = np.clip(part, -1.0, 1.0) if field.kind == "continuous" else np.clip(np.rint(part), 0, field.size - 1)
        column += field.width
    return taken


def _problem(what: str) -> ConfigError:
    return ConfigError([f"{_KEY}: {what}"])
