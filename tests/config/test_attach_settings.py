"""What a run of a game that a person starts may not set, and how the command line names the port."""

from __future__ import annotations

from typing import Any

import pytest
from support.fake_runs import make_config

from spacetime_rl.cli.optional_value import with_port
from spacetime_rl.config import RunConfig
from spacetime_rl.config.sweep import SweepConfig
from spacetime_rl.config.sweep_loader import load_sweep
from spacetime_rl.errors import ConfigError
from spacetime_rl.jobs.submit import check


def _run(**settings: Any) -> RunConfig:
    game = {"attach": 11008, **settings.pop("game", {})}
    return make_config(**{"scenario": {}, "game": game, **settings})


def test_a_game_that_a_person_starts_needs_no_other_source() -> None:
    assert _run().game.attach == 11008
    assert _run(rollout={"runners": 1, "games_per_runner": 1}, scenario={"name": "touch"}).scenario.name == "touch"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rollout": {"runners": 2}}, "rollout.runners: game.attach plays the one game that you start"),
        ({"rollout": {"games_per_runner": 4}}, "rollout.games_per_runner: game.attach plays the one game"),
        ({"rollout": {"record_every": 5}}, "rollout.record_every: is only for games that this program starts"),
        ({"evaluation": {"every_agent_steps": 5}}, "evaluation.every_agent_steps: is only for games that this program"),
        ({"game": {"project": "x"}}, "game.project: game.attach waits for a game that you start; leave one of them"),
        ({"game": {"viz": True}}, "game.viz: is only for games that this program starts"),
        ({"game": {"render": "xvfb"}}, "game.render: is only for games that this program starts"),
        ({"game": {"port_range": [5000, 5001]}}, "game.port_range: is only for games that this program starts"),
        ({"rewards": {"scripts": ["a.gd"]}}, "rewards.scripts: is only for games that this program starts"),
        ({"game": {"attach": None, "attach_address": "0.0.0.0"}}, "game.attach_address: is read only with game.attach"),
        ({"game": {"attach": 80}}, "attach"),
    ],
)
def test_what_such_a_run_cannot_do_is_refused_by_its_name(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _run(**settings)


def test_sweeps_and_jobs_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"game\.attach: a sweep plays many games at once"):
        load_sweep("sweeps/interaction_critic", ["game.attach=11008"])
    with pytest.raises(ConfigError, match=r"game\.attach: nobody starts a game for a job on a cluster"):
        check("train", "vr_interaction", ["game.attach=11008"])
    assert SweepConfig.of_run(_run()).base.game.attach == 11008  # a run is a sweep of one trial, and that is fine


def test_the_port_may_be_left_out() -> None:
    assert with_port(["--attach"]) == ["--attach", "11008"]
    assert with_port(["--attach", "5000", "run.yaml"]) == ["--attach", "5000", "run.yaml"]
    assert with_port(["run.yaml", "--attach", "--no-eval"]) == ["run.yaml", "--attach", "11008", "--no-eval"]
    assert with_port(["--attach", "vr_ui"]) == ["--attach", "11008", "vr_ui"]
    assert with_port([]) == []
    assert with_port(["--attach=5000"]) == ["--attach=5000"]
