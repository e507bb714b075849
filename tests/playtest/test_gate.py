"""`spacetime-rl gate` on the real engine: equal builds pass, a worse one does not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from support.command import Done, run_command
from support.touch_run import RUN

from spacetime_rl.config import RunConfig
from spacetime_rl.config.gate import GateConfig
from spacetime_rl.config.playtest import OraclesConfig
from spacetime_rl.errors import UsageError
from spacetime_rl.evaluation.report import AgentResult, EvalReport, summarise
from spacetime_rl.evaluation.story import Evaluated
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.project import OWN_PROJECT
from spacetime_rl.playtest import gate as story
from spacetime_rl.playtest.gate import Build, run_gate
from spacetime_rl.playtest.gate_report import GateReport
from spacetime_rl.playtest.load import GatePlan

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


ORACLE = """from spacetime_rl.playtest.sighting import Sighting


def slow(episode):
    if episode.decisions > 20:
        yield Sighting("slow", "slow", "error", "an episode took more than 20 decisions", 20)
"""


def test_an_error_that_an_oracle_reports_of_the_build_alone_is_a_regression(
    tmp_path: Path, command: Callable[..., Done]
) -> None:
    (tmp_path / "my_oracles.py").write_text(ORACLE)
    quick = ("--set", "scenario.params.max_ticks=60", "--build-set", "scenario.params.max_ticks=240")
    oracle = ("--findings", "--set", "playtest.oracles.custom=[my_oracles.slow]")
    done = command("touch.yaml", *quick, *oracle, *SOON)
    assert done.code == 1, done.err
    document = json.loads(done.out)
    assert [finding["key"] for finding in document["findings"]] == ["slow"]
    assert "an episode took more than 20 decisions (episode " in document["sentence"]


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
        self.metric: Callable[[str, int], float] | None = None
        self.cpu: Callable[[str], float | None] = lambda _: None
        self.faults: Callable[[str, int], tuple[str, ...]] = lambda _side, _round: ()
        self.exit_faults: Callable[[str], tuple[str, ...]] = lambda _: ()
        self.silent: tuple[str, ...] = ()
        monkeypatch.setattr(story, "evaluate_player", self._evaluate)

    def gate(self, **settings: Any) -> GateReport:
        builds = Build("build", ("game.params.side=build",)), Build("base", ("game.params.side=base",))
        plan = GatePlan("touch", "touch", None, (), GateConfig(**settings), OraclesConfig())
        return run_gate(plan, *builds)

    def _evaluate(
        self, _player: str, _config: str, overrides: list[str], *, prepare: Callable[[GameLaunch], GameLaunch], **_: Any
    ) -> Evaluated:
        values = dict(override.split("=") for override in overrides)
        side, episodes = values["game.params.side"], int(values["evaluation.episodes"])
        self.order.append((side, values["evaluation.seed"]))
        results = tuple(AgentResult(n, "walker_0", "walker", self._metrics(side, n)) for n in range(episodes))
        without = {"return": 0.0, "length": 1.0}
        results += tuple(AgentResult(n, f"{name}_0", name, without) for n in range(episodes) for name in self.silent)
        total = summarise("overall", episodes, 0, results)
        report = EvalReport(
            *(side, "touch", episodes, 0, total, ()),
            results=results,
            paired=self.paired,
            faults=self.faults(side, int(values["evaluation.seed"]) - 10_000),
            exit_faults=self.exit_faults(side),
            cpu_ms_a_tick=self.cpu(side),
        )
        prepare(GameLaunch(scenario="touch"))
        return Evaluated(report, RunConfig.model_validate({"scenario": {"name": "touch"}}), None)

    def _metrics(self, side: str, episode: int) -> Mapping[str, float]:
        found = {"return": self.returns(side, episode), "length": 1.0}
        found |= {"collisions": self.metric(side, episode)} if self.metric else {}
        return found | ({"success": self.success(side, episode)} if self.success else {})


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    return Played(monkeypatch)


def test_both_builds_play_every_round_and_each_round_has_a_seed_of_its_own(played: Played) -> None:
    played.gate(episodes=30, round=10, margin=0.01)
    seeds = [seed for _, seed in played.order]
    assert seeds == sorted(seeds)  # a round begins when both have finished the last one
    assert Counter(played.order) == Counter((side, str(10_000 + n)) for side in ("build", "base") for n in range(3))


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


def test_further_metrics_are_judged_each_by_its_own_margin(played: Played) -> None:
    rng = np.random.default_rng(1)
    played.success = lambda _side, _: 1.0
    played.metric = lambda side, _: float(rng.poisson(2.0 if side == "base" else 3.0))
    worse = {"better": "lower", "margin": 0.2, "relative": True}
    report = played.gate(episodes=300, metrics={"collisions": worse})
    outcomes = {one.measure.name: one.outcome for one in report.measures}
    assert (report.outcome, outcomes["collisions"]) == ("regression", "regression")
    assert "worse than the base in collisions" in report.sentence
    assert played.gate(episodes=300, metrics={"collisions": worse | {"better": "higher"}}).outcome == "pass"
    document = report.to_dict()["measures"]["collisions"]
    assert document["p_worse"] < 0.05
    assert document["difference"] == pytest.approx(document["build"] - document["base"])


def test_processor_time_is_judged_as_a_ratio(played: Played) -> None:
    rng = np.random.default_rng(2)
    played.success = lambda _side, _: 1.0
    played.cpu = lambda side: float((1.1 if side == "build" else 1.0) * rng.lognormal(0.0, 0.02))
    report = played.gate(episodes=1_000, round=20, cpu_margin=0.05)
    assert report.outcome == "regression"
    assert report.cpu is not None
    assert report.cpu.difference.value == pytest.approx(1.1, rel=0.02)
    assert played.gate(episodes=1_000, round=20, cpu_margin=0.2).outcome == "pass"
    assert played.gate(episodes=400, round=20).outcome == "pass"  # it is measured, and not judged


def test_a_metric_that_the_game_does_not_report_is_named(played: Played) -> None:
    played.metric = lambda _side, _: 0.0
    with pytest.raises(UsageError, match=r"gate\.metrics\.colisions: no agent reports .*did you mean 'collisions'"):
        played.gate(metrics={"colisions": {"margin": 1.0}})
    with pytest.raises(UsageError, match="nothing is judged"):
        played.gate(margin=None)


def test_a_crash_at_exit_changes_no_verdict(played: Played) -> None:
    played.success = lambda _side, _: 1.0
    played.exit_faults = lambda side: ("exit_crash:SIGSEGV",) if side == "build" else ()
    report = played.gate(round=100)
    assert report.outcome == "pass"
    assert report.warnings == ("the build crashed while it exited (SIGSEGV), in 2 of 2 rounds",)


def test_a_fault_that_the_build_alone_shows_again_is_a_regression(played: Played) -> None:
    played.success = lambda _side, _: 1.0
    played.faults = lambda side, round_: ("crash:SIGSEGV",) if side == "build" and round_ < 2 else ()
    report = played.gate(round=50)
    assert (report.outcome, report.episodes) == ("regression", 100)
    assert [finding.key for finding in report.findings] == ["crash:SIGSEGV"]
    assert report.sentence == "new on the build: crash:SIGSEGV, 2 times"


@pytest.mark.parametrize("everybody", [True, False], ids=["the base shows it, too", "it never came again"])
def test_a_fault_that_says_nothing_of_the_build_is_a_warning(everybody: bool, played: Played) -> None:
    played.success = lambda _side, _: 1.0
    played.faults = lambda _, round_: ("hang",) if everybody or round_ == 0 else ()
    report = played.gate(round=100)
    assert report.outcome == "pass"
    assert "the build failed with hang and went on" in report.warnings[0]


def test_rounds_of_a_game_that_does_not_number_its_episodes_have_seeds_far_apart(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story, "replays_anew", lambda _launch, _config: False)
    played.paired = False
    report = played.gate(episodes=20, round=10, margin=0.01)
    assert sorted({int(seed) for _, seed in played.order}) == [10_000, 11_000]
    assert (report.paired, report.differing) == (False, None)


def test_a_game_that_crashes_at_exit_passes_with_a_warning(command: Callable[..., Done]) -> None:
    done = command("touch.yaml", "--build-set", "scenario.params.fault=exit_crash", *SOON)
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert (document["verdict"], document["differing"]) == ("pass", 0)
    assert document["warnings"] == ["the build crashed while it exited (SIGABRT), in 1 of 1 rounds"]


def test_a_build_that_fails_is_a_regression_and_a_base_that_fails_is_a_fault(command: Callable[..., Done]) -> None:
    broken = "scenario.params.fault=die"
    done = command("touch.yaml", "--build-set", broken, *SOON)
    assert done.code == 1, done.err
    document = json.loads(done.out)
    assert (document["verdict"], document["episodes"]) == ("regression", 0)
    assert "killed by SIGKILL" in document["fault"]
    assert command("touch.yaml", "--set", broken, "--self-check", *SOON).code == 3
