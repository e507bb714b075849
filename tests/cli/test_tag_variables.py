"""Variables of other tag trainers become overrides of the presets of tag, and of nothing else."""

from __future__ import annotations

import pytest

from spacetime_rl.cli.tag_variables import overrides_of
from spacetime_rl.config import load
from spacetime_rl.errors import UsageError


def read(preset: str | None, **environment: str) -> tuple[list[str], list[str]]:
    said: list[str] = []
    return overrides_of(preset, environment, said.append), said


def test_each_variable_changes_its_setting_and_is_announced() -> None:
    overrides, said = read(
        "live-seeker",
        AI_DISTANCE_REWARD_SCALE="0.5",
        AI_SEEKER_TIME_PENALTY="0.02",
        AI_WIN_BONUS="7",
        AI_STEP_TICK_INTERVAL="3",
        AI_TRAIN_DURATION="90",
        AI_LOG_TRAJECTORIES="1",
        AI_DATA_ROOT="my data",
    )

    config = load("tag", overrides, preset="live-seeker")

    params = config.scenario.params
    assert (params["reward_distance"], params["reward_time"], params["reward_win"]) == (0.5, -0.02, 7.0)
    assert (config.game.action_repeat, config.stop.time_s, config.stop.agent_steps) == (3, 90.0, None)
    assert (config.rollout.record_every, str(config.results)) == (1, "my data")
    assert config.scripted == ("hider",)
    assert len(said) == 7
    assert "AI_WIN_BONUS=7 is used: scenario.params.reward_win=7.0" in said


def test_self_play_lasts_for_its_rounds() -> None:
    overrides, _ = read("self-play", SELF_PLAY_ROUNDS="4", SELF_PLAY_DURATION="60", SELF_PLAY_START_ROLE="hider")

    config = load("tag", overrides, preset="self-play")

    assert (config.stop.time_s, config.scenario.params["start_role"]) == (240.0, "hider")
    assert config.league is not None
    assert load("tag", read("self-play", SELF_PLAY_DURATION="60")[0]).stop.time_s == 120.0


def test_wrong_values_are_refused_together_with_what_is_expected() -> None:
    with pytest.raises(UsageError) as refused:
        read("self-play", SELF_PLAY_ROUNDS="3", AI_WIN_BONUS="much", AI_LOG_TRAJECTORIES="yes", AI_TRAIN_DURATION="inf")

    assert set(str(refused.value).splitlines()) == {
        "SELF_PLAY_ROUNDS=3: expected an even number of at least 2",
        "AI_WIN_BONUS=much: expected a number",
        "AI_LOG_TRAJECTORIES=yes: expected 0 or 1",
        "AI_TRAIN_DURATION=inf: expected a number of seconds of at least 1",
    }


@pytest.mark.parametrize("preset", [None, "quick_test", "live-hider"])
def test_other_presets_do_not_read_the_variables_of_self_play(preset: str | None) -> None:
    assert read(preset, SELF_PLAY_ROUNDS="3") == ([], [])
    assert bool(read(preset, AI_WIN_BONUS="1")[0]) == (preset == "live-hider")
