"""Lessons in training: games are told without a restart, promotions come at their time, checkpoints keep the place."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ray.tune import Stopper
from support.fake_runs import make_config, make_ppo, make_runner
from support.toy_game import FakeGame, FakeGameOpener, make_group, make_launch, make_layout

from spacetime_rl.config import StopConfig
from spacetime_rl.errors import GameDied
from spacetime_rl.learning.algorithm import play
from spacetime_rl.rollout.directive import Directive, Played
from spacetime_rl.rollout.lesson import Lesson, LessonOutcome
from spacetime_rl.rollout.metrics import lesson_outcomes
from spacetime_rl.tuning.stopping import StopAt

WALKERS = (make_group("walker", 2, make_layout()),)
LESSONS = (Lesson("near", {"far": 1}, agent_steps=250), Lesson("middle", {"far": 2}, 0.0, 5), Lesson("far", {"far": 3}))


def play_lesson(runner: Any, lesson: int | None, agent_steps: int) -> list[LessonOutcome]:
    result = play(runner, agent_steps, Directive(lesson))
    assert isinstance(result, Played), result
    return list(lesson_outcomes(result.metrics))


def games_of(runner: Any) -> list[Any]:
    return [sampler._game for sampler in runner._samplers]


def test_a_game_is_told_its_lesson_once_and_episodes_of_the_lesson_before_do_not_count() -> None:
    runner = make_runner(FakeGameOpener(WALKERS, lengths=(4, 6)), lessons=LESSONS)
    # An arena's episodes take 6 decisions: agent 0 ends after 4 and waits, agent 1 after 6.
    (outcome,) = play_lesson(runner, 0, 2 * 5)
    assert (outcome.lesson, outcome.agent_steps, outcome.episodes) == (0, 9, 1)
    (outcome,) = play_lesson(runner, 1, 2 * 7)
    # Agent 1 ends the old episode, both end the next one.
    assert (outcome.lesson, outcome.agent_steps, outcome.episodes) == (1, 11, 2)
    (game,) = games_of(runner)
    assert game.configured == [{"far": 1}, {"far": 2}]
    runner.stop()


def test_a_lesson_counts_no_episodes_of_those_that_a_script_plays() -> None:
    groups = (make_group("walker", 1, make_layout()), make_group("script", 1, make_layout()))
    launch = replace(make_launch(), scripted=("script",))
    runner = make_runner(FakeGameOpener(groups, lengths=(4,)), lessons=LESSONS, launch=launch)
    (outcome,) = play_lesson(runner, 0, 2 * 8)
    assert outcome.episodes == 2  # of the walker; the other one has ended two as well


def test_a_game_that_takes_another_s_place_is_told_the_present_lesson(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Any] = []
    opener = FakeGameOpener(WALKERS, fault=GameDied("gone"), fails_at=(4,))
    monkeypatch.setattr(FakeGame, "requests", 0)
    runner = make_runner(opener, lessons=LESSONS)
    monkeypatch.setattr(runner._samplers[0], "_opened", opened.append)
    play_lesson(runner, 1, 2 * 10)
    assert [game.configured for game in opened] == [[{"far": 2}], [{"far": 2}]]
    runner.stop()


def test_a_runner_that_is_told_of_no_lesson_plays_without() -> None:
    runner = make_runner(FakeGameOpener(WALKERS), lessons=LESSONS)
    assert play_lesson(runner, None, 20) == []
    assert games_of(runner)[0].configured == []
    runner.stop()


def build(tmp_path: Path | None = None, **sections: Any) -> Any:
    config = make_config(training={"train_batch_size": 100, "minibatch_size": 50}, **sections)
    return make_ppo(FakeGameOpener(WALKERS, arenas=2, lengths=(4, 6)), config, lessons=LESSONS).build_algo()


@pytest.mark.usefixtures("ray_cluster")
def test_lessons_follow_each_other_and_a_checkpoint_keeps_the_place(tmp_path: Path) -> None:
    algorithm = build()
    results = [algorithm.train() for _ in range(2)]
    algorithm.save_checkpoint(str(tmp_path))
    results += [algorithm.train() for _ in range(3)]
    algorithm.stop()
    assert [(result["lesson"], result["curriculum/lesson"]) for result in results] == [
        ("near", 0),
        ("near", 0),
        ("middle", 1),
        ("far", 2),
        ("far", 2),
    ]
    assert results[0]["lessons_left"] == 2
    assert 0 <= results[-1]["curriculum/near/success_rate"] <= 1
    assert "curriculum/far/success_rate" in results[-1]

    again = build()
    again.load_checkpoint(str(tmp_path))
    assert 200 <= again.curriculum.agent_steps < 250
    assert again.train()["lesson"] == "middle"
    again.stop()


@pytest.mark.usefixtures("ray_cluster")
@pytest.mark.parametrize(
    "sections",
    [{"rollout": {"runners": 1, "overlap": True}}, {"rollout": {"runners": 1}, "algorithm": "IMPALA"}],
    ids=["overlapping PPO", "IMPALA"],
)
def test_runners_that_play_ahead_and_those_that_are_restarted_get_the_present_lesson(sections: dict[str, Any]) -> None:
    algorithm = build(**sections)
    while algorithm.train()["lesson"] != "far":
        assert algorithm.iteration < 50
    (pid,) = algorithm.env_runner_group.foreach_env_runner(lambda _: os.getpid(), local_env_runner=False)
    os.kill(pid, signal.SIGKILL)
    for _ in range(4):
        algorithm.train()
    told = algorithm.env_runner_group.foreach_env_runner(
        lambda runner: [sampler._game.configured[-1] for sampler in runner._samplers], local_env_runner=False
    )
    algorithm.stop()
    assert told == [[{"far": 3}]]


def test_a_success_rate_ends_a_run_in_its_last_lesson_only() -> None:
    stop: Stopper = StopAt(StopConfig(success_rate=0.9))
    result = {"episodes": 1000, "scenario/success_rate": 0.95}
    assert stop("0", result)
    assert not stop("0", {**result, "lessons_left": 1})
    assert stop("0", {**result, "lessons_left": 0})
