"""The animations of the documentation: small enough for a page, and made of an episode that shows what is learned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from docs.animate import MOST_BYTES, choose
from spacetime_rl.config import RunConfig
from spacetime_rl.episodes.episode import Build, Episode
from spacetime_rl.game.trace import AgentTrace, Ending, Trace

IMAGES = Path(__file__).parents[1] / "docs" / "images"


def episode(seconds: float, ending: Ending) -> Episode:
    rows = round(seconds * 10) + 1
    agent = AgentTrace(
        name="walker_0",
        policy="walker",
        ending=ending,
        ticks=np.arange(rows, dtype=np.int64) * 9,
        positions=np.zeros((rows, 3), np.float32),
        velocities=None,
        rewards={},
        actions=np.zeros((rows - 1, 1), np.float32),
    )
    config = RunConfig.model_validate({"scenario": {"name": "vr_ui"}})
    made = Episode(Trace(0, (agent,), (), {}, 90), Build("g", "c", "4.6", "x86_64"), config, 0, "baseline", "", 9, {})
    return replace(made, action_repeat=9)


def test_animations_are_small() -> None:
    sizes = {file.name: file.stat().st_size for file in IMAGES.glob("*.gif")}

    assert sizes
    assert max(sizes.values()) <= MOST_BYTES
    assert sum(sizes.values()) <= 4_000_000


def test_an_episode_that_succeeded_is_shown_and_of_these_one_that_fills_the_time() -> None:
    failed, short, right, long = (
        episode(12, "truncated"),
        episode(2, "success"),
        episode(11, "success"),
        episode(60, "success"),
    )

    assert choose([failed, short, right, long]) is right
    assert choose([failed]) is failed
