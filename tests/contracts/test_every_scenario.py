"""What holds of every scenario. A new one is covered by being there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from support.game_contract import check, draw

from spacetime_rl.config import RunConfig
from spacetime_rl.episodes.episode import Build, Episode
from spacetime_rl.episodes.replay import actions_of, compare, play_actions
from spacetime_rl.game.api import Game, StepResult
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.project import scenarios
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.game.trace import Recording, Trace
from spacetime_rl.metrics import is_wall_clock

SCENARIOS = [scenario.name for scenario in scenarios()]
DECISIONS = 60
LIMIT = 100.0  # an observation further from 0 is in the wrong unit for a network
FIRST = Recording(below=1, bodies=True)
LONGEST = 5000  # decisions of an episode of heuristics
# Of scenarios that are made to be costly: smaller ones, which keep the same rules.
SMALLER: dict[str, dict[str, int]] = {
    "physics_stress": {"frames": 120, "most_bodies": 60, "first_bodies": 10},
    "voxel_terrain": {"time_limit_s": 1, "view_chunks": 2, "middle_chunks": 1, "near_chunks": 1, "teleport_m": 20},
}

pytestmark = pytest.mark.usefixtures("godot_bin")


@pytest.fixture(params=SCENARIOS)
def scenario(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def launch_of(scenario: str, arenas: int) -> GameLaunch:
    return GameLaunch(scenario=scenario, arenas=arenas, params=SMALLER.get(scenario, {}))


def results(scenario: str, seed: int, arenas: int = 2) -> Iterator[tuple[Game, StepResult]]:
    """Results of random actions; the arrays are overwritten by the next one."""
    with open_game(launch_of(scenario, arenas)) as game:
        actions = draw(game, seed)
        yield game, game.reset(seed=seed)
        for _ in range(DECISIONS):
            yield game, game.step(next(actions))


def test_spaces_are_as_declared_and_numbers_are_finite_and_of_a_size_that_networks_take(scenario: str) -> None:
    furthest = 0.0
    for game, result in results(scenario, seed=1):
        check(game, result)
        furthest = max(furthest, *(float(np.abs(seen).max()) for seen in result.observations))
    assert furthest <= LARGE.get(scenario, LIMIT)


# In metres and metres a second, for policies that read them on a logarithmic scale (`model.symlog`).
LARGE = {"spacecraft_landing": 5000.0, "spacecraft_fleet": 5000.0, "crew_pickup": 5000.0}


def test_the_same_seed_and_actions_give_the_same_numbers_bit_for_bit(scenario: str) -> None:
    played: list[list[bytes]] = [
        [b"".join(what_repeats(game, result)) for game, result in run]
        for run in (results(scenario, seed=7), results(scenario, seed=7))
    ]
    assert played[0] == played[1]


def what_repeats(game: Game, result: StepResult) -> Iterator[bytes]:
    """Observations and rewards, without those that the game calls by a name of the wall clock."""
    for number, group in enumerate(game.spec.groups):
        timed = [is_wall_clock(field.name) for field in group.layout.fields for _ in range(field.size)]
        yield result.observations[number][:, ~np.array(timed, bool)].tobytes()
        if not any(is_wall_clock(metric.removeprefix("reward/")) for metric in group.metrics):
            yield result.rewards[game.spec.group_slice(number)].tobytes()


def test_scripted_players_end_episodes_that_replay_and_report_every_metric_that_is_declared(scenario: str) -> None:
    with open_game(replace(launch_of(scenario, arenas=4), control="heuristic")) as game:
        game.traces(FIRST)
        game.reset(seed=2)
        idle = [
            np.zeros((game.spec.group_size(group), game.spec.groups[group].layout.action_size), np.float32)
            for group in range(len(game.spec.groups))
        ]
        seen: dict[str, set[str]] = {group.name: set() for group in game.spec.groups}
        for _ in range(LONGEST):
            for end in game.step(idle).ended:
                seen[policy_of(game, end.agent)] |= set(end.metrics)
            if all(seen.values()):
                break
        assert seen == {group.name: set(group.metrics) for group in game.spec.groups}
        recorded = played_on(game, idle)
        spec = game.spec
    replays_exactly(scenario, spec, recorded)


def played_on(game: Game, idle: list[NDArray[np.float32]]) -> Trace:
    """The recording of the first episode, which is played to its end if it has not ended yet."""
    while not (found := game.traces(FIRST)):
        game.step(idle)
    return found[0]


def replays_exactly(scenario: str, spec: GameSpec, trace: Trace) -> None:
    """The recorded actions give the same states in a game of one arena."""
    assert spec.action_repeat is not None
    episode = Episode(
        trace=trace,
        build=Build(scenario, "", "", ""),
        config=RunConfig.model_validate({"scenario": {"name": scenario, "params": SMALLER.get(scenario, {})}}),
        seed=2,
        player="heuristic",
        recorded_at="",
        action_repeat=spec.action_repeat,
        layouts={group.name: group.layout for group in spec.groups},
    )
    with open_game(launch_of(scenario, arenas=1)) as game:
        again = play_actions(game, episode, actions_of(episode, game.spec))
    assert compare(episode, again) is None


def policy_of(game: Game, agent: int) -> str:
    rows = {group.name: game.spec.group_slice(number) for number, group in enumerate(game.spec.groups)}
    return next(name for name, own in rows.items() if own.start <= agent < own.stop)
