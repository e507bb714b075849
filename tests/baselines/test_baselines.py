"""Baselines: made of a run, kept or replaced, read back; and every one that comes with the package fits its game."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from support.command import run_command
from support.made_policies import make_checkpoint, make_policy

from spacetime_rl.baselines.judge import TEST_SEED
from spacetime_rl.baselines.make import Outcome, make_baseline
from spacetime_rl.baselines.page import update
from spacetime_rl.baselines.rejudge import judge_again, unjudged
from spacetime_rl.baselines.trained import TrainedRun
from spacetime_rl.config import RunConfig, dump, load
from spacetime_rl.config.compare import diff, settle_like
from spacetime_rl.config.packaged import packaged
from spacetime_rl.contract import assign_policies, is_adversarial, make_launch
from spacetime_rl.errors import CheckpointError, UsageError
from spacetime_rl.evaluation.sources import OnnxSource, compare_layouts, read_schemas
from spacetime_rl.export.checkpoint import read_checkpoint
from spacetime_rl.export.onnx import export_module
from spacetime_rl.export.schema import Origin
from spacetime_rl.export.weights import load_weights
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.project import OWN_PROJECT
from spacetime_rl.runs.shipped import FILE, baseline_names, read_baseline, read_baselines

Make = Callable[..., Outcome]
EPISODES = 500  # that a shipped baseline has played at least
# They measure their own time, one game at a time, in seconds of processor time an episode.
EPISODES_OF_MEASURING = dict.fromkeys(("physics_stress", "voxel_terrain"), 40)


@pytest.fixture(scope="session")
def config() -> RunConfig:
    scene = "res://tests/fixtures/touch/touch.tscn"
    game = {"project": str(OWN_PROJECT), "scene": scene, "arenas": 2}
    plan = {"episodes": 6, "games": 1, "arenas": 3}
    return RunConfig.model_validate({"name": "touch", "game": game, "evaluation": plan, "training": {"lr": 0.001}})


@pytest.fixture(scope="session")
def run(godot_bin: Path, config: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the touch fixture: policies that never learned, and a learning rate of its own."""
    folder = tmp_path_factory.mktemp("runs") / "a-run"
    (folder / "onnx").mkdir(parents=True)
    trained = config.model_copy(update={"training": config.training.model_copy(update={"lr": 0.01})})
    with open_game(GameLaunch(project=config.game.project, scene=config.game.scene)) as game:
        policies = {group.name: make_policy(group.layout, **trained.model.model_dump()) for group in game.spec.groups}
    make_checkpoint(folder / "checkpoint_000001", policies, trained)
    for name, policy in policies.items():
        export_module(policy, name, folder / "onnx", Origin("touch", 90, 6, {}))
    (folder / "config.yaml").write_text(dump(trained))
    (folder / "versions.json").write_text('{"ray": "2.60.0"}')
    (folder / "report").mkdir()
    summary = {"agent_steps": 1234, "training_s": 90.0, "interrupted": False}
    (folder / "report" / "summary.json").write_text(json.dumps(summary))
    return folder


def make_touch(
    config: RunConfig, run: Path, folder: Path, force: bool = False, adversarial: bool = False, **changes: Any
) -> Outcome:
    """Judge the run and keep it as the baseline `touch` in `folder`."""
    words = ["spacetime-rl", "baseline", "touch"]
    taken = [replace(TrainedRun.read(run), **changes)]
    return make_baseline("touch", config, taken, words, force, adversarial, folder)


@pytest.fixture
def make(config: RunConfig, run: Path, tmp_path: Path) -> Make:
    return partial(make_touch, config, run, tmp_path)


@pytest.fixture(scope="session")
def first(config: RunConfig, run: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Path]:
    """The outcome of the first baseline, and the folder of baselines that it is alone in."""
    folder = tmp_path_factory.mktemp("baselines")
    return make_touch(config, run, folder), folder


@pytest.fixture
def made(first: tuple[Outcome, Path], tmp_path: Path) -> Path:
    """A folder of its own with that baseline in it."""
    return Path(shutil.copytree(first[1], tmp_path, dirs_exist_ok=True))


