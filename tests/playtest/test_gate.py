"""`spacetime-rl gate` on the real engine: equal builds pass, a worse one does not."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.command import Done, run_command
from support.touch_run import RUN

from spacetime_rl.errors import UsageError
from spacetime_rl.evaluation.report import AgentResult, EvalReport, summarise
from spacetime_rl.game.project import OWN_PROJECT
from spacetime_rl.playtest import gate as story
from spacetime_rl.playtest.gate import Build, GateReport, run_gate
from spacetime_rl.playtest.plan import GatePlan

SOON = ("--margin", "0.4", "--round", "24", "--episodes", "48", "--json")
HARDER = ("--build-set", "scenario.params.max_ticks=60")


@pytest.fixture
def command(
    tmp_path: Path, godot_bin: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "touch.yaml").write_text(yaml.safe_dump({**RUN, "evaluation": {"games": 1, "arenas": 8}}))
    return partial(run_command, "gate", monkeypatch=monkeypatch, capsys=capsys)


def test_a_build_beside_itself_passes(command: Callable[..., Done]) -> None:
    done = command("touch.yaml", "--base", str(OWN_PROJECT), "--self-check", *SOON)
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["verdict"] == "pass"
    assert (document["differing"], document["success"]["difference"], document["return"]["p"]) == (0, 0.0, 1.0)
    assert "episodes=24/48 differing=0 verdict=pass" in done.err


def test_a_build_that_became_harder_is_a_regression(command: Callable[..., Done]) -> None:
    done = command("touch.yaml", *HARDER, *SOON)
    assert done.code == 1, done.err
    document = json.loads(done.out)
    assert document["verdict"] == "regression"
    assert document["success"]["difference_ci"][1] < 0.0
    assert document["success"]["build"] < document["success"]["base"]


def test_too_few_episodes_are_inconclusive(command: Callable[..., Done]) -> None:
    done = command("touch.yaml", "--self-check", "--episodes", "4")
    assert done.code == 4, done.err
    assert "inconclusive: not decided in 4 episodes" in done.out
    assert "more would decide" in done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to compare; give --base, --build or --build-set, or --self-check"),
        (
            ["--base", "nowhere"],
            "--base nowhere: neither a folder with a project.godot, nor an exported game, nor git:REF",
        ),
        (["--self-check", *HARDER], "--self-check plays the base against itself"),
    ],
    ids=["nothing", "no build", "self-check of two builds"],
)
def test_a_mistake_is_one_message(arguments: list[str], message: str, command: Callable[..., Done]) -> None:
    done = command("touch.yaml", *arguments)
    assert done.code == 2
    assert message in done.err


class Played:
    """Stands in for evaluations: what both builds report, and the order in which they play."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.order: list[tuple[str, str]] = []
        self.paired = True
        self.returns: Callable[[str, int], float] = lambda side, episode: float(episode)
        self.success: Callable[[str, int], float] | None = None
        self.silent: tuple[str, ...] = ()
        monkeypatch.setattr(story, "evaluate_player", self._evaluate)

    def gate(self, **plan: Any) -> GateReport:
        builds = Build("build", ("game.params.side=build",)), Build("base", ("game.params.side=base",))
        return run_gate("heuristic", "touch", *builds, GatePlan(**plan))

    def _evaluate(self, _player: str, _config: str, overrides: list[str], **_: Any) -> Any:
        values = dict(override.split("=") for override in overrides)
        side, episodes = values["game.params.side"], int(values["evaluation.episodes"])
        self.order.append((side, values["evaluation.seed"]))
        results = tuple(AgentResult(n, "walker_0", "walker", self._metrics(side, n)) for n in range(episodes))
        without = {"return": 0.0, "length": 1.0}
        results += tuple(AgentResult(n, f"{name}_0", name, without) for n in range(episodes) for name in self.silent)
        total = summarise("overall", episodes, 0, results)
        report = EvalReport(side, "touch", episodes, 0, total, (), results=results, paired=self.paired)
        return type("Evaluated", (), {"report": report})

    def _metrics(self, side: str, episode: int) -> Mapping[str, float]:
        found = {"return": self.returns(side, episode), "length": 1.0}
        return found | ({"success": self.success(side, episode)} if self.success else {})


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    return Played(monkeypatch)


def test_builds_take_turns_and_every_round_has_a_seed_of_its_own(played: Played) -> None:
    played.gate(episodes=30, round=10, margin=0.01)
    assert played.order == [
        ("build", "10000"), ("base", "10000"),
        ("base", "10001"), ("build", "10001"),
        ("build", "10002"), ("base", "10002"),
    ]  # fmt: skip


def test_it_ends_as_soon_as_it_is_proven(played: Played) -> None:
    played.success = lambda side, _: float(side == "base")
    report = played.gate(episodes=1_000, round=10)
    assert (report.outcome, report.episodes, report.differing) == ("regression", 10, 10)


def test_a_game_without_success_is_judged_by_who_had_the_higher_return(played: Played) -> None:
    played.returns = lambda side, episode: episode - 0.001 * (side == "build")
    report = played.gate(episodes=1_000, round=10)
    assert (report.outcome, report.measure, report.success) == ("regression", "return", None)
    assert report.returns is not None
    assert report.returns.difference.value == pytest.approx(-0.001)


def test_only_the_policies_that_report_success_decide(played: Played) -> None:
    played.success = lambda side, _: float(side == "base")
    played.silent = ("guide",)  # a policy that never reports success
    assert played.gate(episodes=1_000, round=10).outcome == "regression"


def test_a_game_that_does_not_number_its_episodes_is_refused(played: Played) -> None:
    played.paired = False
    with pytest.raises(UsageError, match="does not number its episodes"):
        played.gate()


def test_a_build_that_fails_is_a_regression_and_a_base_that_fails_is_a_fault(command: Callable[..., Done]) -> None:
    broken = "scenario.params.fault=die"
    done = command("touch.yaml", "--build-set", broken, *SOON)
    assert done.code == 1, done.err
    document = json.loads(done.out)
    assert (document["verdict"], document["episodes"]) == ("regression", 0)
    assert "killed by SIGKILL" in document["fault"]
    assert command("touch.yaml", "--set", broken, "--self-check", *SOON).code == 3
