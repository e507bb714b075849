"""Recorded episodes of somebody who plays the fake game well."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spacetime_rl.config import RunConfig
from spacetime_rl.episodes.episode import Build, Episode
from spacetime_rl.episodes.files import file_name, write_episode
from spacetime_rl.game.spec import AgentGroup, PolicyLayout
from spacetime_rl.game.trace import AgentTrace, Ending, Trace


def good_actions(seen: np.ndarray, layout: PolicyLayout) -> np.ndarray:
    """What earns most in the fake game: the first number of the action is the first one of the observation.

    All other numbers are 0.5. A choice out of three is 0, 1 or 2 as the first observed number rises.
    """
    actions = np.full((len(seen), layout.action_size), 0.5, np.float32)
    if layout.actions[0].kind == "discrete":
        actions[:, 0] = np.digitize(seen[:, 0], [-0.3, 0.3])
    else:
        actions[:, 0] = seen[:, 0]
    return actions


def make_agent(name: str, group: AgentGroup, steps: int, rng: np.random.Generator, **changes: Any) -> AgentTrace:
    seen = np.sin(rng.uniform(0, 50, (steps + 1, group.layout.vector_dim))).astype(np.float32)
    ending: Ending = "success"
    values: dict[str, Any] = {
        "name": name,
        "policy": group.name,
        "ending": ending,
        "ticks": np.arange(steps + 1),
        "positions": np.zeros((steps + 1, 3), np.float32),
        "velocities": None,
        "rewards": {},
        "actions": good_actions(seen[:-1], group.layout),
        "decision_rewards": np.concatenate([[0.0], np.ones(steps)]).astype(np.float32),
        "observations": seen,
    }
    return AgentTrace(**{**values, **changes})


def make_recording(groups: Sequence[AgentGroup], agents: Sequence[AgentTrace], number: int = 0) -> Episode:
    return Episode(
        trace=Trace(episode=number, agents=tuple(agents), outline=(), landmarks={}, physics_hz=60),
        build=Build("fake", "0123456789abcdef", "4.6", "x86_64"),
        config=RunConfig.model_validate({"scenario": {"name": "fake"}}),
        seed=0,
        player="heuristic",
        recorded_at="2026-11-29T10:00:00+00:00",
        action_repeat=1,
        layouts={group.name: group.layout for group in groups},
    )


def record_good_play(folder: Path, groups: Sequence[AgentGroup], episodes: int = 20, steps: int = 50) -> Path:
    """Write episodes in which every agent of these groups plays well; returns the folder."""
    rng = np.random.default_rng(5)
    for number in range(episodes):
        agents = [make_agent(name, group, steps, rng) for group in groups for name in group.agents]
        write_episode(make_recording(groups, agents, number), folder / file_name(number))
    return folder