def test_a_baseline_holds_the_policies_and_how_everybody_does_on_the_same_episodes(
    first: tuple[Outcome, Path], made: Path
) -> None:
    outcome, _ = first
    assert (outcome.written, outcome.reason) == (True, "the first one")
    files = {f"{name}.{kind}" for name in ("walker", "jumper") for kind in ("onnx", "schema.json", "weights.npz")}
    assert {file.name for file in (made / "touch").iterdir()} == files | {FILE, "paths.png"}
    baseline = read_baseline("touch", made)
    assert baseline.policies == ("walker", "jumper")
    assert list(baseline.reports) == ["trained", "heuristic", "random"]
    for report in baseline.reports.values():
        assert (report["episodes"], report["seed"]) == (6, TEST_SEED)
        low, high = report["overall"]["episode_success_ci"]
        assert 0.0 <= low <= report["overall"]["episode_success_rate"] <= high <= 1.0
    assert baseline.document["training"]["agent_steps"] == 1234
    assert baseline.document["training"]["differs"] == []
    assert baseline.document["command"] == "spacetime-rl baseline touch --set training.lr=0.01"
    assert str(baseline.config.results) == "results"
    OnnxSource(baseline.folder)


def test_training_may_go_on_from_a_baselines_weights(run: Path, made: Path) -> None:
    baseline, checkpoint = read_baseline("touch", made), read_checkpoint(run / "checkpoint_000001")

    for policy in baseline.policies:
        trained = checkpoint.load_module(policy)
        again = load_weights(baseline.weights(policy), policy, trained.layout, baseline.config)
        state = again.state_dict()
        assert all(torch.equal(tensor, state[name]) for name, tensor in trained.state_dict().items())
    with pytest.raises(CheckpointError, match="does not hold the weights of walker"):
        load_weights(baseline.weights("jumper"), "walker", checkpoint.load_module("walker").layout, baseline.config)


def test_what_was_trained_on_something_else_than_it_is_judged_on_is_said(
    config: RunConfig, run: Path, tmp_path: Path
) -> None:
    scenario = config.scenario.model_copy(update={"params": {"touch_m": 2.0}})

    make_touch(config.model_copy(update={"scenario": scenario}), run, tmp_path)

    differs = read_baseline("touch", tmp_path).document["training"]["differs"]

    assert any(line.startswith("scenario.params.touch_m: 2.0 -> ") for line in differs)


def test_an_earlier_baseline_is_kept_unless_the_new_one_is_proven_better_or_one_is_told(make: Make, made: Path) -> None:
    kept = make()
    told = make(force=True)

    assert not kept.written
    assert kept.reason.startswith("kept the old one; not proven better: ")
    assert [report.source for report in kept.reports] == ["trained", "heuristic", "random", "old baseline"]
    assert told.written
    assert told.reason.startswith("replaced as told, though not proven better")
    assert [path.name for path in made.iterdir()] == ["touch"]


def test_an_earlier_baseline_that_does_not_fit_any_more_is_replaced(make: Make, made: Path) -> None:
    schema = made / "touch" / "walker.schema.json"
    document = json.loads(schema.read_text())
    document["layout"]["fields"][0]["name"] = "gone"
    schema.write_text(json.dumps(document))

    outcome = make()

    assert outcome.written
    assert "does not fit the game any more" in outcome.reason
    assert "gone" in outcome.reason


def test_a_baseline_of_the_first_version_can_be_judged_on_test_episodes_without_training(made: Path) -> None:
    file = made / "touch" / FILE
    document = json.loads(file.read_text())
    for key in ("validation", "opponents", "seeds", "across_seeds", "differences"):
        del document[key]
    document["config"]["evaluation"]["seed"] = document["seed"] = 10_000
    document["schema_version"] = 1
    file.write_text(json.dumps(document))
    before = {path.name: path.read_bytes() for path in file.parent.glob("*.onnx")}

    assert unjudged(made) == ["touch"]
    outcome = judge_again("touch", made)

    assert outcome.written
    baseline = read_baseline("touch", made)
    assert (baseline.document["seed"], baseline.document["episodes"]) == (TEST_SEED, 6)
    assert baseline.config.evaluation.seed == TEST_SEED
    assert baseline.document["differences"]["overall"]["success"]["episodes"] == 6
    (seed,) = baseline.seeds
    trained = baseline.reports["trained"]["overall"]
    assert seed["test"]["overall"]["success"] == trained["episode_success_rate"]
    assert seed["agent_steps"] == 1234
    assert {path.name: path.read_bytes() for path in file.parent.glob("*.onnx")} == before
    assert unjudged(made) == []
    with pytest.raises(UsageError, match="was reported on the test episodes already, 6 of them"):
        judge_again("touch", made, episodes=6)


