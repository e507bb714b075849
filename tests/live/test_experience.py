"""What connected games experienced becomes the pieces of episodes that the learner would get from our own games."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
import torch
from ray.rllib.core.columns import Columns
from support.command import run_command
from support.made_policies import GRAB, LSTM, MOVE, make_layout, make_policy

from spacetime_rl.config import load
from spacetime_rl.errors import ConfigError
from spacetime_rl.learning.batches.gae import make_train_batch
from spacetime_rl.live.experience import Experience
from spacetime_rl.live.learner_side import LearningPlayer, LiveLearner
from spacetime_rl.live.pieces import make_episode
from spacetime_rl.live.rules import make_live
from spacetime_rl.live.run import learn_live
from spacetime_rl.live.runner import Door
from spacetime_rl.modules.actions import logps_numpy
from spacetime_rl.rollout.actor import PolicyActor
from spacetime_rl.serving.find import Declared
from spacetime_rl.serving.messages import BadMessage
from spacetime_rl.serving.transitions import PolicyTransitions

LAYOUT = make_layout(MOVE, GRAB)


def player_of(module: Any) -> LearningPlayer:
    return LearningPlayer(LAYOUT, PolicyActor(module, LAYOUT, np.random.default_rng(0)), threading.RLock())


def walk(player: LearningPlayer, steps: int, ends: Mapping[int, str] = {}) -> PolicyTransitions:
    """One agent's decisions by the player itself; `ends` says after which of them an episode ends, and how."""
    rng = np.random.default_rng(2)
    state = np.zeros((1, player.state_size), np.float32)
    seen = rng.standard_normal((1, LAYOUT.obs_dim)).astype(np.float32)
    rows = []
    for step in range(steps):
        decided = player.decide(seen, state)
        after = rng.standard_normal((1, LAYOUT.obs_dim)).astype(np.float32)
        assert decided.logps is not None
        rows.append((seen[0], decided.actions[0], float(step), after[0], decided.logps[0]))
        over = step in ends
        seen = rng.standard_normal((1, LAYOUT.obs_dim)).astype(np.float32) if over else after
        state = np.zeros_like(state) if over else decided.state
    observations, actions, rewards, after_all, logps = (
        np.array(column, np.float32) for column in zip(*rows, strict=True)
    )
    terminated, truncated = (np.array([ends.get(step) == kind for step in range(steps)]) for kind in ("end", "time"))
    measured = {step: {"success": 1.0} for step in ends}
    return PolicyTransitions(
        ["a"] * steps, observations, actions, rewards, after_all, terminated, truncated, logps, measured
    )


@pytest.mark.parametrize("model", [{}, {"lstm": LSTM}])
def test_episodes_hold_what_the_policy_saw_and_did_and_learners_take_them(model: dict[str, Any]) -> None:
    module = make_policy(LAYOUT, **model)
    player = player_of(module)
    experience = Experience(1000)
    learner = LiveLearner({"walker": player}, experience)
    sent = walk(player, 10, {3: "end", 6: "time"})

    learner.take("game-1", {"walker": sent})
    pieces, ended = experience.take(10, 5.0)
    episodes = [make_episode(piece) for piece in pieces]

    assert [len(episode) for episode in episodes] == [4, 3, 3]
    assert [(episode.is_terminated, episode.is_truncated) for episode in episodes] == [
        *((True, False), (False, True), (False, False)),
    ]
    assert [dict(one.metrics) for one in ended] == [
        {"episode": 0.0, "return": 0.0 + 1 + 2 + 3, "length": 4.0, "success": 1.0},
        {"episode": 0.0, "return": 4.0 + 5 + 6, "length": 3.0, "success": 1.0},
    ]
    batch = make_train_batch(module, episodes, 0.99, 0.95)
    inputs = module.forward_train(batch)[Columns.ACTION_DIST_INPUTS]
    distribution = module.get_train_action_dist_cls().from_logits(inputs)
    mask = np.asarray(batch.get(Columns.LOSS_MASK, torch.ones(10, dtype=torch.bool)))
    torch.testing.assert_close(
        distribution.logp(batch[Columns.ACTIONS])[mask], torch.from_numpy(logps_of(sent)), atol=1e-4, rtol=1e-4
    )
    torch.testing.assert_close(
        torch.as_tensor(batch[Columns.ACTION_DIST_INPUTS])[mask], inputs[mask], atol=1e-4, rtol=1e-4
    )


