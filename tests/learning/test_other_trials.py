"""The snapshots of a sweep's other trials: found in the run's folder, read as they are, and drawn as opponents."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.toy_game import make_layout

from spacetime_rl.config.league import LeagueConfig
from spacetime_rl.config.policy import ModelConfig
from spacetime_rl.export.weights import save_weights
from spacetime_rl.league.lineage import Lineage, write_lineage
from spacetime_rl.learning.league import League
from spacetime_rl.learning.other_trials import OtherTrials, read_plan, why_alone, write_plans
from spacetime_rl.modules.network_plan import NetworkPlan
from spacetime_rl.modules.spec import make_module_spec
from spacetime_rl.rollout.matches import MatchResult
from spacetime_rl.rollout.opponents import OtherNetwork
from spacetime_rl.rollout.sides import MatchPlan, Side
from spacetime_rl.runs.layout import CONFIG, SWEEP, RunPaths, networks_file, payoff_file, snapshot_file, trial_folder

POLICY = "walker"
SIDES = (Side("left", POLICY, np.array([[0]]), True), Side("right", POLICY, np.array([[1]]), True))


def plan(*hiddens: int, obs: int = 3) -> NetworkPlan:
    return NetworkPlan("PPO", ModelConfig.model_validate({"hiddens": hiddens or (4,)}), make_layout(obs))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    for name in (CONFIG, SWEEP):
        (tmp_path / name).write_text("")
    return tmp_path


def trial_of(run: Path, trial: str) -> Path:
    return RunPaths(run).tune / trial_folder(trial)


def save(run: Path, trial: str, steps: int, made: NetworkPlan | None = None) -> Path:
    """A snapshot of another trial, as its league writes it."""
    folder, made = trial_of(run, trial), made or plan()
    write_plans(folder, {POLICY: made})
    file = snapshot_file(folder, POLICY, steps)
    save_weights(make_module_spec(made.layout, made.model, made.algorithm).build(), file)
    return file


def others_in(run: Path, most: int = 10) -> OtherTrials:
    return OtherTrials(trial_of(run, "own"), {POLICY: plan()}, most, keep=lambda network: network)


def met(others: OtherTrials) -> list[str]:
    others.look()
    return [player.id for player in others.players(POLICY)]


def test_the_newest_snapshot_of_each_other_trial_is_met(run: Path) -> None:
    for trial, steps in (("a", 100), ("a", 900), ("b", 1000), ("own", 5000)):
        save(run, trial, steps)
    others = others_in(run)
    assert met(others) == ["b:walker@1000", "a:walker@900"]
    save(run, "a", 2000)
    assert met(others) == ["a:walker@2000", "b:walker@1000"]


def test_of_many_trials_those_are_met_that_have_trained_for_longest(run: Path) -> None:
    for number in range(6):
        save(run, f"t{number}", 100 * number)
    assert met(others_in(run, most=2)) == ["t5:walker@500", "t4:walker@400"]


def test_trials_that_are_equally_old_do_not_all_meet_the_same_others(run: Path) -> None:
    for number in range(8):
        save(run, f"t{number}", 100)

    def seen(own: str) -> frozenset[str]:
        return frozenset(met(OtherTrials(trial_of(run, own), {POLICY: plan()}, 3, keep=lambda network: network)))

    assert len({seen(f"own{number}") for number in range(4)}) > 1
    assert seen("own0") == seen("own0")


def test_a_network_of_another_size_comes_with_what_it_is_built_from(run: Path) -> None:
    save(run, "same", 100)
    save(run, "large", 200, plan(9, 9))
    others = others_in(run)
    assert met(others) == ["large:walker@200", "same:walker@100"]
    large, same = (others.find(player.id) for player in others.players(POLICY))
    assert large is not None
    assert same is not None
    assert isinstance(large.network, OtherNetwork)
    assert large.network.plan == plan(9, 9)
    module = large.network.plan.build()
    module.set_state(dict(large.network.weights))
    with np.load(snapshot_file(trial_of(run, "large"), POLICY, 200)) as arrays:
        for name, value in module.get_state(inference_only=True).items():
            np.testing.assert_array_equal(value, arrays[name])
        assert set(arrays) > set(large.network.weights)  # the value function is left out
    assert isinstance(same.network, dict)  # which is computed together with the own snapshots


def test_files_that_are_torn_or_gone_are_left_out_and_older_ones_taken(
    run: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save(run, "a", 100)
    save(run, "a", 200).write_bytes(b"PK\x03\x04 torn")
    whole = save(run, "a", 300)
    whole.write_bytes(whole.read_bytes()[:-40])
    save(run, "b", 50).unlink()
    networks_file(trial_of(run, "c")).parent.mkdir(parents=True)
    networks_file(trial_of(run, "c")).write_text('{"format": 1, "polic')
    with caplog.at_level(logging.WARNING):
        assert met(others_in(run)) == ["a:walker@100"]
    assert [name for name in ("walker@300.npz", "walker@200.npz", "walker@50.npz") if name in caplog.text] == [
        "walker@300.npz",
        "walker@200.npz",
    ]


def test_weights_of_another_shape_than_described_are_left_out(run: Path) -> None:
    save(run, "a", 100, plan(9))
    write_plans(trial_of(run, "a"), {POLICY: plan(5)})
    assert met(others_in(run)) == []


def test_a_file_that_goes_between_listing_and_reading_is_no_warning(
    run: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    save(run, "a", 100)
    save(run, "a", 200)
    load = np.load

    def vanish(file: Path, **kwargs: Any) -> Any:
        if "200" in file.name:
            file.unlink()
        return load(file, **kwargs)

    monkeypatch.setattr(np, "load", vanish)
    with caplog.at_level(logging.WARNING):
        assert met(others_in(run)) == ["a:walker@100"]
    assert not caplog.records


def test_what_was_read_stays_while_its_file_is_the_newest_and_is_not_read_again(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(run, "a", 100)
    others = others_in(run)
    assert met(others) == ["a:walker@100"]
    monkeypatch.setattr(np, "load", None)
    assert met(others) == ["a:walker@100"]


def test_a_trial_whose_folder_is_gone_is_met_no_more(run: Path) -> None:
    file = save(run, "a", 100)
    others = others_in(run)
    assert met(others) == ["a:walker@100"]
    others.look(kept=["a:walker@100"])
    file.unlink()
    others.look(kept=["a:walker@100"])  # it is swapped in
    assert [player.id for player in others.players(POLICY)] == ["a:walker@100"]
    assert met(others) == []


def test_agents_that_see_something_else_are_not_met(run: Path, caplog: pytest.LogCaptureFixture) -> None:
    save(run, "a", 100, plan(obs=5))
    with caplog.at_level(logging.WARNING):
        assert met(others_in(run)) == []
    assert "policy walker has other observations or actions in other trials" in caplog.text


def test_a_trial_that_does_not_take_part_is_not_met(run: Path) -> None:
    save(run, "a", 100)
    networks_file(trial_of(run, "a")).unlink()
    assert met(others_in(run)) == []


def test_of_a_trial_that_copied_another_one_only_its_own_snapshots_are_met_under_another_name(run: Path) -> None:
    save(run, "b", 100)
    save(run, "a", 100)  # the copy
    write_lineage(trial_of(run, "a"), Lineage("b").copied("a", 2, 150))
    others = others_in(run)
    assert met(others) == ["b:walker@100"]
    save(run, "a", 200)
    assert met(others) == ["a-2:walker@200", "b:walker@100"]


def test_a_trial_that_becomes_a_copy_while_it_is_read_is_left_out(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(run, "a", 100)
    load = np.load

    def copy(file: Path, **kwargs: Any) -> Any:
        write_lineage(trial_of(run, "a"), Lineage("b").copied("a", 2, 150))
        return load(file, **kwargs)

    monkeypatch.setattr(np, "load", copy)
    assert met(others_in(run)) == []


@pytest.mark.parametrize(
    ("missing", "message"), [(CONFIG, "does not see the run's folder"), (SWEEP, "a run by itself has no other trials")]
)
def test_a_trial_without_others_says_why_and_meets_nobody(
    run: Path, missing: str, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    save(run, "a", 100)
    (run / missing).unlink()
    with caplog.at_level(logging.WARNING):
        assert met(others_in(run)) == []
    assert message in caplog.text
    assert message in why_alone(trial_of(run, "own"))
    assert read_plan(trial_of(run, "own"), POLICY) is None


def test_policies_of_different_spaces_are_all_met(run: Path) -> None:
    plans = {"small": plan(obs=2), "large": plan(obs=7)}
    folder = trial_of(run, "a")
    write_plans(folder, plans)
    for policy, each in plans.items():
        save_weights(each.build(), snapshot_file(folder, policy, 100))
    others = OtherTrials(trial_of(run, "own"), plans, 10, keep=lambda network: network)
    others.look()
    assert {policy: [player.id for player in others.players(policy)] for policy in plans} == {
        policy: [f"a:{policy}@100"] for policy in plans
    }


def make_league(run: Path, trial: str, **settings: Any) -> League:
    config = LeagueConfig.model_validate({"save_steps": 100, "across_trials": 0.5, **settings})
    folder = trial_of(run, trial)
    others = OtherTrials(folder, {POLICY: plan()}, config.window, lambda network: network)
    return League(config, MatchPlan(SIDES, "won"), folder, seed=1, others=others)


def save_own(policy: str, file: Path) -> dict[str, Any]:
    assert policy == POLICY
    module = plan().build()
    save_weights(module, file)
    return dict(module.get_state(inference_only=True))


def load_own(policy: str, file: Path) -> dict[str, Any]:
    assert policy == POLICY
    with np.load(file) as arrays:
        return dict(arrays)


def test_two_leagues_meet_each_other_s_snapshots(run: Path) -> None:
    leagues = {trial: make_league(run, trial) for trial in ("a", "b")}
    for steps in (0, 100):
        for league in leagues.values():
            league.add_snapshot(steps, save_own)
    draw = leagues["b"].opponents.draws[POLICY]
    assert dict(zip(draw.players, draw.chances, strict=True)) == pytest.approx(
        {"walker@latest": 0.5, "walker@0": 0.125, "walker@100": 0.125, "a:walker@100": 0.25}
    )
    assert {player.id for player in leagues["b"].opponents.players} == {"walker@0", "walker@100", "a:walker@100"}
    assert leagues["b"].metrics() == {"league/snapshots": 2, "league/other_trials": 1}
    draw = leagues["a"].opponents.draws[POLICY]  # it looked when the other one had its first
    assert "b:walker@0" in draw.players


def test_a_league_that_resumes_meets_who_is_there_then(run: Path) -> None:
    league = make_league(run, "a", swap_steps=50, play_against_latest_model_ratio=0.0, across_trials=1.0)
    make_league(run, "b").add_snapshot(0, save_own)
    league.add_snapshot(0, save_own)
    assert league.opponents.draws[POLICY].players == ("b:walker@0",)
    lost = ((POLICY, "walker@latest"), (POLICY, "b:walker@0"))
    league.note([MatchResult(lost, (1, 0))])
    league.end_iteration(1, 40)
    league.save_table(run / "table")
    saved = json.loads(json.dumps(league.to_dict()))
    save(run, "b", 300)
    snapshot_file(trial_of(run, "b"), POLICY, 0).unlink()

    again = make_league(run, "a", swap_steps=50, play_against_latest_model_ratio=0.0, across_trials=1.0)
    again.resume(saved, run / "table", 40, load_own)

    assert payoff_file(trial_of(run, "a")).read_bytes() == (run / "table").read_bytes()
    assert again.to_dict() == {**saved, "swapped": {POLICY: "b:walker@0"}}
    assert again.opponents.draws[POLICY].players == ("b:walker@300",)


def test_snapshots_that_a_resumed_trial_takes_once_more_have_another_name(run: Path) -> None:
    league = make_league(run, "a")
    league.add_snapshot(0, save_own)
    saved = json.loads(json.dumps(league.to_dict()))
    league.add_snapshot(100, save_own)
    others = OtherTrials(trial_of(run, "b"), {POLICY: plan()}, 10, keep=lambda network: network)
    assert met(others) == ["a:walker@100"]

    again = make_league(run, "a")
    again.resume(saved, run / "table", 60, load_own)
    assert met(others) == ["a:walker@0"]
    again.add_snapshot(100, save_own)

    assert met(others) == ["a-2:walker@100"]