def test_a_baseline_can_be_reported_on_more_episodes_without_training(made: Path) -> None:
    file = made / "touch" / FILE
    document = json.loads(file.read_text())
    file.write_text(
        json.dumps({**document, "command": "spacetime-rl baseline touch --episodes 6 --set training.lr=0.01"})
    )

    assert judge_again("touch", made, episodes=9).written

    after = read_baseline("touch", made)
    assert after.document["episodes"] == after.document["differences"]["overall"]["success"]["episodes"] == 9
    assert after.document["command"] == "spacetime-rl baseline touch --episodes 9 --set training.lr=0.01"
    assert after.config.evaluation.episodes == 9
    assert after.document["policies"] == document["policies"]
    with pytest.raises(UsageError, match="with a larger number reports it on more"):
        judge_again("touch", made)


@pytest.mark.parametrize("interrupted", [True, None])
def test_a_run_that_did_not_come_to_its_end_is_refused(interrupted: bool | None, run: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "copy"))
    summary = copy / "report" / "summary.json"
    summary.unlink() if interrupted is None else summary.write_text('{"interrupted": true}')

    with pytest.raises(UsageError, match="was interrupted" if interrupted else "has no report"):
        TrainedRun.read(copy)


def test_a_name_that_is_none_is_answered_with_those_there_are(made: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'touch'"):
        read_baseline("tuoch", made)


def test_the_page_shows_every_baseline(made: Path) -> None:
    page = "# Title\n<!-- baselines: begin -->\nold\n<!-- baselines: end -->\nrest\n"

    found = update(page, read_baselines(made), made)

    assert found.startswith("# Title\n")
    assert found.endswith("\nrest\n")
    assert "old" not in found
    assert "| [touch](#touch) |" in found
    assert "PPO, 1,234 agent steps in 2 min on" in " ".join(found.split())
    assert "| `walker` | trained | heuristic | random |" in found
    assert "](touch/paths.png)" in found


def test_the_commands_know_no_baseline_of_a_wrong_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unnamed = run_command("eval", "baseline", monkeypatch=monkeypatch, capsys=capsys)
    unknown = run_command("baseline", "no_such_config", monkeypatch=monkeypatch, capsys=capsys)
    named = "vr_navigation-comfort_optimized"
    with_preset = run_command("baseline", named, monkeypatch=monkeypatch, capsys=capsys)

    assert (unnamed.code, unknown.code, with_preset.code) == (2, 2, 2)
    assert "eval baseline: --config is required" in unnamed.err
    assert "no_such_config: is no packaged configuration" in unknown.err
    assert "write it as `spacetime-rl baseline vr_navigation --preset comfort_optimized`" in with_preset.err


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ([], "baseline: name a configuration"),
        (["--all", "vr_ui"], "baseline --all: CONFIG: each baseline's own command says so"),
        (["--all", "--episodes", "9"], "baseline --all: --episodes: each baseline's own command says so"),
        (["vr_ui", "--judge", "--seeds", "4"], "baseline --judge: --seeds: nothing is trained"),
        (["vr_ui", "--seeds", "0"], "expected 1 to 100, found 0"),
    ],
)
def test_what_does_not_go_together_is_refused(
    words: list[str], refused: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run_command("baseline", *words, monkeypatch=monkeypatch, capsys=capsys)

    assert found.code == 2
    assert refused in " ".join(found.err.replace("│", " ").split())


def test_the_episodes_may_be_played_otherwise_than_training(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: dict[str, Any] = {}
    said = Outcome("spacecraft_landing", Path("b"), (), False, "kept")

    def keep(
        name: str, config: RunConfig, runs: list[TrainedRun], command: list[str], *rest: Any, **kw: Any
    ) -> Outcome:
        asked.update(judged=config.game, command=" ".join(command))
        return said

    monkeypatch.setattr("spacetime_rl.baselines.make.make_baseline", keep)
    monkeypatch.setattr(
        "spacetime_rl.cli.baseline._train", lambda config, *rest: asked.update(trained=config.game) or []
    )
    monkeypatch.setattr("spacetime_rl.cli.baseline._show", lambda outcome, json_output: None)
    words = ["baseline", "spacecraft_landing", "--set", "training.lr=0.001", "--judge-set", "game.physics_hz=90"]
    assert run_command(*words, monkeypatch=monkeypatch, capsys=capsys).code == 0
    assert (asked["trained"].physics_hz, asked["judged"].physics_hz) == (30, 90)
    assert asked["command"] == (
        "spacetime-rl baseline spacecraft_landing --seeds 3 --episodes 500 --set training.lr=0.001 "
        "--judge-set game.physics_hz=90"
    )


@pytest.mark.parametrize("name", baseline_names())
def test_a_shipped_baseline_fits_the_game_it_was_made_for(name: str, godot_bin: Path) -> None:
    """Its configuration exists, its numbers are there, and the real game still has the spaces of its policies."""
    baseline = read_baseline(name)
    source = packaged(name.partition("-")[0])
    assert source is not None, f"{name}: there is no such configuration any more"
    assert load(source).scenario.name == baseline.scenario
    for report in baseline.reports.values():
        assert report["episodes"] >= EPISODES_OF_MEASURING.get(name, EPISODES)
        assert {"return_mean", "length_mean", "episode_success_rate"} <= set(report["overall"])
    assert baseline.document["training"]["agent_steps"] > 0
    assert baseline.document["command"].startswith("spacetime-rl baseline ")

    schemas = read_schemas(baseline.folder)
    with open_game(replace(make_launch(baseline.config), arenas=1)) as game:
        plans = assign_policies(game.spec, baseline.config)
    assert {plan.name for plan in plans} == set(schemas) == set(baseline.policies)
    assert [problem for plan in plans for problem in compare_layouts(schemas[plan.name].layout, plan.layout)] == []


def test_trained_adversaries_meet_the_heuristics_too(make: Make, tmp_path: Path) -> None:
    make(adversarial=True)

    baseline = read_baseline("touch", tmp_path)
    assert set(list(baseline.reports)[3:]) == {
        f"{player}, {other}=heuristic" for player in ("trained", "random") for other in ("walker", "jumper")
    }
    assert (baseline.rows, baseline.document["opponents"]) == (("walker", "jumper"), "heuristic")
    trained, mixed = (baseline.reports[source]["policies"] for source in ("trained", "trained, jumper=heuristic"))
    assert mixed["jumper"]["success_rate"] > trained["jumper"]["success_rate"]
    page = update("<!-- baselines: begin --><!-- baselines: end -->", [baseline], tmp_path)
    row = next(line for line in page.splitlines() if ": jumper against the scripted walker" in line)
    assert f"| {mixed['jumper']['success_rate']:.1%} |" in row


@pytest.mark.parametrize(("name", "expected"), [("vr_interaction_avoid", True), ("vr_interaction", False)])
def test_a_scenario_says_who_are_adversaries(name: str, expected: bool) -> None:
    file = packaged(name)
    assert file is not None
    assert is_adversarial(load(file)) is expected


@pytest.mark.parametrize("name", baseline_names())
def test_a_shipped_baseline_is_what_its_command_makes_today(name: str) -> None:
    baseline = read_baseline(name)
    words = shlex.split(baseline.document["command"])
    options = list(pairwise(words))
    preset = next((value for option, value in options if option == "--preset"), None)
    settings = [value for option, value in options if option in ("--set", "--judge-set")]
    today = load(words[2], preset=preset, overrides=settings)

    of_the_machine = ("rollout.", "resources.", "evaluation.")
    seeds = [seed["seed"] for seed in baseline.seeds]

    settled = settle_like(today, baseline.config).model_copy(update={"seed": baseline.config.seed})
    assert seeds == list(range(today.seed, today.seed + len(seeds)))
    assert [change for change in diff(baseline.config, settled) if not change.startswith(of_the_machine)] == []
