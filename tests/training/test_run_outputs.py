"""What is made of a trained run, whatever its evaluation does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spacetime_rl.config import RunConfig
from spacetime_rl.console.progress import Progress
from spacetime_rl.evaluation.report import AgentResult, Bounded, EvalReport, summarise
from spacetime_rl.export.onnx import ExportedPolicy
from spacetime_rl.game.spec import ActionField, AgentGroup, GameSpec, ObservationField, PolicyLayout
from spacetime_rl.reports.summary import RunSummary, shortcomings
from spacetime_rl.runs.folder import RunFolder
from spacetime_rl.tracking.identity import describe_run
from spacetime_rl.tracking.models import TrackedRun
from spacetime_rl.tracking.store import Store
from spacetime_rl.training import outputs
from spacetime_rl.tuning.trial_end import TrialEnd


class Made:
    """Outputs of a run that was trained already, with every outside step recorded in `calls`."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[str] = []
        self.config = RunConfig.model_validate({"scenario": {"name": "vr_navigation"}, "results": folder})
        self.folder = RunFolder.create(self.config, "a-run")
        self.progress = Progress("a-run", self.config.stop)
        self.evaluation: Any = None
        self.held = "empty"  # the alias candidate, before
        self.took_alias: bool | None = None
        run = TrackedRun(Store("sqlite:///none"), "a-run", "touch", "1", "2", 0)
        policy = ExportedPolicy("walker", folder / "walker.onnx", folder / "walker.schema.json", 1e-7)
        monkeypatch.setattr(outputs, "export_checkpoint", lambda *_: self._say("export", (policy,)))
        monkeypatch.setattr(outputs, "find_tracked_run", lambda *_: run)
        monkeypatch.setattr(outputs, "record_models", lambda *_: self._say("models", {}))
        monkeypatch.setattr(outputs, "record_outputs", self._record)
        monkeypatch.setattr(outputs, "fetch_champion", lambda *_: self._say("fetch", self.held))
        monkeypatch.setattr(outputs, "write_pictures", lambda *_: [])
        monkeypatch.setattr(outputs, "play_episodes", self._evaluate)

    def make(self) -> RunSummary:
        end = TrialEnd("t_00000", {}, "finished", self.folder.path, {"agent_steps": 10})
        sweep = describe_run(self.config, "a-run", self.folder.path)
        return outputs.make_outputs(self.config, self.folder, end, True, sweep, Store("x"), self.progress, True)

    def _evaluate(self, _launch: Any, _config: Any, player: Any, *_: Any, **__: Any) -> EvalReport:
        self.calls.append(f"evaluate {player.name}")
        if isinstance(self.evaluation, BaseException):
            raise self.evaluation
        report: EvalReport = self.evaluation(player)
        return report

    def _record(self, *arguments: Any) -> bool:
        self.took_alias = arguments[-1]
        return bool(self._say("outputs", True))

    def _say(self, call: str, answer: Any) -> Any:
        self.calls.append(call)
        return answer


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Made]:
    found = Made(tmp_path, monkeypatch)
    yield found
    found.folder.release()


def returns(**means: float) -> Callable[[Any], EvalReport]:
    """Evaluations of eight episodes, whose returns lie around a mean for each player."""

    def play(player: Any) -> EvalReport:
        results = tuple(
            AgentResult(i, "walker_0", "walker", {"return": means[player.name] + i % 2, "length": 5.0})
            for i in range(8)
        )
        sums = summarise("overall", 8, 0, results), (summarise("walker", 8, 0, results),)
        return EvalReport(player.name, "touch", 8, 0, *sums, results=results)

    return play


@pytest.mark.parametrize("error", [ValueError("a broken picture"), MemoryError(), OSError(28, "No space left")])
def test_policies_are_exported_and_recorded_whatever_their_evaluation_raises(
    error: Exception, made: Made, caplog: pytest.LogCaptureFixture
) -> None:
    made.evaluation = error

    summary = made.make()

    assert made.calls[:2] == ["export", "models"]
    assert made.calls[-1] == "outputs"
    assert not summary.stopped
    assert [policy.name for policy in summary.policies] == ["walker"]
    assert "trained was not evaluated: unexpected" in caplog.text


def test_a_stopped_evaluation_leaves_a_recorded_run_that_can_be_evaluated_later(made: Made) -> None:
    made.evaluation = KeyboardInterrupt()

    summary = made.make()

    assert made.calls == ["export", "models", "evaluate trained", "outputs"]
    assert summary.stopped
    assert not summary.interrupted
    document = json.loads((made.folder.path / "report" / "summary.json").read_text())
    assert document["evaluation_stopped"] is True
    assert "--resume a-run" in document["next"][0]


def test_a_run_that_learned_takes_the_alias_without_asking_who_has_it(made: Made) -> None:
    made.evaluation = returns(trained=9.0, heuristic=5.0, random=0.0)

    summary = made.make()

    assert "fetch" not in made.calls
    assert made.took_alias is True
    assert summary.to_dict()["learned"] is True


@pytest.mark.parametrize(("candidate", "kept"), [(5.0, True), (0.5, False)])
def test_a_run_that_learned_nothing_leaves_the_alias_to_a_better_version(
    candidate: float, kept: bool, made: Made
) -> None:
    made.held = "taken"
    made.evaluation = returns(trained=1.0, heuristic=5.0, random=1.0, candidate=candidate)

    summary = made.make()

    assert made.calls[-3:] == ["fetch", "evaluate candidate", "outputs"]
    assert made.took_alias is not kept
    document = json.loads((made.folder.path / "report" / "summary.json").read_text())
    assert document["learned"] is False
    assert document["candidate"] is not kept
    assert "no better than the random policy: walker return 1.5 against 1.5" in document["learned_reason"]
    page = (made.folder.path / "report" / "summary.md").read_text()
    assert "These policies did not learn: no better than the random policy" in page
    assert ("keeps the alias `candidate`" in page) is kept
    assert "--initialize-from a-run" in summary.to_dict()["next"][0]


def test_a_stock_game_is_not_asked_for_a_scripted_player(made: Made) -> None:
    layout = PolicyLayout((ObservationField("obs", 1),), (), (ActionField("move", "continuous", 1),))
    group = AgentGroup("walker", ("walker_0",), layout, ("episode", "return", "length"))
    made.folder.write_facts(GameSpec("mine", 1, 60, 8, (group,), wire="stock/0.7"), {})
    made.evaluation = returns(trained=9.0, random=0.0)

    assert made.make().to_dict()["learned"] is True
    assert "evaluate heuristic" not in made.calls


def test_where_no_episode_was_finished_the_summary_says_that_nothing_is_known(made: Made) -> None:
    def play(player: Any) -> EvalReport:
        sums = summarise("overall", 0, 0, []), (summarise("walker", 0, 0, []),)
        return EvalReport(player.name, "mine", 4, 0, *sums, bounded=Bounded(0, 4, 0, "evaluation.max_decisions: 9"))

    made.evaluation = play

    summary = made.make()

    assert summary.to_dict()["learned"] is None
    assert shortcomings(summary) == [
        "Whether these policies learned is not known: too few episodes were finished to compare the trained with the "
        "random policy."
    ]
    assert not summary.notices


def test_a_run_below_the_scripted_player_is_called_that(made: Made) -> None:
    made.evaluation = returns(trained=3.0, heuristic=5.0, random=1.0)

    summary = made.make()

    assert summary.to_dict()["below"] == "heuristic"
    assert shortcomings(summary)[0].startswith("These policies are not good yet: below the scripted player: return ")
