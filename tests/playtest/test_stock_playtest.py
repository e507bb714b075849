"""A playtest of a stock game: what its protocol gives is enough to find what is broken in it."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from support import fake_stock_game
from support.command import Done

from spacetime_rl.episodes.files import read_episode

PLAN = {"players": {"random": 1}, "episodes": 6, "games": 1, "reproduce": 2, "shorten": 8}
STOCK_GAME = Path(__file__).parent.parent / "fixtures" / "stock_game"
LUCKY = """from spacetime_rl.playtest.sighting import Sighting


def lucky(episode):
    for agent in episode.trace.agents:
        if agent.policy == "guesser" and agent.decision_rewards.max() > 0:
            yield Sighting("lucky", "lucky", "warning", "right", int(agent.decision_rewards.argmax()), agent.name)
"""
CRASHES = "--crash-above=0.9"  # two numbers from -1 to 1 give more than this now and then


@pytest.fixture
def play(tmp_path: Path, command: Callable[..., Done]) -> Callable[..., dict[str, Any]]:
    """Playtest the fake stock game with these arguments of its own, and return the report."""

    def run(*arguments: str, code: int = 0, game: dict[str, Any] | None = None, **plan: Any) -> dict[str, Any]:
        program = tmp_path / "game.x86_64"
        words = shlex.join([sys.executable, str(Path(fake_stock_game.__file__))])
        program.write_text(f'#!/bin/sh\nexec {words} "$@" {shlex.join(arguments)}\n')
        program.chmod(0o755)
        config = {"name": "fake", "game": {"env_path": str(program), **(game or {})}, "playtest": {**PLAN, **plan}}
        (tmp_path / "fake.yaml").write_text(yaml.safe_dump(config))
        done = command("playtest", "fake.yaml", "--output", "report", "--json")
        assert done.code == code, done.err
        report: dict[str, Any] = json.loads(done.out)
        return report

    return run


def test_a_crash_is_played_again_shortened_and_replayed_from_its_file(
    tmp_path: Path, play: Callable[..., dict[str, Any]], command: Callable[..., Done]
) -> None:
    report = play(CRASHES, code=1)
    assert report["notes"] == ["this game replays"]
    (finding,) = report["findings"]
    assert finding["sighting"]["key"] == "crash:SIGSEGV"
    assert finding["reproduces"] == "reproduces 2 of 2"
    assert finding["decisions"] == 1  # the one action that does it

    replayed = command("replay", finding["name"], "--check")
    assert replayed.code == 0, replayed.err
    assert "the game failed again: crash:SIGSEGV" in replayed.out
    store = tmp_path / report["store"]
    assert "crash:SIGSEGV" in command("findings", "show", str(store), finding["name"]).out
    episode = read_episode(store / finding["name"] / "episode.parquet")
    assert [agent.name for agent in episode.trace.agents] == ["p_0", "p_1", "q_0"]
    assert episode.trace.agents[0].observations is not None
    assert episode.trace.agents[0].observations[0].tolist() == [0.0, 0.0]


def test_a_game_that_throws_seeded_dice_replays_in_a_new_game_for_each_episode(
    play: Callable[..., dict[str, Any]], command: Callable[..., Done]
) -> None:
    report = play("--dice=seeded", CRASHES, code=1)
    assert "each of its episodes is played in a new game" in report["notes"][0]
    (finding,) = report["findings"]
    assert finding["reproduces"] == "reproduces 2 of 2"
    assert command("replay", finding["name"], "--check").code == 0


def test_a_game_that_does_not_replay_shows_each_finding_once(
    tmp_path: Path, play: Callable[..., dict[str, Any]], command: Callable[..., Done]
) -> None:
    report = play("--dice=unseeded", CRASHES, code=1, oracles={"not_repeatable": 1})
    assert "this game does not replay" in report["notes"][0]
    (finding,) = report["findings"]  # that it does not repeat itself is said, and is no finding
    assert finding["reproduces"] == "not tried: the game does not replay"
    assert finding["decisions"] == finding["recorded_decisions"]
    assert "not tried: the game does not replay" in (tmp_path / "report" / "report.md").read_text()
    page = tmp_path / report["store"] / finding["name"] / "finding.md"
    assert "not tried: the game does not replay" in page.read_text()
    assert command("episodes", "show", str(page.with_name("episode.parquet"))).code == 0


def test_a_kill_from_outside_is_a_warning_where_no_replay_can_show_it_again(
    play: Callable[..., dict[str, Any]],
) -> None:
    report = play("--dice=unseeded", CRASHES, "--crash-by=SIGKILL", code=0, episodes=1)
    (finding,) = report["findings"]
    assert (finding["sighting"]["key"], finding["sighting"]["severity"]) == ("crash:SIGKILL", "warning")


def test_errors_of_scripts_in_the_log_are_findings_and_the_game_goes_on(
    tmp_path: Path, play: Callable[..., dict[str, Any]]
) -> None:
    report = play("--script-errors=2", code=1, episodes=2)
    (finding,) = report["findings"]
    assert finding["sighting"]["key"] == "script_error:res://player.gd:12"
    assert finding["seen"] == 2
    assert finding["reproduces"] == "reproduces 2 of 2"
    assert finding["decisions"] == 1
    episode = read_episode(tmp_path / report["store"] / finding["name"] / "episode.parquet")
    assert [sighting.key for sighting in episode.trace.sightings] == [finding["sighting"]["key"]]


def test_a_reward_that_is_no_number_is_found(play: Callable[..., dict[str, Any]]) -> None:
    report = play('--step={"reward": [0, NaN, 0]}', "--at=3", code=1, episodes=1)
    (finding,) = report["findings"]
    assert finding["sighting"]["oracle"] == "not_finite"
    assert finding["recorded_decisions"] == 3


def test_who_cannot_play_is_left_out_and_said(
    play: Callable[..., dict[str, Any]], command: Callable[..., Done]
) -> None:
    report = play(players={"random": 1, "heuristic": 3})
    assert "the player heuristic is left out: a stock game has no scripts that could play it" in report["notes"]
    assert report["players"]["random"]["episodes"] == 6
    alone = command("playtest", "fake.yaml", "--player", "heuristic")
    assert alone.code == 2
    assert "a stock game has no heuristic" in alone.err
    explorer = command("playtest", "fake.yaml", "--player", "explorer")
    assert explorer.code == 2
    assert "playtest.places" in explorer.err


def test_the_explorer_plays_where_observations_say_where_agents_are(
    tmp_path: Path, play: Callable[..., dict[str, Any]]
) -> None:
    report = play(players={"explorer": 1}, places={"p": {"numbers": [0, 1], "scale": 10}})
    # The two agents of p are at 0 and 20; they come from 0 to 30 and to 50 in steps of 10.
    assert report["cells"] == 4 + 6
    assert report["players"]["explorer"]["episodes"] == 6
    assert (tmp_path / "report" / "coverage.png").is_file()


def test_a_game_on_the_real_engine_is_played_and_its_finding_replays_exactly(
    tmp_path: Path, command: Callable[..., Done]
) -> None:
    (tmp_path / "own_oracles.py").write_text(LUCKY)
    plan = {**PLAN, "episodes": 2, "shorten": 0, "oracles": {"custom": ["own_oracles.lucky"]}}
    config = {"name": "real", "game": {"project": str(STOCK_GAME)}, "playtest": plan}
    (tmp_path / "real.yaml").write_text(yaml.safe_dump(config))

    done = command("playtest", "real.yaml", "--json")

    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert "each of its episodes is played in a new game" in report["notes"][0]
    found = {finding["sighting"]["oracle"]: finding for finding in report["findings"]}
    assert found.keys() == {"lucky", "never_reached"}
    assert found["lucky"]["reproduces"] == "reproduces 2 of 2"
    replayed = command("replay", found["lucky"]["name"], "--check")
    assert replayed.code == 0, replayed.out
    assert "replayed exactly" in replayed.out


def test_an_episode_goes_on_while_agents_end_and_is_cut_off_if_they_never_do(
    tmp_path: Path, play: Callable[..., dict[str, Any]]
) -> None:
    assert play(episodes=1)["players"]["random"]["decisions"] == 200
    never = play('--every-step={"done": [false, false, false]}', episodes=1)
    assert never["players"]["random"]["decisions"] == 1_000


def test_a_recording_goes_on_from_one_episode_of_an_agent_to_its_next(
    tmp_path: Path, play: Callable[..., dict[str, Any]]
) -> None:
    report = play("--crash-above=1.5", code=1, shorten=0)  # rarely: agents have ended a few times before
    (finding,) = report["findings"]
    assert finding["decisions"] > 5
    episode = read_episode(tmp_path / report["store"] / finding["name"] / "episode.parquet")
    for agent, length in zip(episode.trace.agents, (3, 5, 4), strict=True):  # p_0, p_1 and q_0 end after these
        assert agent.actions is not None
        assert agent.observations is not None
        assert agent.decision_rewards is not None
        assert agent.ticks.tolist() == list(range(finding["decisions"] + 1))
        known = slice(1, finding["decisions"])  # what the last action led to is not known
        ages = np.arange(finding["decisions"])
        np.testing.assert_array_equal(agent.observations[known, 1], ((ages - 1) % length + 1)[1:])
        np.testing.assert_allclose(agent.decision_rewards[known], agent.actions.sum(axis=1)[:-1], atol=1e-6)


@pytest.mark.parametrize(("rewards", "expected"), [([-3.0, -2.0, -1.0], False), ([-1.0, -1.0, -1.0], True)])
def test_progress_in_a_stock_game_is_a_better_reward(rewards: list[float], expected: bool) -> None:
    from spacetime_rl.config.playtest import NoProgressConfig
    from spacetime_rl.playtest.no_progress import NoProgress
    from spacetime_rl.playtest.sighting import Played

    played = Played(_episode_with(rewards))
    assert bool([*NoProgress(NoProgressConfig(seconds=1.5 / 60)).examine(played)]) == expected


def _episode_with(rewards: list[float]) -> Any:
    from spacetime_rl.config import RunConfig
    from spacetime_rl.episodes.episode import Build, Episode
    from spacetime_rl.game.trace import AgentTrace, Trace

    rows = len(rewards) + 1
    agent = AgentTrace(
        name="p_0",
        policy="p",
        ending="terminated",
        ticks=np.arange(rows, dtype=np.int64),
        positions=np.full((rows, 3), np.nan, np.float32),
        velocities=None,
        rewards={},
        decision_rewards=np.array([0.0, *rewards], np.float32),
    )
    build = Build("fake", "abc", "4.6", "x86_64")
    config = RunConfig.model_validate({"scenario": {"name": "fake"}})
    return Episode(Trace(0, (agent,), (), {}, 60), build, config, 0, "trained", "", 1, {})
