"""Baselines of several seeds: which one is chosen, which are trained, and what the page says of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.made_policies import MOVE, make_checkpoint, make_layout, make_policy

from spacetime_rl.baselines.again import Recipe, lacking, taken_over
from spacetime_rl.baselines.judge import TEST_SEED, choose_median
from spacetime_rl.baselines.make import make_baseline
from spacetime_rl.baselines.page import update
from spacetime_rl.baselines.seeds import train_seeds
from spacetime_rl.config import RunConfig, load
from spacetime_rl.config.sweep import SweepConfig
from spacetime_rl.errors import GateError, ResumeError, UsageError
from spacetime_rl.runs.layout import RunPaths
from spacetime_rl.runs.shipped import FILE, read_baseline, read_baselines
from spacetime_rl.training import resume, run

MARKS = "<!-- baselines: begin --><!-- baselines: end -->"


@pytest.mark.parametrize(
    ("scores", "median"),
    [
        ({4: (0.9, 1.0)}, 4),
        ({0: (0.9, 5.0), 1: (0.8, 9.0), 2: (0.95, 1.0)}, 0),
        ({0: (0.9, 5.0), 1: (0.9, 9.0), 2: (0.9, 7.0)}, 2),  # equal success: by return
        ({0: (0.9, 5.0), 1: (0.8, 9.0)}, 1),  # of two, the lower one
        ({3: (0.7, 0.0), 2: (0.9, 0.0), 1: (0.6, 0.0), 0: (0.8, 0.0)}, 3),  # of four, the lower of the middle
        ({2: (0.5, 1.0), 1: (0.5, 1.0), 0: (0.5, 1.0)}, 1),  # all equal: by their numbers
    ],
)
def test_the_shipped_seed_is_the_median_by_success_then_by_return(
    scores: dict[int, tuple[float, float]], median: int
) -> None:
    assert choose_median(scores) == median


class Trainings:
    """Stands for the training of sweeps, which needs Ray: it leaves what a sweep leaves, and notes what was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun: list[list[int]] = []
        self.resumed: list[str] = []
        self.fails: set[int] = set()
        self.stops_after: int | None = None
        monkeypatch.setattr(run, "begin", self._begin)
        monkeypatch.setattr(resume, "resume_sweep", self._resume)

    def _begin(self, sweep: SweepConfig, run_id: str, force: bool, evaluate: bool, json_output: bool) -> Any:
        assert not force
        assert not evaluate
        (domain,) = sweep.space.values()
        seeds = list(domain.args)
        self.begun.append(seeds)
        folder = sweep.base.results / run_id
        folder.mkdir(parents=True)
        (folder / "asked.json").write_text(json.dumps([sweep.base.to_dict(), seeds]))
        return self._end(folder, sweep.base, seeds)

    def _resume(self, run_id: str, results: Path, evaluate: bool, json_output: bool) -> Any:
        self.resumed.append(run_id)
        data, seeds = json.loads((results / run_id / "asked.json").read_text())
        return self._end(results / run_id, RunConfig.model_validate(data), seeds)

    def _end(self, folder: Path, base: RunConfig, seeds: Sequence[int]) -> Any:
        stops, self.stops_after = self.stops_after, None
        status = "finished" if stops is None else "interrupted"
        state = {"run_id": folder.name, "status": status, "pid": 1, "started": 0.0, "updated": 0.0}
        RunPaths(folder).state.write_text(json.dumps(state))
        trials = []
        for index, seed in enumerate(seeds):
            checkpoint = folder / "tune" / f"trial_{seed}" / "checkpoint_000001"
            if not checkpoint.is_dir():
                make_checkpoint(
                    checkpoint, {"p": make_policy(make_layout(MOVE))}, base.model_copy(update={"seed": seed})
                )
            done = seed not in self.fails and (stops is None or index < stops)
            result = {"agent_steps": 100 + seed, "time_total_s": 60.0}
            trials.append(SimpleNamespace(done=done, drawn={"seed": seed}, checkpoint=checkpoint, result=result))
        return SimpleNamespace(trials=trials, summary=SimpleNamespace(stopped=stops is not None))


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> Trainings:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    return Trainings(monkeypatch)


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    return load("bench", [f"results={tmp_path}", "seed=5"])


