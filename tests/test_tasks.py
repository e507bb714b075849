"""Several tasks for one set of policies: what is refused, what games play, what evaluations tell of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spacetime_rl.config import RunConfig, load
from spacetime_rl.contract import assign_policies, make_launch
from spacetime_rl.errors import ConfigError, ContractError, UsageError
from spacetime_rl.evaluation.evaluate import evaluate
from spacetime_rl.evaluation.report import EvalReport, write_episodes
from spacetime_rl.evaluation.sources import HeuristicSource
from spacetime_rl.evaluation.table import compare
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch, TaskLaunch, only_task
from spacetime_rl.game.project import OWN_PROJECT
from spacetime_rl.game.spec import GameSpec

TOUCH = {"project": OWN_PROJECT, "scene": "res://tests/fixtures/touch/touch.tscn"}
SHY = "res://tests/fixtures/touch/shy.tscn"
ROOM = {"room_m": 4.5, "max_ticks": 60}
TASKS = [{"name": "near", "params": ROOM, "weight": 3}, {"name": "shy", "scene": SHY, "params": ROOM}]


PAGE = (Path(__file__).parents[1] / "docs" / "curriculum.md").read_text()


def make_config(**sections: Any) -> RunConfig:
    return RunConfig.model_validate({"game": TOUCH, "tasks": TASKS, **sections})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["tasks=[{name: a}, {name: a}]"], "tasks.1.name: another task is called 'a', too"),
        (["tasks=[{name: a, weight: 0}]"], "tasks: no task has a weight above 0"),
        (["tasks=[{name: a, weight: -1}]"], "tasks.0.weight: "),
        (["tasks=[{name: a@b}]"], "tasks.0.name: expected a name of letters"),
        (
            ["tasks=[{name: a, scenario: vr_navigaton}]"],
            "tasks.0.scenario: unknown scenario 'vr_navigaton'; did you mean",
        ),
        (["tasks=[{name: a, scene: 'res://a.tscn'}]"], "tasks.0.scene: is a scene of game.project, which is not set"),
        (["tasks=[{name: a, params: {x: {unifrm: [1, 2]}}}]"], "tasks.0.params.x: expected a value, or"),
        (["tasks=[{name: a}]", "curriculum=scenario"], "curriculum: lessons set the parameters of one scenario"),
    ],
)
def test_what_cannot_be_is_told_when_the_configuration_is_read(settings: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load("vr_navigation", settings, scenarios=["vr_navigation"])
    assert message in str(caught.value)


def test_the_page_s_examples_load(tmp_path: Path) -> None:
    examples = re.findall(r"```yaml\n(# \w+\.yaml\n.*?)```", PAGE, re.DOTALL)
    assert len(examples) == 3
    for text in examples:
        (tmp_path / "example.yaml").write_text(text)
        config = load(tmp_path / "example.yaml")
        assert config.tasks or config.curriculum or config.scenario.params
        make_launch(config)


@pytest.mark.usefixtures("godot_bin")
def test_the_page_s_tasks_are_what_their_game_plays(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(# two_walks.yaml\n.*?)```", PAGE, re.DOTALL)
    (tmp_path / "example.yaml").write_text(example)
    with open_game(make_launch(load(tmp_path / "example.yaml"))) as game:
        assert [task.name for task in game.spec.tasks] == ["open", "crowded"]


def test_a_task_of_the_run_s_scenario_lies_over_its_parameters_and_another_scenario_s_does_not() -> None:
    tasks = "tasks=[{name: a, params: {obstacles: 3}}, {name: b, scenario: vr_ui, params: {buttons: 2}, weight: 0.5}]"
    config = load("vr_navigation", ["curriculum=[]", "scenario.params={obstacles: 9, time_limit_s: 5}", tasks])
    ours, theirs = make_launch(config).tasks
    assert ours == TaskLaunch("a", None, {**config.scenario.params, "obstacles": 3}, 1.0)
    assert theirs == TaskLaunch("b", "res://scenarios/vr_ui/vr_ui.tscn", {"buttons": 2}, 0.5)
    assert RunConfig.model_validate(config.to_dict()) == config


def test_one_task_alone_leaves_the_others_in_their_places() -> None:
    launch = make_launch(make_config())
    assert [task.weight for task in only_task(launch, None).tasks] == [1.0, 0.0]
    assert [task.weight for task in only_task(launch, "shy").tasks] == [0.0, 1.0]
    with pytest.raises(UsageError, match="there is no task 'shi'; tasks: near, shy"):
        only_task(launch, "shi")


@pytest.mark.usefixtures("godot_bin")
def test_a_game_says_what_it_plays_and_agents_report_what_their_task_measures() -> None:
    config = make_config()
    with open_game(make_launch(config)) as game:
        spec = game.spec
        assert GameSpec.from_dict(spec.to_dict()) == spec
        assert [(task.name, task.scenario, task.weight) for task in spec.tasks] == [
            ("near", "touch", 3.0),
            ("shy", "shy", 1.0),
        ]
        assert spec.tasks[0].params["room_m"] == 4.5
        assert all(plan.layout.fields[-1].name == "task" for plan in assign_policies(spec, config))
        game.reset(seed=1)
        idle = [
            np.zeros((spec.group_size(g), group.layout.action_size), np.float32) for g, group in enumerate(spec.groups)
        ]
        ended = [agent for _ in range(30) for agent in game.step(idle).ended]
    assert {agent.metrics["task"] for agent in ended} == {0.0, 1.0}
    for agent in ended:
        assert ("away_m" in agent.metrics) == (agent.metrics["task"] == 1.0)
        np.testing.assert_array_equal(agent.final_observation[-2:], np.eye(2)[int(agent.metrics["task"])])


@pytest.mark.usefixtures("godot_bin")
@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        (
            "[{name: walk}, {name: menus, scenario: vr_ui}]",
            r"'walk', \[head/position\(3.* -> move:continuous\(3\)\], and 'menus', \[pointer/left\(6.* -> pointing",
        ),
        (
            "[{name: walk}, {name: play, scenario: vr_interaction}]",
            "'walk' has 1 navigator, 'play' has 2 giver and 2 taker",
        ),
        (
            "[{name: walk}, {name: odd, params: {obstacels: 3}}]",
            "task 'odd': unknown parameter 'obstacels'; did you mean",
        ),
    ],
)
def test_tasks_that_one_policy_cannot_play_are_refused_with_what_differs(tasks: str, message: str) -> None:
    config = load("vr_navigation", ["curriculum=[]", f"tasks={tasks}", "game.action_repeat=8"])
    with pytest.raises(ContractError, match=message):
        open_game(make_launch(config))


def test_a_game_that_plays_no_tasks_is_refused(godot_bin: Path, touch: Callable[..., GameLaunch]) -> None:
    with (
        open_game(touch()) as game,
        pytest.raises(ContractError, match="tasks: touch plays none, as an older addon does"),
    ):
        assign_policies(game.spec, make_config())


def play(config: RunConfig, games: int, arenas: int) -> EvalReport:
    settings: dict[str, Any] = {**TOUCH, "arenas": arenas, "tasks": make_launch(config).tasks}
    launch = GameLaunch(**settings)
    return evaluate(launch, config, HeuristicSource(), 12, 5, games)


@pytest.mark.usefixtures("godot_bin")
def test_an_evaluation_tells_of_every_task_and_plays_the_same_whoever_shares_the_work(tmp_path: Path) -> None:
    config = make_config()
    report = play(config, 1, 2)
    near, shy = report.tasks
    assert (near.policy, shy.policy) == ("near", "shy")
    assert near.episodes + shy.episodes == 12
    assert near.episodes > shy.episodes > 0
    assert "away_m" in shy.metrics
    assert "away_m" not in near.metrics
    assert "task" not in report.overall.metrics
    assert set(report.to_dict()["tasks"]) == {"near", "shy"}
    assert play(config, 2, 3).results == report.results

    write_episodes(report.results, tmp_path / "episodes.csv")
    assert (tmp_path / "episodes.csv").read_text().startswith("episode,agent,policy,task,return")
    assert "task shy" in {str(cell) for column in compare([report]).columns for cell in column.cells}
