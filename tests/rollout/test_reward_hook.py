"""A user's reward function: what it is given, what is made of its answers, and what is said of wrong ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.fake_runs import make_runner
from support.toy_game import FakeGameOpener, make_group, make_layout

from spacetime_rl.errors import ConfigError, RewardHookError
from spacetime_rl.learning.algorithm import check_played, play
from spacetime_rl.rollout.metrics import OWN
from spacetime_rl.rollout.reward_hook import HookPlace, RewardHook

HERE = Path(__file__).parent
TWO = (make_group("giver", 1, make_layout(3)), make_group("taker", 2, make_layout(4, 1, 3)))


def double(step: Any) -> Any:
    """Twice the reward, and what was seen last."""
    step.rewards[:] *= 2
    return step.rewards + step.next_observations[:, 0]


def too_few(step: Any) -> Any:
    return step.rewards[:0]


def infinite(step: Any) -> Any:
    return step.rewards + np.inf


def undefined(step: Any) -> Any:
    return np.full(len(step.rewards), np.nan)


def failing(step: Any) -> Any:
    return step.reward


def run(name: str, decisions: int = 12) -> tuple[Any, Any]:
    hook = HookPlace(f"test_reward_hook.{name}", HERE)
    runner = make_runner(FakeGameOpener(TWO, lengths=(4, 6)), reward_hook=hook)
    result = play(runner, 3 * decisions)
    runner.stop()
    (played,) = check_played([result])
    return played.episodes, played.metrics


def test_policies_learn_from_what_it_returns() -> None:
    (without,) = check_played([play(make_runner(FakeGameOpener(TWO, lengths=(4, 6))), 36)])
    plain_episodes = without.episodes
    episodes, metrics = run("double")
    assert [len(episode) for episode in episodes] == [len(episode) for episode in plain_episodes]
    hooked: dict[str, float] = {"giver": 0.0, "taker": 0.0}
    for episode, plain in zip(episodes, plain_episodes, strict=True):
        seen_next = episode.observations.data[1:, 0]
        np.testing.assert_allclose(episode.rewards.data, 2 * plain.rewards.data + seen_next, rtol=1e-5)
        if episode.is_done:
            hooked[episode.module_id] += float(np.sum(episode.rewards.data))
    for policy, total in hooked.items():
        assert float(metrics[OWN]["totals"][policy]["shaped_return"]) == pytest.approx(total, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("too_few", r"too_few, for policy 'giver': returned shape \(0,\), expected one reward per agent, \(1,\)"),
        ("infinite", r"infinite, for policy 'giver': returned \[inf\], expected finite numbers"),
        ("undefined", r"undefined, for policy 'giver': returned \[nan\], expected finite numbers"),
        ("failing", r"failing, for policy 'giver': .*test_reward_hook.py:\d+: AttributeError: .*no attribute 'reward'"),
    ],
)
def test_a_wrong_answer_names_function_and_policy(name: str, message: str) -> None:
    with pytest.raises(RewardHookError, match=message):
        run(name)


@pytest.mark.parametrize("path", ["nowhere.f", "double", "test_reward_hook.nothing", "test_reward_hook.HERE"])
def test_what_cannot_be_loaded_is_told(path: str) -> None:
    with pytest.raises(ConfigError, match=f"rewards.hook: '{path}' cannot be loaded"):
        RewardHook(HookPlace(path, HERE))