def test_an_episode_that_goes_on_is_cut_where_the_learner_takes_it() -> None:
    player = player_of(make_policy(LAYOUT, lstm=LSTM))
    experience = Experience(1000)
    learner = LiveLearner({"walker": player}, experience)
    whole = walk(player, 8)
    parts = [part_of(whole, slice(0, 5)), part_of(whole, slice(5, 8))]

    taken = []
    for part in parts:
        learner.take("game-1", {"walker": part})
        taken += experience.take(1, 5.0)[0]

    assert [(piece.age, len(piece.steps)) for piece in taken] == [(0, 5), (5, 3)]
    np.testing.assert_array_equal(taken[1].before["h"], taken[0].steps[-1].state["h"])
    assert make_episode(taken[1]).extra_model_outputs[Columns.STATE_OUT].lookback == 1


def test_where_decisions_are_missing_another_piece_begins() -> None:
    player = player_of(make_policy(LAYOUT))
    experience = Experience(1000)
    learner = LiveLearner({"walker": player}, experience)
    whole = walk(player, 8)

    learner.take("game-1", {"walker": part_of(whole, slice(0, 3))})
    learner.take("game-1", {"walker": part_of(whole, slice(5, 8))})
    learner.take("game-2", {"walker": part_of(whole, slice(0, 2))})
    learner.leave("game-2")
    pieces, ended = experience.take(8, 5.0)

    assert sorted((piece.age, len(piece.steps)) for piece in pieces) == [(0, 2), (0, 3), (0, 3)]
    assert ended == []


def test_transitions_without_probabilities_get_those_of_the_policy() -> None:
    module = make_policy(LAYOUT)
    player = player_of(module)
    experience = Experience(1000)
    sent = walk(player, 5)
    without = replace(sent, logps=None)

    LiveLearner({"walker": player}, experience).take("game-1", {"walker": without})

    (piece,), _ = experience.take(5, 5.0)
    np.testing.assert_allclose(np.array([step.logp for step in piece.steps]), logps_of(sent), atol=1e-4)


def test_more_than_the_learner_can_use_is_refused() -> None:
    player = player_of(make_policy(LAYOUT))
    experience = Experience(10)
    learner = LiveLearner({"walker": player}, experience)
    learner.take("game-1", {"walker": walk(player, 8)})
    with pytest.raises(BadMessage, match="busy"):
        learner.take("game-1", {"walker": walk(player, 8)})
    assert sum(len(piece.steps) for piece in experience.take(1, 5.0)[0]) == 8
    learner.take("game-1", {"walker": walk(player, 8)})


def test_log_probabilities_in_numpy_are_those_of_torch() -> None:
    module = make_policy(LAYOUT)
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((50, 7)).astype(np.float32)
    actions, drawn = module.explore(inputs, rng)
    expected = module.get_train_action_dist_cls().from_logits(torch.from_numpy(inputs)).logp(torch.from_numpy(actions))
    np.testing.assert_allclose(logps_numpy(inputs, actions, LAYOUT.actions), expected.numpy(), atol=1e-4)
    np.testing.assert_allclose(drawn, expected.numpy(), atol=1e-4)


def test_settings_without_meaning_are_named_together() -> None:
    config = load("tag", ["training.critic=arena", "rollout.record_every=3"])
    with pytest.raises(ConfigError) as refused:
        make_live(config)
    with pytest.raises(ConfigError, match="--learn is PPO"):
        make_live(load("tag", ["algorithm=APPO"]))
    assert [problem.partition(":")[0] for problem in refused.value.problems] == [
        "rollout.record_every",
        "training.critic",
    ]
    live = make_live(load("tag"))
    assert (live.rollout.runners, live.game.arenas) == (1, 1)


def test_no_script_is_recorded_where_no_game_is_started() -> None:
    with pytest.raises(ConfigError, match=r"none; use --set imitation\.from=\[\]"):
        learn_live(load("vr_ui"), Door("127.0.0.1", 8765), declared=Declared("game", {}, {}))


def test_what_is_wrong_is_said_before_a_game_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = run_command("serve", "--learn", "vr_ui", "--spaces-from-game", monkeypatch=monkeypatch, capsys=capsys)

    assert done.code == 2
    assert "use --set imitation.from=[]" in done.err
    assert "games connect to" not in done.err


def part_of(whole: PolicyTransitions, rows: slice) -> PolicyTransitions:
    parts = {field.name: getattr(whole, field.name)[rows] for field in fields(whole) if field.name != "measured"}
    return replace(whole, **parts, measured={})


def logps_of(sent: PolicyTransitions) -> np.ndarray:
    assert sent.logps is not None
    return sent.logps
