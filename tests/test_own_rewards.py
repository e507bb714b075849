"""Rewards of a user's own, as docs/rewards.md has them: in the real game, and through a run."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spacetime_rl.config import load
from spacetime_rl.contract import assign_policies, make_launch
from spacetime_rl.errors import ConfigError, GameError
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch, RewardScript

PAGE = (Path(__file__).parents[1] / "docs" / "rewards.md").read_text()


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's files, in the folder that one starts in."""
    for text in re.findall(r"```\w+\n(# \S+\.(?:gd|py|yaml)\n.*?)```", PAGE, re.DOTALL):
        path = tmp_path / text.partition("\n")[0].removeprefix("# ")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def play(launch: GameLaunch, decisions: int) -> dict[str, float]:
    """Play until the first episode has ended; its metrics."""
    with open_game(launch) as game:
        sizes = [(game.spec.group_size(g), group.layout.action_size) for g, group in enumerate(game.spec.groups)]
        game.reset(seed=1)
        for _ in range(decisions):
            result = game.step([np.zeros(size, np.float32) for size in sizes])
            if result.ended:
                return result.ended[0].metrics
    raise AssertionError("no episode ended")


@pytest.mark.usefixtures("godot_bin")
def test_the_page_s_terms_are_paid_and_reported(example: Path, touch: Callable[..., GameLaunch]) -> None:
    scripts = (
        RewardScript(example / "rewards/calm.gd"),
        RewardScript(example / "rewards/upright.gd", ("walker",), 2.0),
    )
    params = {"jumpers": 0, "touch_m": 0.0, "max_ticks": 180}
    metrics = play(touch(params, reward_scripts=scripts, control="heuristic"), 40)
    assert -0.61 < metrics["reward/calm"] < -0.05  # two seconds at 3 m/s at most
    assert metrics["reward/upright"] == pytest.approx(2.0, abs=0.3)
    names = ("touch", "decision", "progress", "calm", "upright")
    assert metrics["return"] == pytest.approx(sum(metrics[f"reward/{name}"] for name in names), abs=1e-4)


@pytest.mark.usefixtures("godot_bin")
def test_only_agents_of_the_named_policies_get_a_term(example: Path, touch: Callable[..., GameLaunch]) -> None:
    scripts = (RewardScript(example / "rewards/upright.gd", ("jumper",)),)
    with open_game(touch(reward_scripts=scripts)) as game:
        found = {group.name: "reward/upright" in group.metrics for group in game.spec.groups}
    assert found == {"walker": False, "jumper": True}


@pytest.mark.usefixtures("godot_bin")
@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("extends RLRewardTerm\n\n\nfunc amount(delta):\n\treturn speeed\n", r"wrong.gd:5 .*\"speeed\" not declared"),
        (
            "extends RLRewardTerm\n\n\nfunc amout(_delta):\n\treturn 1.0\n",
            r"wrong.gd: it pays nothing: override `amount",
        ),
        ("extends RewardTerm\n", r"wrong.gd:1 .*RewardTerm"),
        ("extends Node\n", r"reward script .*wrong.gd: expected a script that extends RLRewardTerm"),
        (None, r"reward script .*wrong.gd: there is no such file"),
    ],
)
def test_a_broken_script_is_told_at_the_launch(
    script: str | None, message: str, tmp_path: Path, touch: Callable[..., GameLaunch]
) -> None:
    path = tmp_path / "wrong.gd"
    if script is not None:
        path.write_text(script)
    with pytest.raises((GameError, ConfigError), match=message):
        open_game(touch(reward_scripts=(RewardScript(path),)))


@pytest.mark.usefixtures("godot_bin")
@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("agent.body.nothing", r"late.gd:5 .*nothing"),
        ("NAN", r"agent 'walker_0': the reward term 'late' \(.*late.gd\) gave no number"),
    ],
)
def test_an_error_while_a_term_runs_names_its_place(
    what: str, message: str, tmp_path: Path, touch: Callable[..., GameLaunch]
) -> None:
    path = tmp_path / "late.gd"
    path.write_text(f"extends RLRewardTerm\n\n\nfunc amount(_delta):\n\treturn {what}\n")
    with pytest.raises(GameError, match=message):
        play(touch(reward_scripts=(RewardScript(path),)), 5)


def test_the_page_s_configuration_loads_and_finds_its_files(example: Path) -> None:
    launch = make_launch(load("calm.yaml"))
    assert [script.path.is_file() and script.path.is_absolute() for script in launch.reward_scripts] == [True, True]
    assert (launch.reward_scripts[0].policies, launch.reward_scripts[1].weight) == ((), 2.0)


@pytest.mark.usefixtures("godot_bin")
def test_a_policy_that_the_game_does_not_have_is_told(example: Path, touch: Callable[..., GameLaunch]) -> None:
    config = load(None, ["game.project=x", "rewards.scripts=[{path: a.gd, policies: [walkr]}]"])
    with open_game(touch()) as game, pytest.raises(ConfigError, match=r"rewards.scripts.0.policies: .*mean 'walker'"):
        assign_policies(game.spec, config)


@pytest.mark.usefixtures("godot_bin", "ray_cluster")
@pytest.mark.timeout(600)
def test_a_run_learns_from_the_page_s_term_and_function(example: Path) -> None:
    from spacetime_rl.training.run import train

    settings: list[Any] = [
        "results=results",
        "game.arenas=2",
        "rollout.runners=0",
        "training.train_batch_size=400",
        "training.minibatch_size=200",
        "training.num_epochs=1",
        "stop.agent_steps=1200",
        "scenario.params.time_limit_s=2",
    ]
    train(load("calm.yaml", settings), "one", evaluate=False)
    last = (example / "results/one/progress.jsonl").read_text().splitlines()[-1]
    assert '"policy/gatherer/reward/calm": -' in last
    assert '"policy/gatherer/shaped_return"' in last