def test_seeds_that_are_done_are_not_trained_again(trainings: Trainings, config: RunConfig) -> None:
    first = train_seeds(config, "bench", 2)
    again = train_seeds(config, "bench", 2)
    more = train_seeds(config, "bench", 3)
    other = train_seeds(config.model_copy(update={"seed": 6}), "bench", 1)

    assert trainings.begun == [[5, 6], [7], [6]]
    assert [one.seed for one in first] == [one.seed for one in again] == [5, 6]
    assert [one.seed for one in more] == [5, 6, 7]
    assert [one.agent_steps for one in more] == [105, 106, 107]
    assert all(one.cpu_s is not None and one.cpu_s >= 0.0 and one.wall_s == 60.0 for one in more)
    assert [one.seed for one in other] == [6]


def test_an_interrupted_sweep_is_continued(trainings: Trainings, config: RunConfig) -> None:
    trainings.stops_after = 1

    with pytest.raises(KeyboardInterrupt):
        train_seeds(config, "bench", 3)
    found = train_seeds(config, "bench", 3)

    assert trainings.begun == [[5, 6, 7]]
    assert len(trainings.resumed) == 1
    assert [one.seed for one in found] == [5, 6, 7]


def test_a_seed_that_fails_is_named_and_tried_again(trainings: Trainings, config: RunConfig) -> None:
    trainings.fails = {6}

    with pytest.raises(GateError, match="baseline bench: seed 6 did not come to its end"):
        train_seeds(config, "bench", 3)
    trainings.fails.clear()
    found = train_seeds(config, "bench", 3)

    assert trainings.begun == [[5, 6, 7], [6]]
    assert [one.seed for one in found] == [5, 6, 7]


