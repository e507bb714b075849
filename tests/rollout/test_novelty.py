"""Pay for new places, on the real engine: alone or beside the game's rewards, and exact in a replay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from support.command import Done, run_command
from support.touch_run import RUN

from spacetime_rl.config import RunConfig, load
from spacetime_rl.contract import make_launch
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch, Novelty


def rewards(launch: GameLaunch, episodes: int = 2) -> list[float]:
    """What all agents earn in each episode in which everybody runs to one side."""
    earned = []
    with open_game(launch) as game:
        for number in range(episodes):
            state, total = game.reset(0, number, 1), 0.0
            ended = 0
            while ended < game.spec.num_agents:
                actions = [np.ones((len(g.agents), g.layout.action_size), np.float32) for g in game.spec.groups]
                state = game.step(actions)
                total += float(state.rewards.sum())
                ended += len(state.ended)
            earned.append(total)
    return earned


def test_the_setting_reaches_the_game_and_places_pay_less_the_second_time() -> None:
    config = RunConfig.model_validate({**RUN, "rewards": {"novelty": {"cell": 0.5, "alone": True}}})
    launch = replace(make_launch(config), arenas=1)
    assert launch.novelty == Novelty(cell=0.5, weight=1.0, alone=True)

    first, second = rewards(launch)

    assert first > second > 0.0


def test_beside_the_games_rewards_it_is_added() -> None:
    bare = replace(make_launch(RunConfig.model_validate(RUN)), arenas=1)
    places = replace(bare, novelty=Novelty(cell=0.5, alone=True))
    both = replace(bare, novelty=Novelty(cell=0.5))

    assert rewards(both, 1)[0] == pytest.approx(rewards(bare, 1)[0] + rewards(places, 1)[0], rel=1e-4)


def test_a_recorded_episode_replays_exactly_although_its_places_pay_more_the_first_time(
    tmp_path: Path, godot_bin: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    command: Callable[..., Done] = partial(run_command, monkeypatch=monkeypatch, capsys=capsys)
    setting = ("--set", "rewards.novelty.cell=0.5")
    done = command("eval", "random", "--config", "vr_ui", "--episodes", "4", "--record-to", "recorded", *setting)
    assert done.code == 0, done.err

    done = command("replay", "recorded/ep_000003.parquet", "--check")

    assert done.code == 0, done.out + done.err
    assert "replayed exactly" in done.out


def test_the_preset_pays_for_places_alone() -> None:
    config = load("vr_navigation", preset="explore")

    assert config.rewards.novelty is not None
    assert config.rewards.novelty.alone
    assert config.curriculum in ((), [], None)
