"""From the lessons that a configuration names to the lessons that runners play, checked against the game."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from spacetime_rl.config import LessonConfig, RunConfig
from spacetime_rl.config.lesson import SCENARIO, own_lessons
from spacetime_rl.config.words import did_you_mean
from spacetime_rl.contract import unknown_params
from spacetime_rl.errors import ContractError
from spacetime_rl.game.api import Game
from spacetime_rl.game.project import LessonInfo, find_scenario
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.rollout.lesson import Lesson


def make_lessons(config: RunConfig, spec: GameSpec) -> tuple[Lesson, ...]:
    """The lessons of a run, with the scenario's own lessons filled in. Raises ContractError listing every mistake."""
    if not config.curriculum:
        return ()
    known = {info.name: info for info in find_scenario(config.scenario.name).lessons} if config.scenario.name else {}
    if config.curriculum == SCENARIO:
        wanted = [_settings_of(info) for info in known.values()]
        if not wanted:
            raise ContractError([f"curriculum: {config.scenario.name} has no lessons of its own; list yours"])
    else:
        wanted = [_settle(lesson, known) for lesson in own_lessons(config.curriculum)]
    problems = [*_unknown(config, known), *_problems(wanted, spec)]
    if problems:
        raise ContractError(problems)
    everything = {name: spec.params[name] for lesson in wanted for name in lesson["params"]}
    return tuple(
        Lesson(
            lesson["lesson"],
            {**everything, **lesson["params"]},
            lesson.get("success_rate"),
            lesson.get("window", LessonConfig.model_fields["window"].default),
            lesson.get("agent_steps"),
        )
        for lesson in wanted
    )


def rehearse(game: Game, lessons: Sequence[Lesson]) -> None:
    """Set the parameters of every lesson once, in a game that is not used afterwards.

    Raises ContractError where the game refuses a value: a parameter that can be set only at launch, or one out of
    range.
    """
    for lesson in lessons:
        try:
            game.configure(lesson.params)
        except ContractError as error:
            raise ContractError(
                [f"curriculum: lesson {lesson.name!r}: {problem}" for problem in error.problems]
            ) from None


def _settings_of(info: LessonInfo) -> dict[str, Any]:
    settings = {"success_rate": info.success_rate, "window": info.window, "agent_steps": info.agent_steps}
    given = {key: value for key, value in settings.items() if value is not None}
    return {"lesson": info.name, "params": dict(info.params), **given}


def _settle(lesson: LessonConfig, known: Mapping[str, LessonInfo]) -> dict[str, Any]:
    """The settings of a lesson: the configuration's override the scenario's."""
    base = _settings_of(known[lesson.lesson]) if lesson.lesson in known else {"params": {}}
    own = lesson.model_dump(exclude_unset=True)
    return {**base, **own, "params": {**base["params"], **own.get("params", {})}}


def _unknown(config: RunConfig, known: Mapping[str, LessonInfo]) -> Iterator[str]:
    """Problems of lessons that neither have parameters nor are lessons of the scenario."""
    for index, lesson in enumerate(own_lessons(config.curriculum)):
        if lesson.lesson not in known and "params" not in lesson.model_fields_set:
            hint = did_you_mean(lesson.lesson, known) or f"; its lessons: {', '.join(known) or 'none'}"
            yield f"curriculum.{index}.lesson: the scenario has no lesson {lesson.lesson!r}{hint}; or give it `params`"


def _problems(wanted: Sequence[Mapping[str, Any]], spec: GameSpec) -> Iterator[str]:
    for index, lesson in enumerate(wanted):
        yield from unknown_params(f"curriculum.{index}.params", lesson["params"], spec)
        endless = lesson.get("success_rate") is None and lesson.get("agent_steps") is None
        if endless and index + 1 < len(wanted):
            yield f"curriculum.{index}: lesson {lesson['lesson']!r} would never end: set success_rate or agent_steps"