def test_the_processor_time_of_a_sweep_whose_process_was_killed_is_unknown(
    trainings: Trainings, config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainings.stops_after = 0
    with pytest.raises(KeyboardInterrupt):
        train_seeds(config, "bench", 2)
    (folder,) = config.results.glob("baseline-bench-*")
    RunPaths(folder).seeds.unlink()  # as it is while a process trains

    found = train_seeds(config, "bench", 2)

    assert [one.cpu_s for one in found] == [None, None]


def test_the_training_of_another_configuration_does_not_count(trainings: Trainings, config: RunConfig) -> None:
    faster = config.training.model_copy(update={"lr": 0.5})

    train_seeds(config, "bench", 1)
    train_seeds(config.model_copy(update={"training": faster}), "bench", 1)

    assert trainings.begun == [[5], [5]]


def made_up(name: str, version: int, seeds: int = 1, success: float = 0.9, **changes: Any) -> dict[str, Any]:
    """A `baseline.json` of 500 episodes; the script succeeds in 80 %."""

    def report(rate: float) -> dict[str, Any]:
        figures = {
            "success_rate": rate,
            "success_ci": [rate - 0.02, rate + 0.02],
            "episode_success_rate": rate,
            "episode_success_ci": [rate - 0.02, rate + 0.02],
            "return_mean": 10.0,
            "return_ci": [9.0, 11.0],
            "length_mean": 50.0,
            "length_ci": [49.0, 51.0],
            "metrics": {},
            "metrics_ci": {},
        }
        return {"episodes": 500, "overall": figures, "policies": {"p": figures}}

    document: dict[str, Any] = {
        "schema_version": version,
        "name": name,
        "scenario": "bench",
        "command": f"spacetime-rl baseline {name} --episodes 500 --set training.lr=0.001",
        "date": "2026-11-29",
        "episodes": 500,
        "seed": 10_000,
        "policies": {"p": {"onnx": "p.onnx", "schema": "p.schema.json", "weights": "p.weights.npz"}},
        "training": {"algorithm": "PPO", "agent_steps": 1_000_000, "wall_time_s": 600.0, "cores": 2, "differs": []},
        "reports": {"trained": report(success), "heuristic": report(0.8), "random": report(0.1)},
        "config": {"seed": 3},
    }
    if version > 1:
        tested = {"overall": {"success": success, "return": 10.0}}
        one = {"agent_steps": 1_000_000, "wall_time_s": 600.0, "cpu_time_s": 900.0, "test": tested}
        chosen = {"success": 0.91, "return": 9.5}
        across = {"mean": success, "iqm": success - 0.01, "low": success - 0.03, "high": success + 0.02}
        document["training"]["cpu_time_s"] = 900.0
        document |= {
            "validation": {"count": 200, "seed": 10_000},
            "seeds": [{"seed": n, "shipped": n == 1, "validation": chosen, **one} for n in range(seeds)],
            "across_seeds": {"overall": {"success": across, "return": across}},
            "differences": {
                "overall": {
                    "success": {"value": success - 0.8, "low": 0.05, "high": 0.15, "p": 0.001, "episodes": 500},
                    "return": None,
                    "against": "heuristic",
                }
            },
        }
    return document | changes


def keep(root: Path, *documents: dict[str, Any]) -> None:
    for document in documents:
        (root / document["name"]).mkdir()
        (root / document["name"] / FILE).write_text(json.dumps(document))


def rows_of(page: str) -> dict[str, list[str]]:
    """The cells of the first table, by the task."""
    lines = [line for line in page.split("### ")[0].splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: row[1:] for row in cells}


def test_the_page_says_at_a_glance_what_learning_gained(tmp_path: Path) -> None:
    keep(tmp_path, made_up("new", 2, seeds=3), made_up("old", 1))

    page = update(MARKS, read_baselines(tmp_path), tmp_path)

    rows = rows_of(page)
    assert rows["task"] == ["scripted", "trained", "difference", "seeds", "all seeds", "steps", "minutes"]
    assert rows["[new](#new)"] == [
        "80.0%",
        "90.0%",
        "+10.0 (+5.0 to +15.0) better",
        "3",
        "89.0% (87.0 to 92.0)",
        "1,000,000",
        "10 (15 of processor time)",
    ]
    assert rows["[old](#old)"] == ["80.0%", "90.0% *", "+10.0 (+7.2 to +12.8)", "1", "\N{EN DASH}", "1,000,000", "10"]
    facts = " ".join(page.split())
    assert "PPO, 1,000,000 agent steps in 10 min (15 min of processor time) on 2 cores" in facts
    assert "The median of 3 seeds, chosen by 200 other episodes, of seed 10000." in facts
    assert "| 1 (shipped) | 91.0% | 9.5 | 90.0% | 10 |" in page
    assert page.index("| [old]") < page.index("### new")
    assert "policies marked * were" in facts
    assert "marked" not in update(MARKS, [read_baselines(tmp_path)[0]], tmp_path)


def test_a_difference_that_holms_correction_takes_back_is_level(tmp_path: Path) -> None:
    def with_p(name: str, p: float, value: float = 0.1) -> dict[str, Any]:
        document = made_up(name, 2, seeds=3)
        document["differences"]["overall"]["success"] |= {"p": p, "value": value}
        return document

    keep(tmp_path, with_p("a", 0.03), with_p("b", 0.01, -0.1), with_p("c", 0.04))

    rows = rows_of(update(MARKS, read_baselines(tmp_path), tmp_path))

    assert [rows[f"[{name}](#{name})"][2].split()[-1] for name in "abc"] == ["level", "worse", "level"]


def test_the_baselines_that_lack_seeds_are_made_as_their_commands_say(tmp_path: Path) -> None:
    preset = "spacetime-rl baseline old --preset fast --episodes 500 --set 'scenario.params={a: 1}'"
    preset += " --judge-set game.physics_hz=90"
    others = "spacetime-rl baseline harder --policies old --episodes 500"
    harder = made_up("harder", 2, command=others)
    keep(tmp_path, made_up("new", 2, seeds=3), made_up("old", 1), made_up("old-fast", 1, command=preset), harder)

    assert [recipe.name for recipe in lacking(1, tmp_path)] == []
    assert lacking(3, tmp_path) == [
        Recipe("old", "old", None, None, 500, ["training.lr=0.001"], []),
        Recipe("old-fast", "old", "fast", None, 500, ["scenario.params={a: 1}"], ["game.physics_hz=90"]),
    ]
    assert [recipe.name for recipe in lacking(4, tmp_path)] == ["new", "old", "old-fast"]
    assert taken_over("old", tmp_path) == [Recipe("harder", "harder", None, "old", 500, [], [])]


def test_a_baseline_of_the_first_version_is_one_of_one_seed(tmp_path: Path) -> None:
    keep(tmp_path, made_up("old", 1), made_up("later", 3))

    (seed,) = read_baseline("old", tmp_path).seeds

    assert (seed["seed"], seed["shipped"], seed["agent_steps"]) == (3, True, 1_000_000)
    with pytest.raises(UsageError, match="schema_version 3, this version reads 1 and 2"):
        read_baseline("later", tmp_path)


@pytest.mark.slow  # trains two seeds in Ray, and a game plays some dozens of episodes
@pytest.mark.timeout(900)
def test_two_seeds_are_trained_chosen_from_reported_and_not_trained_again(godot_bin: Path, tmp_path: Path) -> None:
    settings = [
        f"results={tmp_path / 'results'}",
        "stop.agent_steps=4096",
        "training.train_batch_size=2048",
        "training.minibatch_size=512",
        "training.num_epochs=1",
        "evaluation.games=1",
        "rollout.runners=1",
        "rollout.games_per_runner=1",
        "scenario.params.players=4",
        "evaluation.episodes=8",
    ]
    config, said = load("bench", settings), list[str]()
    trained = train_seeds(config, "bench", 2, say=said.append)
    outcome = make_baseline(
        "bench", config, trained, ["spacetime-rl", "baseline", "bench"], root=tmp_path, validation_episodes=4
    )
    again = train_seeds(config, "bench", 2, say=said.append)

    assert outcome.written
    document = read_baseline("bench", tmp_path).document
    assert (document["episodes"], document["seed"]) == (8, TEST_SEED)
    assert document["validation"] == {"count": 4, "seed": config.evaluation.seed}
    assert [seed["seed"] for seed in document["seeds"]] == [config.seed, config.seed + 1]
    assert [seed["shipped"] for seed in document["seeds"]].count(True) == 1
    assert all(seed["agent_steps"] >= 4096 and seed["wall_time_s"] > 0.0 for seed in document["seeds"])
    assert all(seed["cpu_time_s"] > 0.0 for seed in document["seeds"])
    gained = [seed["test"]["overall"]["return"] for seed in document["seeds"]]
    across = document["across_seeds"]["overall"]["return"]
    assert across["mean"] == pytest.approx(sum(gained) / 2)
    assert across["low"] <= across["iqm"] <= across["high"]
    assert document["differences"]["overall"]["return"]["episodes"] == 8
    assert document["config"]["seed"] == next(seed["seed"] for seed in document["seeds"] if seed["shipped"])
    assert document["command"] == "spacetime-rl baseline bench"  # without the seed that happens to be the median
    assert [one.checkpoint for one in again] == [one.checkpoint for one in trained]
    assert said[-1] == f"trained already: seed {config.seed}, {config.seed + 1}"
    (sweep,) = (tmp_path / "results").glob("baseline-bench-*")
    with pytest.raises(ResumeError, match="is finished"):
        resume.resume_sweep(sweep.name, tmp_path / "results")
