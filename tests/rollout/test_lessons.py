"""Lessons as they are written, as they are played, and what is wrong with some."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.toy_game import FakeGameOpener, make_group, make_launch, make_layout

from spacetime_rl.config import RunConfig, dump, load
from spacetime_rl.errors import ConfigError, ContractError
from spacetime_rl.game.project import LessonInfo, ScenarioInfo
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.rollout import lessons
from spacetime_rl.rollout.lesson import Lesson
from spacetime_rl.rollout.lessons import make_lessons, rehearse

SPEC = GameSpec("flight", 1, 90, 4, (), params={"wind": 2.0, "height": 500.0, "pads": 2})
SCENARIO = ScenarioInfo(
    "flight",
    "",
    "",
    "",
    (),
    (
        LessonInfo("low", "", {"height": 100.0}, 0.9, None, 1000),
        LessonInfo("calm", "", {"wind": 0.0}, None, 50, 2000),
        LessonInfo("all", "", {}, None, None, None),
    ),
)


@pytest.fixture(autouse=True)
def a_scenario_with_lessons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lessons, "find_scenario", lambda name: SCENARIO)


def make_config(curriculum: Any, **scenario: Any) -> RunConfig:
    return RunConfig.model_validate({"scenario": {"name": "flight", **scenario}, "curriculum": curriculum})


def problems_of(curriculum: Any) -> list[str]:
    with pytest.raises(ContractError) as caught:
        make_lessons(make_config(curriculum), SPEC)
    return caught.value.problems


def test_the_scenario_s_own_lessons_each_set_all_that_any_of_them_sets() -> None:
    assert make_lessons(make_config("scenario"), SPEC) == (
        Lesson("low", {"height": 100.0, "wind": 2.0}, 0.9, 200, 1000),
        Lesson("calm", {"height": 500.0, "wind": 0.0}, None, 50, 2000),
        Lesson("all", {"height": 500.0, "wind": 2.0}),
    )


def test_a_known_name_brings_what_the_scenario_says_of_it() -> None:
    own = [{"lesson": "calm", "params": {"pads": 1}, "agent_steps": 5}, {"lesson": "all"}]
    assert make_lessons(make_config(own), SPEC) == (
        Lesson("calm", {"wind": 0.0, "pads": 1}, None, 50, 5),
        Lesson("all", {"wind": 2.0, "pads": 2}),
    )


def test_no_curriculum_is_no_lesson() -> None:
    assert make_lessons(make_config([]), SPEC) == ()


def test_a_lesson_may_draw_its_parameters() -> None:
    sampler = {"uniform": [0, 1]}
    (lesson,) = make_lessons(make_config([{"lesson": "mine", "params": {"wind": sampler}}]), SPEC)
    assert lesson.params == {"wind": sampler}


def test_mistakes_are_told_by_the_setting_that_has_to_change() -> None:
    wrong = [
        {"lesson": "cal"},
        {"lesson": "mine", "params": {"wnd": 1}, "success_rate": 0.5},
        {"lesson": "yours", "params": {"wind": 1}},
        {"lesson": "all"},
    ]
    assert problems_of(wrong) == [
        "curriculum.0.lesson: the scenario has no lesson 'cal'; did you mean 'calm'?; or give it `params`",
        "curriculum.0: lesson 'cal' would never end: set success_rate or agent_steps",
        "curriculum.1.params.wnd: flight has no such parameter; did you mean 'wind'?",
        "curriculum.2: lesson 'yours' would never end: set success_rate or agent_steps",
    ]


@pytest.mark.parametrize(
    ("curriculum", "message"),
    [
        ("scenarios", "curriculum: expected 'scenario', found 'scenarios'; did you mean 'scenario'"),
        ("[{lesson: a, params: {wind: {uniform: 3}}}]", "curriculum.0.params.wind: uniform: expected two numbers"),
        ("[{lesson: a}, {lesson: a}]", "curriculum.1.lesson: another lesson is called 'a', too"),
        ("[{lesson: a, succes_rate: 1}]", "curriculum.0.succes_rate: unknown key; did you mean 'success_rate'?"),
        ("[{lesson: a, success_rate: 2}]", "curriculum.0.success_rate: should be less than or equal to 1"),
        ("3", "curriculum: expected a list, found 3"),
    ],
)
def test_what_is_no_curriculum_is_told_with_its_line(tmp_path: Path, curriculum: str, message: str) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(f"scenario: {{name: flight}}\ncurriculum: {curriculum}\n")
    with pytest.raises(ConfigError) as caught:
        load(file)
    (problem,) = caught.value.problems
    assert problem.startswith(f"{file}:2: {message}")


def test_only_a_packaged_scenario_has_lessons_of_its_own() -> None:
    with pytest.raises(ValueError, match="curriculum: only a scenario of this package has lessons"):
        RunConfig.model_validate({"game": {"env_path": "x"}, "curriculum": "scenario"})


def test_a_dumped_curriculum_loads_back_to_the_same_lessons(tmp_path: Path) -> None:
    for curriculum in ("scenario", [{"lesson": "calm", "agent_steps": 5}, {"lesson": "all"}]):
        config = make_config(curriculum)
        (tmp_path / "run.yaml").write_text(dump(config))
        again = load(tmp_path / "run.yaml")
        assert make_lessons(again, SPEC) == make_lessons(config, SPEC)
        assert again.digest() == config.digest()


def test_what_the_game_refuses_names_the_lesson() -> None:
    game = FakeGameOpener((make_group("walker", 1, make_layout()),))(make_launch())

    def refuse(params: Any) -> None:
        if params["wind"] > 1:
            raise ContractError(["fake: the game refuses the parameters: parameter 'wind' can be set at launch only"])

    game.configure = refuse  # type: ignore[method-assign]
    rehearse(game, [Lesson("calm", {"wind": 0})])
    with pytest.raises(ContractError, match=r"curriculum: lesson 'wild': fake: the game refuses .*launch only"):
        rehearse(game, [Lesson("calm", {"wind": 0}), Lesson("wild", {"wind": 9})])
