"""Matches in an env runner: who plays which side, what is learned from, and what the results are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from support.fake_runs import LSTM, by_agent, make_config, make_plan, make_runner
from support.toy_game import FakeGame, FakeGameOpener, make_group, make_layout

from spacetime_rl.config.policy import ModelConfig
from spacetime_rl.errors import ContractError, GameDied
from spacetime_rl.game.api import EndedAgent, StepResult
from spacetime_rl.learning.algorithm import play
from spacetime_rl.modules.acting import ActingModule
from spacetime_rl.modules.network_plan import NetworkPlan
from spacetime_rl.rollout.directive import PLAIN, Directive, Played
from spacetime_rl.rollout.matches import Matches, MatchResult
from spacetime_rl.rollout.opponents import Draw, Opponent, Opponents, OtherNetwork
from spacetime_rl.rollout.sides import MatchPlan, Side

CHASE = (make_group("chaser", 1, make_layout()), make_group("runner", 2, make_layout(4)))
WALKERS = (make_group("walker", 4, make_layout()),)
LEAGUE: dict[str, Any] = {"league": {}}


@pytest.fixture(autouse=True)
def _count_requests_afresh() -> None:
    FakeGame.requests = 0


def constant(runner: Any, policy: str, action: float) -> dict[str, Any]:
    """The weights of a policy that takes the same action whatever it sees, with hardly any noise."""
    return constant_weights(runner.module[policy], action)


def constant_weights(module: ActingModule, action: float) -> dict[str, Any]:
    weights = {name: np.array(value) for name, value in module.get_state().items()}
    for name in weights:
        if name.startswith("action_head"):
            weights[name] = np.full_like(weights[name], action if name.endswith("bias") else 0.0)
    weights["log_std"] = np.full_like(weights["log_std"], -9.0)  # clamped to -5
    return weights


def against(
    runner: Any, numbers: dict[str, list[float]], learners: tuple[str, ...], all_learn: bool = True
) -> Directive:
    """Opponents drawn alike for each policy: player `policy@i` always takes the i-th of its `numbers`."""
    players = tuple(
        Opponent(f"{policy}@{index}", policy, "snapshot", constant(runner, policy, number))
        for policy, those in numbers.items()
        for index, number in enumerate(those)
    )
    draws = {}
    for policy in {side.policy for side in runner._plan.matches.sides}:
        ids = tuple(player.id for player in players if player.policy == policy) or (f"{policy}@latest",)
        draws[policy] = Draw(ids, (1 / len(ids),) * len(ids))
    return Directive(opponents=Opponents(players, draws, learners, all_learn))


def played(runner: Any, directive: Directive, agent_steps: int) -> Played:
    answer = play(runner, agent_steps, directive)
    assert isinstance(answer, Played), answer
    return answer


def asked(runner: Any) -> list[np.ndarray]:
    """Of each group the actions that the game was sent, [decisions, agents, action_size]."""
    (sampler,) = runner._samplers
    return [np.stack(group) for group in zip(*sampler._game.asked, strict=True)]


def same(ours: list[SingleAgentEpisode], theirs: list[SingleAgentEpisode]) -> bool:
    pairs = list(zip(ours, theirs, strict=True))
    arrays = [
        (getattr(one, name).data, getattr(other, name).data)
        for one, other in pairs
        for name in ("observations", "actions", "rewards")
    ]
    arrays += [
        (one.extra_model_outputs[key].data, other.extra_model_outputs[key].data)
        for one, other in pairs
        for key in ("action_logp", "action_dist_inputs")
    ]
    return all(np.array_equal(one, other) for one, other in arrays)


def test_a_league_in_which_only_the_latest_policies_play_samples_what_a_run_without_league_does() -> None:
    opener = FakeGameOpener(CHASE, arenas=3, lengths=(4, 6))
    plain: Any = make_runner(opener)
    league: Any = make_runner(opener, make_config(**LEAGUE))
    ours = [played(league, against(league, {}, ("chaser", "runner")), 9 * 13) for _ in range(2)]
    theirs = [played(plain, PLAIN, 9 * 13) for _ in range(2)]
    for one, other in zip(ours, theirs, strict=True):
        assert same(one.episodes, other.episodes)
        assert one.metrics["num_agent_steps_sampled"] == other.metrics["num_agent_steps_sampled"]
    assert theirs[0].matches == ()
    assert {match.sides for match in ours[0].matches} == {
        (("chaser", "chaser@latest"), ("runner", "runner@latest")),
    }


def test_a_run_without_league_has_plain_slots_and_no_matches() -> None:
    runner: Any = make_runner(FakeGameOpener(CHASE))
    (sampler,) = runner._samplers
    assert {type(slot).__name__ for slot in sampler._slots} == {"PolicySlot"}
    assert (sampler._matches, runner._frozen) == (None, None)


def test_frozen_players_act_and_only_the_learning_side_s_episodes_are_learned_from() -> None:
    runner: Any = make_runner(FakeGameOpener(CHASE, arenas=4, lengths=(5,)), make_config(**LEAGUE))
    answer = played(runner, against(runner, {"runner": [0.25, 0.75]}, ("chaser",)), 12 * 20)
    assert {episode.module_id for episode in answer.episodes} == {"chaser"}
    assert [len(episode) for episode in answer.episodes] == [5] * 16
    assert answer.metrics["num_agent_steps_sampled"] == {"chaser": 80, "runner": 0}
    runners = asked(runner)[1].reshape(4, 5, 4, 2, 2)  # episode, decision, arena, agent, action
    centres = runners.mean(axis=(1, 3, 4))
    assert set(np.round(centres * 4).ravel() / 4) == {0.25, 0.75}
    np.testing.assert_allclose(runners, np.broadcast_to(centres[:, None, :, None, None], runners.shape), atol=0.06)


def test_each_arena_draws_a_player_for_each_of_its_episodes() -> None:
    runner: Any = make_runner(FakeGameOpener(CHASE, arenas=8, lengths=(5,)), make_config(**LEAGUE))
    answer = played(runner, against(runner, {"runner": [0.1, 0.3, 0.5, 0.7]}, ("chaser",)), 24 * 50)
    met = [match.sides[1][1] for match in answer.matches]
    assert len(met) == 8 * 10
    assert {player: met.count(player) for player in sorted(set(met))} == pytest.approx(
        dict.fromkeys((f"runner@{index}" for index in range(4)), 20), abs=12
    )


def test_the_same_seed_draws_the_same_matches() -> None:
    def matches() -> tuple[MatchResult, ...]:
        runner: Any = make_runner(FakeGameOpener(CHASE, arenas=8, lengths=(5,)), make_config(**LEAGUE))
        return played(
            runner, against(runner, {"runner": [0.1, 0.3], "chaser": [0.1]}, ("chaser", "runner")), 900
        ).matches

    assert matches() == matches()


def test_a_match_is_decided_by_the_side_with_the_higher_mean_result() -> None:
    sides = (
        Side("chaser", "chaser", np.array([[0]]), True),
        Side("runner", "runner", np.array([[1, 2]]), True),
    )
    matches = Matches(MatchPlan(sides, "won"), np.zeros(3, np.int64))
    matches.seed(0)
    matches.begin()
    for results, ranks in (((1, 0, 1), (0, 1)), ((0, 0, 1), (1, 0)), ((0, 0, 0), (0, 0)), ((0.5, 1, 0), (0, 0))):
        for agent, won in enumerate(results):  # one after the other; the arena goes on when the last has ended
            end = EndedAgent(agent, np.zeros(1, np.float32), {"won": float(won)})
            active = np.full(3, agent == 2) | (np.arange(3) > agent)
            matches.note(StepResult((), np.zeros(3, np.float32), active, active, active, (end,)))
        (match,) = matches.take()
        assert match.ranks == ranks


def test_where_a_single_side_learns_the_latest_policy_on_the_other_only_plays() -> None:
    runner: Any = make_runner(FakeGameOpener(CHASE, arenas=2, lengths=(5,)), make_config(**LEAGUE))
    answer = played(runner, against(runner, {}, ("runner",), all_learn=False), 6 * 10)
    assert {episode.module_id for episode in answer.episodes} == {"runner"}
    totals = answer.metrics["spacetime"]["episodes"]
    assert set(totals) == {"chaser", "runner"}  # both are measured


def test_agents_of_one_shared_policy_meet_each_other_and_one_learns() -> None:
    runner: Any = make_runner(FakeGameOpener(WALKERS, arenas=2, lengths=(5,)), make_config(**LEAGUE))
    sides = tuple(side.name for side in runner._plan.matches.sides)
    assert sides == ("walker_0", "walker_1", "walker_2", "walker_3")
    answer = played(runner, against(runner, {"walker": [0.25]}, sides), 8 * 40)
    assert {len(set(match.sides)) for match in answer.matches} == {2}
    assert answer.metrics["num_agent_steps_sampled"] == {"walker": 2 * 40}
    assert len(by_agent(answer.episodes)) > 4  # which agent it is changes


def test_teams_of_a_shared_policy_are_played_by_one_player_each() -> None:
    config = make_config(league={"sides": {"red": ["walker_[01]"], "blue": ["walker_[23]"]}})
    runner: Any = make_runner(FakeGameOpener(WALKERS, lengths=(5,)), config)
    answer = played(runner, against(runner, {"walker": [0.25]}, ("blue",)), 4 * 10)
    assert {episode.agent_id for episode in answer.episodes} == {"walker_2", "walker_3"}
    assert answer.matches[0].sides == (("walker", "walker@0"), ("walker", "walker@latest"))


@pytest.mark.parametrize("players", [["walker@0"], ["walker@0", "walker@1"]])
def test_a_frozen_player_with_memory_begins_every_episode_without_any(players: list[str]) -> None:
    config = make_config(league={"sides": {"one": ["walker_0"], "rest": ["walker_[123]"]}}, policies={"walker": LSTM})
    runner: Any = make_runner(FakeGameOpener(WALKERS, arenas=2, lengths=(5,)), config)
    weights = runner.module["walker"].get_state()
    named = tuple(Opponent(player, "walker", "snapshot", weights) for player in players)
    draw = Draw(tuple(players), (1 / len(players),) * len(players))
    played(runner, Directive(opponents=Opponents(named, {"walker": draw}, ("one",))), 8 * 7)
    (slot,) = runner._samplers[0]._slots
    states = list(slot._states.values())
    assert states
    (held,) = [state["h"] for state in states]
    assert held[[1, 2, 3, 5, 6, 7]].any(axis=1).all()
    assert not held[[0, 4]].any()
    played(runner, Directive(opponents=Opponents(named, {"walker": draw}, ("one",))), 8 * 3)  # to the episode's end
    assert not any(state["h"].any() for state in slot._states.values())


@pytest.mark.parametrize(
    "model", [{"hiddens": [5, 5]}, {"hiddens": [7], "lstm": {"cell_size": 3}}], ids=["mlp", "lstm"]
)
def test_networks_of_other_sizes_play_in_the_same_arenas(model: dict[str, Any]) -> None:
    config = make_config(**LEAGUE, policies={"runner": LSTM})
    runner: Any = make_runner(FakeGameOpener(CHASE, arenas=24, lengths=(5,)), config)
    plan = NetworkPlan("PPO", ModelConfig.model_validate(model), make_layout(4))
    other = plan.build()
    directive = against(runner, {"runner": [0.25, 0.75]}, ("chaser",))
    assert directive.opponents is not None
    players = list(directive.opponents.players)
    for number, action in enumerate((-0.25, -0.75)):
        network = OtherNetwork(constant_weights(other, action), plan)
        players.append(Opponent(f"b:runner@{number}", "runner", "snapshot", network))
    draw = Draw(tuple(player.id for player in players), (0.25,) * 4)
    drawn = Directive(opponents=Opponents(tuple(players), {**directive.opponents.draws, "runner": draw}, ("chaser",)))
    answer = played(runner, drawn, 24 * 3 * 10)
    assert {match.sides[1][1] for match in answer.matches} == set(draw.players)
    runners = asked(runner)[1].reshape(2, 5, 24, 2, 2)  # episode, decision, arena, agent, action
    centres = np.round(runners.mean(axis=(1, 3, 4)) * 4) / 4
    assert set(centres.ravel()) == {0.25, 0.75, -0.25, -0.75}
    np.testing.assert_allclose(runners, np.broadcast_to(centres[:, None, :, None, None], runners.shape), atol=0.06)
    wanted = {"runner@0": 0.25, "runner@1": 0.75, "b:runner@0": -0.25, "b:runner@1": -0.75}
    assert sorted(centres.ravel()) == sorted(wanted[match.sides[1][1]] for match in answer.matches)
    (slot,) = [slot for slot in runner._samplers[0]._slots if slot.plan.name == "runner"]
    assert {frozenset(state) for state in slot._states.values()} == {
        frozenset({"h", "c"}),
        frozenset({"h", "c"} if "lstm" in model else ()),
    }


def test_the_random_player_takes_every_action_alike() -> None:
    group = make_group("walker", 2, make_layout(3, 1, 3))
    runner: Any = make_runner(FakeGameOpener((group,), arenas=8, lengths=(5,)), make_config(**LEAGUE))
    draws = {"walker": Draw(("random",), (1.0,))}
    opponents = Opponents((Opponent("random", "walker", "random"),), draws, ("walker_1",))
    played(runner, Directive(opponents=opponents), 16 * 400)
    (actions,) = asked(runner)
    own = actions[:, 0::2].reshape(-1, 2)
    assert np.bincount(own[:, 0].astype(int)) / len(own) == pytest.approx([1 / 3] * 3, abs=0.03)
    assert np.histogram(own[:, 1], 4, (-1, 1))[0] / len(own) == pytest.approx([1 / 4] * 4, abs=0.03)


def test_the_game_is_asked_to_act_for_the_scripted_player_s_agents_alone() -> None:
    config = make_config(league={"fixed": {"scripted": 1.0}})
    runner: Any = make_runner(FakeGameOpener(CHASE, arenas=2, lengths=(5,)), config)
    assert {opponent.key for opponent in runner._plan.matches.fixed} == {("chaser", "scripted"), ("runner", "scripted")}
    draws = {policy: Draw(("scripted",), (1.0,)) for policy in ("chaser", "runner")}
    opponents = Opponents(runner._plan.matches.fixed, draws, ("chaser",))
    answer = played(runner, Directive(opponents=opponents), 6 * 10)
    chasers, runners = asked(runner)
    assert np.isfinite(chasers).all()
    assert np.isnan(runners).all()
    assert all(np.isfinite(episode.actions.data).all() for episode in answer.episodes)


@pytest.mark.parametrize("first", [7, 8], ids=["at an episode's end", "within an episode"])
def test_a_player_that_no_directive_names_any_more_plays_its_episode_to_the_end(first: int) -> None:
    # The first arena's episodes take 10 decisions, the second one's 7.
    opener = FakeGameOpener(CHASE, arenas=2, lengths=(10, 7, 10, 10, 7, 7))
    runner: Any = make_runner(opener, make_config(**LEAGUE))
    played(runner, against(runner, {"runner": [0.25]}, ("chaser",)), 6 * first)
    renamed = against(runner, {"runner": [0.5, 0.75]}, ("chaser",)).opponents
    assert renamed is not None
    only = Opponents(renamed.players[1:], {**renamed.draws, "runner": Draw(("runner@1",), (1.0,))}, ("chaser",))
    for _ in range(2):
        played(runner, Directive(opponents=only), 6 * 10)
    (_, runners) = asked(runner)
    for agents, begins in ((runners[:, :2], 10), (runners[:, 2:], 14)):  # the second one drew before the change
        np.testing.assert_allclose(agents[:begins].mean(axis=(1, 2)), 0.25, atol=0.03)
        np.testing.assert_allclose(agents[begins:].mean(axis=(1, 2)), 0.75, atol=0.03)
    assert set(runner._frozen._built) == {("runner", "runner@1")}


def test_a_game_that_takes_another_s_place_begins_matches_and_the_lost_fragment_s_do_not_count() -> None:
    opener = FakeGameOpener(CHASE, lengths=(5,), fault=GameDied("gone"), fails_at=(10,))
    runner: Any = make_runner(opener, make_config(**LEAGUE))
    answer = played(runner, against(runner, {"runner": [0.25]}, ("chaser",)), 3 * 20)
    assert len(answer.matches) == 4
    assert runner._samplers[0].restarts == 1


@pytest.mark.parametrize(
    ("league", "group", "message"),
    [
        ({"sides": {"a": ["giver_0"], "b": ["giver_9"]}}, 2, "league.sides.b: 'giver_9' matches no agent"),
        ({"sides": {"a": ["giver_0"], "b": ["giver_*"]}}, 2, "agent 'giver_0' is on several sides: a, b"),
        ({"sides": {"a": ["giver_0"], "b": ["giver_1"]}}, 3, "agent 'giver_2' is on no side"),
        ({}, 1, "has a single side here, 'giver_0'"),
        ({"result": "wn"}, 2, "league.result: not all agents report 'wn'"),
    ],
)
def test_a_league_that_does_not_fit_the_game_is_refused(league: dict[str, Any], group: int, message: str) -> None:
    opener = FakeGameOpener((make_group("giver", group, make_layout()),))
    with pytest.raises(ContractError) as caught:
        make_plan(opener, make_config(league=league))
    assert any(message in problem for problem in caught.value.problems), caught.value.problems
