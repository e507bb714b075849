"""What the env runner makes of games whose agents end at different times, and of games that fail."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from ray.rllib.core.columns import Columns
from support.fake_runs import LSTM, MIXED, by_agent, make_config, make_runner
from support.toy_game import FakeGame, FakeGameOpener, make_group, make_layout

from spacetime_rl.errors import GameDied, RestartsExhausted
from spacetime_rl.rollout.metrics import OWN
from spacetime_rl.rollout.sampler import GameSampler


@pytest.fixture(autouse=True)
def _count_requests_afresh() -> None:
    FakeGame.requests = 0


def metrics_of(runner: Any) -> dict[str, Any]:
    runner.metrics._root = True  # so that `compile` gives plain numbers
    compiled: dict[str, Any] = runner.metrics.compile()
    return compiled


def game_of(sampler: GameSampler) -> FakeGame:
    assert isinstance(sampler._game, FakeGame)
    return sampler._game


def test_a_fragment_is_cut_into_one_piece_per_agent_and_episode() -> None:
    runner = make_runner(FakeGameOpener((make_group("giver", 2, make_layout()),), lengths=(4, 6)))
    pieces = by_agent(runner.sample(num_timesteps=2 * 9))
    # Both begin their second episode after decision 6, when the arena's last agent has ended.
    assert [len(piece) for piece in pieces["giver_0"]] == [4, 3]
    assert [len(piece) for piece in pieces["giver_1"]] == [6, 3]
    assert [piece.is_done for piece in pieces["giver_0"]] == [True, False]


def test_an_agent_whose_part_begins_later_has_a_piece_of_what_it_did() -> None:
    runner = make_runner(FakeGameOpener((make_group("giver", 2, make_layout()),), lengths=(3, 4), begins=(0, 2)))
    pieces = by_agent(runner.sample(num_timesteps=2 * 11))
    # The second one acts in decisions 2 to 5, and again from decision 8 on.
    assert [len(piece) for piece in pieces["giver_0"]] == [3, 3]
    assert [len(piece) for piece in pieces["giver_1"]] == [4, 3]
    assert [piece.t_started for piece in pieces["giver_1"]] == [0, 0]
    assert [piece.is_done for piece in pieces["giver_1"]] == [True, False]


def test_an_episode_goes_on_in_the_next_fragment_from_the_observation_the_last_one_ended_with() -> None:
    runner = make_runner(FakeGameOpener((make_group("giver", 1, make_layout()),), lengths=(8,)))
    (first,) = runner.sample(num_timesteps=5)
    second = runner.sample(num_timesteps=5)[0]
    np.testing.assert_array_equal(first.observations.data[-1], second.observations.data[0])
    assert (first.t_started, first.is_done) == (0, False)
    assert (second.t_started, len(second), second.is_done) == (5, 3, True)


def test_an_episode_that_ended_carries_its_own_last_observation_and_way_of_ending() -> None:
    opener = FakeGameOpener((make_group("giver", 1, make_layout()),), lengths=(4,), seed=9)
    terminated, truncated = make_runner(opener).sample(num_timesteps=8)
    game = opener(None)  # type: ignore[arg-type]
    game.reset()
    for piece in (terminated, truncated):
        for _ in range(4):
            result = game.step([np.zeros((1, 2), np.float32)])
        np.testing.assert_array_equal(piece.observations.data[-1], result.ended[0].final_observation)
        assert not np.array_equal(piece.observations.data[-1], result.observations[0][0])
    assert (terminated.is_terminated, terminated.is_truncated) == (True, False)
    assert (truncated.is_terminated, truncated.is_truncated) == (False, True)


def test_memory_is_carried_through_an_episode_and_cleared_at_its_end() -> None:
    config = make_config(policies={"giver": LSTM})
    runner = make_runner(FakeGameOpener((make_group("giver", 1, make_layout()),), lengths=(6,)), config)
    runner.sample(num_timesteps=4)
    rest, fresh = runner.sample(num_timesteps=8)[:2]
    states = rest.extra_model_outputs[Columns.STATE_OUT]
    assert (states.lookback, len(states.data["h"])) == (1, len(rest) + 1)
    assert states.data["h"].any(axis=1).all()
    assert fresh.extra_model_outputs[Columns.STATE_OUT].lookback == 0
    module = runner.module["giver"]
    first = {key: value[None] for key, value in module.get_initial_state().items()}
    again = module._forward({"obs": torch.from_numpy(fresh.observations.data[:1]), "state_in": first})
    np.testing.assert_allclose(
        again["state_out"]["h"][0].detach(), fresh.extra_model_outputs["state_out"].data["h"][0], atol=1e-6
    )


def test_games_get_clipped_continuous_actions_and_whole_choices() -> None:
    runner = make_runner(FakeGameOpener(MIXED, arenas=2))
    episodes = runner.sample(num_timesteps=500)
    game = game_of(runner._samplers[0])
    givers, takers = (np.concatenate(group) for group in zip(*game.asked, strict=True))
    assert np.abs(givers).max() == 1.0
    assert np.abs(takers[:, 1]).max() == 1.0
    assert set(np.unique(takers[:, 0])) == {0.0, 1.0, 2.0}
    assert max(np.abs(e.actions.data).max() for e in episodes if e.module_id == "giver") > 1.0


def test_a_mapping_that_splits_a_group_gives_every_agent_its_own_policy() -> None:
    group = make_group("player", 3, make_layout())
    config = make_config(
        policy_mapping=[{"agents": "player_1", "policy": "odd"}, {"agents": "player_*", "policy": "even"}]
    )
    runner = make_runner(FakeGameOpener((group,), arenas=2), config)
    modules = {
        agent: {e.module_id for e in pieces} for agent, pieces in by_agent(runner.sample(num_timesteps=60)).items()
    }
    assert modules == {f"a{a}/player_{i}": {"odd" if i == 1 else "even"} for a in range(2) for i in range(3)}


def test_sampling_by_episodes_returns_whole_ones_of_fresh_starts() -> None:
    runner = make_runner(FakeGameOpener((make_group("giver", 2, make_layout()),), lengths=(5,)))
    runner.sample(num_timesteps=4)
    episodes = runner.sample(num_episodes=3, explore=False)
    assert len(episodes) >= 3
    assert all(e.is_done and e.t_started == 0 and len(e) == 5 for e in episodes)


def test_random_actions_do_not_depend_on_the_network() -> None:
    runner = make_runner(FakeGameOpener(MIXED, arenas=8))
    actions = np.concatenate(
        [e.actions.data for e in runner.sample(num_timesteps=2000, random_actions=True) if e.module_id == "taker"]
    )
    assert np.bincount(actions[:, 0].astype(int)) / len(actions) == pytest.approx([1 / 3] * 3, abs=0.06)
    assert actions[:, 1].std() == pytest.approx(1.0, abs=0.1)


def test_every_game_of_a_run_has_a_seed_of_its_own() -> None:
    opener = FakeGameOpener((make_group("giver", 1, make_layout()),))
    runner = make_runner(opener, games=3)
    runner.sample(num_timesteps=12)
    seeds = {game_of(sampler).launch.seed for sampler in runner._samplers}
    assert len(seeds) == 3
    plan = runner._plan
    assert len({plan.game_seed(w, g, r, p) for w in range(3) for g in range(3) for r in range(3) for p in (0, 5)}) == 54


def test_games_of_a_runner_work_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def note(method: str) -> None:
        original = getattr(FakeGame, method)

        def noted(game: FakeGame, *args: Any) -> Any:
            order.append(f"{method} {game.launch.name[-1]}")
            return original(game, *args)

        monkeypatch.setattr(FakeGame, method, noted)

    note("send")
    note("receive")
    runner = make_runner(FakeGameOpener((make_group("giver", 1, make_layout()),)), games=2)
    pieces = runner.sample(num_timesteps=2 * 3)
    assert order == ["send 0", "send 1"] + ["receive 0", "send 0", "receive 1", "send 1"] * 2 + [
        "receive 0",
        "receive 1",
    ]
    assert [len(piece) for piece in pieces] == [3, 3]


def test_a_game_that_fails_does_not_disturb_the_other_one() -> None:
    opener = FakeGameOpener(
        (make_group("giver", 1, make_layout()),), fault=GameDied("killed by SIGKILL"), fails_at=(6,)
    )
    runner = make_runner(opener, games=2)
    pieces = runner.sample(num_timesteps=2 * 4)  # two resets, then the games' steps in turn: the second game fails
    assert sum(len(piece) for piece in pieces) == 2 * 4
    assert [sampler.restarts for sampler in runner._samplers] == [0, 1]
    other = runner._samplers[0]._game
    runner.sample(num_timesteps=2 * 4)
    assert runner._samplers[0]._game is other


def test_a_runner_given_up_in_the_middle_of_a_step_ends_its_games(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = make_runner(FakeGameOpener((make_group("giver", 1, make_layout()),)), games=2)
    runner.sample(num_timesteps=2)
    games = [game_of(sampler) for sampler in runner._samplers]
    monkeypatch.setattr(FakeGame, "receive", lambda game: exec("raise KeyboardInterrupt"))
    with pytest.raises(KeyboardInterrupt):
        runner.sample(num_timesteps=20)
    assert [game.closed for game in games] == [True, True]


def test_a_game_that_fails_is_replaced_and_its_fragment_played_again() -> None:
    fault = GameDied("killed by SIGKILL")
    opener = FakeGameOpener((make_group("giver", 2, make_layout()),), fault=fault, fails_at=(8, 9))
    runner = make_runner(opener)
    runner.sample(num_timesteps=2 * 5)  # a reset and five steps
    first = game_of(runner._samplers[0])
    pieces = by_agent(runner.sample(num_timesteps=2 * 5))
    assert first.closed
    assert game_of(runner._samplers[0]).launch.seed != first.launch.seed
    assert {agent: sum(len(p) for p in own) for agent, own in pieces.items()} == {"giver_0": 5, "giver_1": 5}
    assert pieces["giver_0"][0].t_started == 0
    own = metrics_of(runner)[OWN]
    assert own["restarts"] == 2
    assert own["downtime_s"] > 0


def test_games_that_keep_failing_end_the_sampling_with_the_reason() -> None:
    opener = FakeGameOpener(
        (make_group("giver", 1, make_layout()),), fault=GameDied("killed by SIGSEGV"), fails_at=tuple(range(2, 99))
    )
    runner = make_runner(opener, max_lifetime_restarts=2)
    with pytest.raises(RestartsExhausted, match="killed by SIGSEGV"):
        runner.sample(num_timesteps=10)
    assert runner._samplers[0]._game is None


def test_metrics_are_sums_over_agents_episodes_beside_rllibs_names() -> None:
    runner = make_runner(FakeGameOpener(MIXED, arenas=2, lengths=(5,)))
    runner.sample(num_timesteps=10 * 10)
    metrics = metrics_of(runner)
    assert metrics["num_env_steps_sampled"] == 10
    assert metrics["num_agent_steps_sampled"] == {"giver": 40, "taker": 60}
    assert metrics["num_module_steps_sampled_lifetime"] == {"giver": 40, "taker": 60}
    assert metrics["num_episodes"] == 20
    assert metrics["episode_len_mean"] == 5
    assert metrics[OWN]["episodes"] == {"giver": 8, "taker": 12}
    assert metrics[OWN]["totals"]["giver"]["length"] == 40
    assert "episode" not in metrics[OWN]["totals"]["giver"]


def test_stopping_the_runner_closes_its_games() -> None:
    runner = make_runner(FakeGameOpener((make_group("giver", 1, make_layout()),)), games=2)
    runner.sample(num_timesteps=10)
    games = [game_of(sampler) for sampler in runner._samplers]
    runner.stop()
    assert all(game.closed for game in games)
