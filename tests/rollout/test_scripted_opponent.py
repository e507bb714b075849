"""A policy that is scripted in training: its agents move by the game's script, whatever Python sends for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spacetime_rl.config import load
from spacetime_rl.rollout.make_plan import plan_rollout


@pytest.mark.usefixtures("godot_bin")
def test_the_hider_of_live_seeker_flees_while_nobody_decides_for_it(tmp_path: Path) -> None:
    plan = plan_rollout(load("tag", ["game.arenas=1"], preset="live-seeker"), tmp_path)

    assert [(policy.name, policy.trained) for policy in plan.policies] == [("seeker", True), ("hider", False)]
    with plan.open(plan.launch) as game:
        now = game.reset(seed=3)
        places = [seen[0, :3].copy() for seen in now.observations]  # the field `position`
        idle = [np.zeros((1, 4), np.float32), np.zeros((1, 4), np.float32)]
        for _ in range(60):
            now = game.step(idle)
        moved = [float(np.abs(seen[0, :3] - place).max()) for seen, place in zip(now.observations, places, strict=True)]

    seeker, hider = moved
    assert seeker < 0.01 < 0.1 < hider  # in half map sides
