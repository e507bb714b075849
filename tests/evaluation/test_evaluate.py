"""Evaluations of the real game: same seed, same result, whatever plays it and on however many games."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spacetime_rl.config import RunConfig
from spacetime_rl.errors import ContractError, GameDied, GameError, StepTimeout, UsageError
from spacetime_rl.evaluation.evaluate import MAX_RESTARTS, evaluate
from spacetime_rl.evaluation.report import EvalReport
from spacetime_rl.evaluation.sources import HeuristicSource, MixedSource, OnnxSource, RandomSource, Source
from spacetime_rl.game.api import Game
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch

Touch = Callable[..., GameLaunch]
EPISODES, SEED = 7, 5


def play(launch: GameLaunch, source: Source, config: RunConfig, games: int = 1, **options: Any) -> EvalReport:
    return evaluate(launch, config, source, EPISODES, SEED, games, **options)


@pytest.mark.parametrize("stochastic", [False, True], ids=["deterministic", "stochastic"])
def test_an_onnx_folder_gets_the_same_report_on_any_number_of_games_and_arenas(
    stochastic: bool, touch: Touch, config: RunConfig, onnx_folder: Path
) -> None:
    source = OnnxSource(onnx_folder)
    config = config.model_copy(update={"evaluation": config.evaluation.model_copy(update={"stochastic": stochastic})})

    once = play(touch(arenas=2), source, config)
    again = play(touch(arenas=2), source, config)
    elsewhere = play(touch(arenas=3), source, config, games=2)

    assert once == again
    # The numbers of a forward pass may differ in their last bit with the size of its batch.
    for report in (elsewhere.overall, *elsewhere.policies):
        other = once.overall if report.policy == "overall" else {p.policy: p for p in once.policies}[report.policy]
        assert report.success_rate == pytest.approx(other.success_rate)
        assert report.length_mean == pytest.approx(other.length_mean, rel=0.01)
        assert report.return_mean == pytest.approx(other.return_mean, abs=0.05)


@pytest.mark.parametrize("source", [RandomSource(), HeuristicSource()], ids=["random", "heuristic"])
def test_chance_and_heuristic_get_exactly_the_same_report_on_any_layout(
    source: Source, touch: Touch, config: RunConfig
) -> None:
    assert play(touch(arenas=1), source, config, games=2) == play(touch(arenas=4), source, config)


def test_what_a_script_played_in_training_it_plays_in_evaluations(
    touch: Touch, config: RunConfig, onnx_folder: Path, tmp_path: Path
) -> None:
    for file in onnx_folder.glob("jumper.*"):  # there is no file of what was not trained
        (tmp_path / file.name).write_bytes(file.read_bytes())
    mixed = MixedSource(OnnxSource(onnx_folder), {"walker": HeuristicSource()})

    found = play(touch(), OnnxSource(tmp_path, scripted=("walker",)), config)

    assert found.policies == play(touch(), mixed, config).policies
    assert found.policies != play(touch(), OnnxSource(onnx_folder), config).policies


def test_another_seed_gives_other_episodes(touch: Touch, config: RunConfig) -> None:
    one, other = (evaluate(touch(), config, RandomSource(), 3, seed, 1) for seed in (1, 2))

    assert one.overall.return_mean != other.overall.return_mean


def test_a_report_has_what_the_game_measured_for_every_policy(touch: Touch, config: RunConfig) -> None:
    progress: list[tuple[int, int]] = []

    report = play(
        touch(arenas=4), HeuristicSource(), config, progress=lambda done, total: progress.append((done, total))
    )

    document = json.loads(json.dumps(report.to_dict()))
    assert list(document["policies"]) == ["walker", "jumper"]
    for found in [document["overall"], *document["policies"].values()]:
        assert found["episodes"] == EPISODES
        assert found["seed"] == SEED
        assert 0.0 <= found["success_ci"][0] <= found["success_rate"] <= found["success_ci"][1] <= 1.0
        assert found["metrics"]["ticks_seen"] > 0.0
    assert document["overall"]["success_rate"] > 0.5
    assert progress == [(done, EPISODES) for done in range(1, EPISODES + 1)]


def test_no_more_games_are_started_than_there_is_to_play(touch: Touch, config: RunConfig) -> None:
    started: list[str] = []

    def open_and_count(launch: GameLaunch) -> Game:
        started.append(launch.name)
        return open_game(launch)

    evaluate(touch(arenas=4), config, RandomSource(), 5, SEED, 8, open_game=open_and_count)

    assert sorted(started) == ["eval-0", "eval-1"]


class Failing:
    """Opens real games that fail at chosen steps, counted over all of them."""

    def __init__(self, *steps: int, error: GameError) -> None:
        self.steps, self.error, self.taken, self.opened = steps, error, 0, 0

    def __call__(self, launch: GameLaunch) -> Game:
        self.opened += 1
        game = open_game(launch)
        step = game.step

        def fail(actions: Any) -> Any:
            self.taken += 1
            if self.taken in self.steps:
                game.close()
                raise self.error
            return step(actions)

        game.step = fail  # type: ignore[method-assign]
        return game


def test_a_game_that_dies_is_started_again_and_the_result_is_the_same(touch: Touch, config: RunConfig) -> None:
    healthy = play(touch(arenas=2), RandomSource(), config)
    failing = Failing(40, 90, error=GameDied("killed by a test"))

    report = play(touch(arenas=2), RandomSource(), config, open_game=failing)

    assert failing.opened == 3
    assert report == replace(healthy, restarts=2)


def test_a_game_that_fails_again_and_again_ends_the_evaluation(touch: Touch, config: RunConfig) -> None:
    failing = Failing(*range(1, 50), error=StepTimeout("frozen by a test"))

    with pytest.raises(StepTimeout, match="a game failed 4 times, at last: frozen by a test"):
        play(touch(), RandomSource(), config, open_game=failing)

    assert failing.opened == MAX_RESTARTS + 1


def test_policies_made_for_other_spaces_are_refused_field_by_field(
    touch: Touch, config: RunConfig, onnx_folder: Path, tmp_path: Path
) -> None:
    for path in onnx_folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    schema = json.loads((tmp_path / "walker.schema.json").read_text())
    schema["layout"]["fields"][0]["size"] += 1
    schema["layout"]["actions"][0]["name"] = "swim"
    (tmp_path / "walker.schema.json").write_text(json.dumps(schema))
    (tmp_path / "jumper.schema.json").unlink()

    with pytest.raises(ContractError) as caught:
        play(touch(), OnnxSource(tmp_path), config)

    first = schema["layout"]["fields"][0]["name"]
    found = "\n".join(caught.value.problems)
    assert f"walker.onnx: observation {first!r}: the policy has" in found
    assert "walker.onnx: action 'swim': the game does not have it" in found
    assert "no policy 'jumper', which the game needs; there are walker" in found


def test_a_folder_without_policies_says_so(touch: Touch, config: RunConfig, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no exported policy"):
        play(touch(), OnnxSource(tmp_path), config)


def test_a_stock_game_is_evaluated_on_several_games_whose_agents_share_the_episodes(godot_bin: Path) -> None:
    project = Path(__file__).parent.parent / "fixtures" / "stock_game"
    launch = GameLaunch(project=project)
    config = RunConfig.model_validate({"game": {"project": str(project)}})

    report = evaluate(launch, config, RandomSource(), 7, SEED, 2)

    assert report == evaluate(launch, config, RandomSource(), 7, SEED, 2)
    assert report.finished == len(report.results) == 7
    assert report.overall.length_mean is not None
    assert report.overall.length_mean > 0.0
    assert len(report.policies) >= 1
    with pytest.raises(ContractError, match="a stock game has no heuristic"):
        evaluate(launch, config, HeuristicSource(), 3, SEED, 1)


def test_the_first_episodes_are_recorded_when_asked_whoever_plays_them(touch: Touch, config: RunConfig) -> None:
    report = play(touch(arenas=2), HeuristicSource(), config, games=2, traced=3)

    assert [trace.episode for trace in report.traces] == [0, 1, 2]
    endings = {(r.episode, r.agent): r.metrics["success"] for r in report.results if r.episode < 3}
    assert {(t.episode, a.name): float(a.ending == "success") for t in report.traces for a in t.agents} == endings
    assert play(touch(arenas=4), HeuristicSource(), config) == report
