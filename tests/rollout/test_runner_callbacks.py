"""RLlib's callbacks, made by our runner."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any, ClassVar

import pytest
from ray.rllib.callbacks.callbacks import RLlibCallback
from support.fake_runs import make_config, make_ppo
from support.toy_game import FakeGame, FakeGameOpener, make_group, make_layout

from spacetime_rl.errors import GameDied
from spacetime_rl.rollout.runner import GameEnvRunner


class Noting(RLlibCallback):  # type: ignore[misc]
    noted: ClassVar[list[tuple[str, dict[str, Any]]]] = []

    def on_environment_created(self, **kwargs: Any) -> None:
        self.noted.append(("created", kwargs))

    def on_episode_start(self, **kwargs: Any) -> None:
        self.noted.append(("start", kwargs))

    def on_episode_end(self, **kwargs: Any) -> None:
        self.noted.append(("end", kwargs))
        kwargs["metrics_logger"].log_value("endings", 1, reduce="sum")

    def on_sample_end(self, **kwargs: Any) -> None:
        self.noted.append(("sample", kwargs))


class Stepping(RLlibCallback):  # type: ignore[misc]
    def on_episode_step(self, **kwargs: Any) -> None:
        pass


def make_noted_runner(callback: type[RLlibCallback], **changes: Any) -> GameEnvRunner:
    Noting.noted, FakeGame.requests = [], 0
    config = make_ppo(
        FakeGameOpener((make_group("giver", 2, make_layout()),), lengths=(4, 6), **changes), make_config()
    )
    config.callbacks(callback)
    return GameEnvRunner(config, worker_index=0)


def test_callbacks_hear_of_games_episodes_and_samples() -> None:
    runner = make_noted_runner(Noting)
    episodes = runner.sample(num_timesteps=2 * 9)  # both play one whole episode and a piece of the next
    assert Counter(name for name, _ in Noting.noted) == {"created": 1, "start": 4, "end": 2, "sample": 1}
    assert Noting.noted[0][1]["env"] is runner._samplers[0]._game
    ended = [kwargs["episode"] for name, kwargs in Noting.noted if name == "end"]
    assert [(episode.agent_id, len(episode)) for episode in ended] == [("giver_0", 4), ("giver_1", 6)]
    assert Noting.noted[-1][1]["samples"] == episodes
    runner.metrics._root = True
    assert runner.metrics.compile()["endings"] == 2


def test_callbacks_hear_of_the_game_that_replaces_another() -> None:
    runner = make_noted_runner(Noting, fault=GameDied("killed by SIGKILL"), fails_at=(3,))
    runner.sample(num_timesteps=8)
    assert Counter(name for name, _ in Noting.noted)["created"] == 2


def test_a_callback_that_wants_every_step_is_told_that_there_is_none(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        make_noted_runner(Stepping)
    assert "on_sample_end has them all" in caplog.text
