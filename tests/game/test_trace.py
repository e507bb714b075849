"""Recorded episodes of the real game, as Python sees them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray

from spacetime_rl.errors import GameDied, ProtocolError
from spacetime_rl.game.api import Game
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.trace import Recording, Trace, everything, read_traces, write_traces

Make: TypeAlias = Callable[..., GameLaunch]

SHORT = {"touch_m": 0.0, "max_ticks": 60}


def _still(game: Game) -> list[NDArray[np.float32]]:
    spec = game.spec
    return [np.zeros((spec.group_size(g), group.layout.action_size), np.float32) for g, group in enumerate(spec.groups)]


def test_only_the_episodes_that_were_asked_for_are_recorded_with_all_that_happened(touch: Make) -> None:
    with open_game(touch(SHORT, arenas=2, action_repeat=6)) as game:
        assert game.traces(Recording(3)) == ()
        game.reset(seed=1)
        returns = [game.step(_still(game)).rewards.copy() for _ in range(20)]
        traces = game.traces(Recording(3))
        again = game.traces()

    assert again == ()
    assert [trace.episode for trace in traces] == [0, 1, 2]
    first = traces[0]
    assert [agent.name for agent in first.agents] == ["walker_0", "walker_1", "jumper_0"]
    assert {agent.ending for agent in first.agents} == {"truncated"}
    walker = first.agents[0]
    assert walker.ticks.tolist() == list(range(0, 61, 6))
    assert walker.positions.shape == (11, 3)
    assert walker.velocities is not None
    assert sum(sums[-1] for sums in walker.rewards.values()) == pytest.approx(sum(r[0] for r in returns[:10]), abs=1e-4)
    assert [shape.points.shape for shape in first.outline] == [(4, 2)] * 5
    assert not first.succeeded


def test_episodes_that_began_without_a_seed_are_recorded_by_the_games_own_numbers(touch: Make) -> None:
    with open_game(touch(SHORT, arenas=2, action_repeat=6)) as game:
        game.traces(everything(every=3))
        game.reset()
        game.step(_still(game))
        game.reset()  # begins the episodes 2 and 3
        for _ in range(20):
            game.step(_still(game))
        traces = game.traces(everything(every=3))

    assert [(trace.episode, trace.agents[0].ending) for trace in traces] == [(3, "truncated")]


def test_a_trace_can_be_written_and_read_again(touch: Make) -> None:
    with open_game(touch(SHORT)) as game:
        game.traces(Recording(1))
        game.reset(seed=1)
        for _ in range(10):
            game.step(_still(game))
        traces = game.traces()

    again = read_traces(write_traces(traces), traces[0].physics_hz)

    assert write_traces(again) == write_traces(traces)
    np.testing.assert_array_equal(again[0].agents[1].positions, traces[0].agents[1].positions)


@pytest.mark.parametrize("text", ["[]", "{}", "nonsense", '{"episodes": [{"episode": 0}]}'])
def test_a_malformed_answer_is_said_so(text: str) -> None:
    with pytest.raises(ProtocolError, match="malformed TRACES"):
        read_traces(text, 90)


def test_a_game_that_records_nothing_gives_up_with_its_reason(fake: Make) -> None:
    with open_game(fake()) as game, pytest.raises(GameDied, match="TRACE"):
        game.traces(Recording(1))


def test_actions_rewards_and_hashes_are_recorded_and_observations_on_request(touch: Make) -> None:
    with open_game(touch(SHORT, action_repeat=6)) as game:
        game.traces(Recording(1, observations=True))
        seen = [game.reset(seed=1).observations[0][0].copy()]
        earned = [0.0]
        for decision in range(10):
            actions = _still(game)
            actions[0][0] = (0.1 * decision, -0.5)
            result = game.step(actions)
            seen.append(result.observations[0][0].copy())
            earned.append(float(result.rewards[0]))
        (trace,) = game.traces()

    walker = trace.agents[0]
    assert walker.actions is not None
    assert walker.decision_rewards is not None
    assert walker.observations is not None
    np.testing.assert_array_equal(walker.actions, np.array([(0.1 * d, -0.5) for d in range(10)], np.float32))
    np.testing.assert_array_equal(walker.decision_rewards, np.array(earned, np.float32))
    np.testing.assert_array_equal(walker.observations[:-1], seen[:-1])
    assert walker.observations.shape == (11, seen[0].size)
    assert trace.hashes is not None
    assert len(set(trace.hashes.tolist())) == 11


@pytest.mark.parametrize("scripted", [(), ("walker",)])
def test_what_we_keep_ourselves_equals_what_a_game_records_for_a_client_that_keeps_nothing(
    scripted: tuple[str, ...], touch: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch = replace(touch({**SHORT, "late_tick": 13}, arenas=2, action_repeat=6), scripted=scripted)
    short = _play(launch)
    monkeypatch.setattr("spacetime_rl.game.client._SHORT", 0)
    assert len(short) == 4
    assert write_traces(_play(launch)) == write_traces(short)


def test_what_we_keep_of_a_2d_game_equals_what_it_records_itself(touch: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    launch = replace(touch(arenas=2, action_repeat=6), scene="res://tests/fixtures/shove/shove.tscn")
    short = _play(launch)
    monkeypatch.setattr("spacetime_rl.game.client._SHORT", 0)
    assert {trace.unit for trace in short} == {"px"}
    assert write_traces(_play(launch)) == write_traces(short)


def _play(launch: GameLaunch) -> tuple[Trace, ...]:
    dice = np.random.default_rng(0)
    with open_game(launch) as game:
        game.traces(everything())
        game.reset(seed=1)
        traces: tuple[Trace, ...] = ()
        for decision in range(15):
            actions = [dice.uniform(-1, 1, action.shape).astype(np.float32) for action in _still(game)]
            if len(actions) > 1:
                actions[1][:, 2] = decision % 2  # the jumper's choice
            game.step(actions)
            traces += game.traces(everything()) if decision == 10 else ()
        return traces + game.traces(unfinished=True)


def test_traces_of_an_older_addon_are_read_without_what_they_lack(touch: Make) -> None:
    with open_game(touch(SHORT)) as game:
        game.traces(Recording(1))
        game.reset(seed=1)
        for _ in range(10):
            game.step(_still(game))
        (trace,) = game.traces()
    data = json.loads(write_traces((trace,)))
    del data["episodes"][0]["hashes"]
    for agent in data["episodes"][0]["agents"]:
        del agent["actions"], agent["decision_rewards"]

    (older,) = read_traces(json.dumps(data), trace.physics_hz)

    assert older.hashes is None
    assert older.agents[0].actions is None
    assert json.loads(write_traces((older,))) == data


def test_an_agent_that_never_began_has_a_row_for_its_end_and_no_action(touch: Make) -> None:
    with open_game(touch({**SHORT, "late_tick": 1000}, action_repeat=6)) as game:
        game.traces(Recording(1, observations=True))
        game.reset(seed=1)
        for _ in range(10):
            game.step(_still(game))
        (trace,) = game.traces()

    assert [len(agent.ticks) for agent in trace.agents] == [11, 11, 1]
    assert trace.agents[2].actions is not None
    assert trace.agents[2].actions.shape == (0, 3)
