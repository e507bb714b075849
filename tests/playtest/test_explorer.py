"""The explorer learns to come to cells where nobody has been: in a made-up game, and in a playtest of a real one."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import yaml
from support.command import Done, run_command
from support.touch_run import RUN

from spacetime_rl.config import RunConfig
from spacetime_rl.contract import assign_policies
from spacetime_rl.episodes.episode import Build, Episode
from spacetime_rl.evaluation.policies import AgentGenerators
from spacetime_rl.game.spec import ActionField, AgentGroup, GameSpec, ObservationField, PolicyLayout
from spacetime_rl.game.trace import AgentTrace, Trace
from spacetime_rl.playtest.explorer import Explorer, _ExplorerActor, _Policy

CONFIG = RunConfig.model_validate({"scenario": {"name": "vr_ui"}})
LAYOUT = PolicyLayout(
    (ObservationField("here", 2),), (), (ActionField("stick", "continuous", 2), ActionField("run", "discrete", 2))
)
SPEC = GameSpec("field", 1, 90, 6, (AgentGroup("walker", ("walker_0",), LAYOUT),))


def walk(explorer: Explorer, number: int, decisions: int = 200) -> Episode:
    """An episode in an endless plane: the stick is the velocity, and running is five times as fast."""
    (actor,) = explorer.make_actors(SPEC, assign_policies(SPEC, CONFIG), 0, stochastic=True)
    actor.begin(np.array([0]), np.array([number]))
    here, places, taken = np.zeros(2, np.float32), [np.zeros(2, np.float32)], []
    for _ in range(decisions):
        action = actor.act(here[None] / 10.0)[0]
        taken.append(action)
        here = here + 0.02 * action[:2] * (5.0 if action[2] else 1.0)
        places.append(here.astype(np.float32))
    seen = np.array(places, np.float32)
    agent = AgentTrace(
        name="walker_0",
        policy="walker",
        ending="truncated",
        ticks=np.arange(decisions + 1, dtype=np.int64) * 6,
        positions=np.stack([seen[:, 0], np.zeros(len(seen), np.float32), seen[:, 1]], axis=1),
        velocities=None,
        rewards={},
        actions=np.array(taken, np.float32),
        observations=seen / 10.0,
    )
    trace = Trace(number, (agent,), (), {}, 90)
    return Episode(trace, Build("field", "c", "4.6", "x86_64"), CONFIG, 0, explorer.name, "", 6, {})


def cells(episode: Episode) -> int:
    return len(np.unique(np.floor(episode.trace.agents[0].positions), axis=0))


def test_it_takes_no_masked_choice_however_long_its_choices_last() -> None:
    layout = PolicyLayout(
        (ObservationField("mask/run", 4, "", "mask"), ObservationField("here", 2)),
        (),
        (ActionField("stick", "continuous", 2), ActionField("run", "discrete", 4)),
    )
    rng, rows = np.random.default_rng(0), np.arange(50)
    policy = _Policy(layout)
    actor = _ExplorerActor(policy, AgentGenerators(0, rows), 0)
    actor.begin(rows, np.zeros(50, np.int64))
    for _ in range(60):  # the policy learns in between
        allowed = rng.random((50, 4)) < 0.5
        allowed[rows, rng.integers(4, size=50)] = True
        seen = np.concatenate([allowed, rng.normal(size=(50, 2))], 1).astype(np.float32)
        actions = actor.act(seen)
        assert allowed[rows, actions[:, 2].astype(int)].all()
        policy.add(seen, actions, rng.random(50).astype(np.float32))


def test_it_learns_to_run_and_to_leave() -> None:
    explorer = Explorer(cell=1.0)
    reached = []
    for number in range(80):
        episode = walk(explorer, number)
        reached.append(cells(episode))
        explorer.learn(episode)

    assert np.mean(reached[-20:]) > 1.5 * np.mean(reached[:20])


def test_the_same_episode_is_played_alike_until_something_is_learned() -> None:
    explorer = Explorer(cell=1.0)
    first, again, other = walk(explorer, 3), walk(explorer, 3), walk(explorer, 4)

    assert np.array_equal(first.trace.agents[0].positions, again.trace.agents[0].positions)
    assert not np.array_equal(first.trace.agents[0].positions, other.trace.agents[0].positions)


def test_actions_are_ones_that_the_game_takes() -> None:
    actions = walk(Explorer(), 0).trace.agents[0].actions

    assert actions is not None
    assert np.abs(actions[:, :2]).max() <= 1.0
    assert set(np.unique(actions[:, 2])) == {0.0, 1.0}


def test_an_episode_without_decisions_teaches_nothing() -> None:
    explorer = Explorer(cell=1.0)
    explorer.learn(walk(explorer, 0, decisions=0))

    assert cells(walk(explorer, 1)) >= 1


def test_it_plays_in_a_playtest_beside_others(
    tmp_path: Path, godot_bin: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    command: Callable[..., Done] = partial(run_command, monkeypatch=monkeypatch, capsys=capsys)
    plan = {"players": {"random": 1, "explorer": 1}, "explorer": {"cell": 0.5}, "episodes": 6, "games": 1, "shorten": 0}
    (tmp_path / "touch.yaml").write_text(yaml.safe_dump({**RUN, "playtest": plan}))

    done = command("playtest", "touch.yaml", "--json")

    assert done.code == 0, done.err
    players = json.loads(done.out)["players"]
    assert players["explorer"]["episodes"] + players["random"]["episodes"] == 6
    assert players["explorer"]["cells"] > 0
