"""The contents of `baseline.json`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from spacetime_rl.baselines.judge import Episodes, JudgedSeed, Outcomes, Rows, compare_to
from spacetime_rl.baselines.trained import TrainedRun
from spacetime_rl.config import RunConfig
from spacetime_rl.config.compare import diff, settle_like
from spacetime_rl.evaluation.report import EvalReport
from spacetime_rl.host.system import cores
from spacetime_rl.runs.layout import onnx_file, schema_file
from spacetime_rl.runs.shipped import SCHEMA_VERSION, SCRIPTED, WEIGHTS
from spacetime_rl.statistics.seeds import across_seeds


def make_document(
    name: str,
    config: RunConfig,
    chosen: int,
    seeds: Sequence[JudgedSeed],
    scripted: Rows,
    reports: Sequence[EvalReport],
    command: str,
    validation: Episodes,
    adversaries: Sequence[str],
) -> dict[str, Any]:
    """The document of a baseline whose seed `chosen` is shipped; `config` is evaluated on the test episodes."""
    (shipped,) = [seed for seed in seeds if seed.run.seed == chosen]
    run = shipped.run
    outcomes = [{row: Outcomes.of(report, row) for row, report in seed.rows.items()} for seed in seeds]
    ours = {row: Outcomes.of(report, row) for row, report in shipped.rows.items()}
    theirs = {row: Outcomes.of(report, row) for row, report in scripted.items()}
    return {
        "schema_version": SCHEMA_VERSION,
        "name": name,
        "scenario": reports[0].scenario,
        "command": command,
        "date": time.strftime("%Y-%m-%d"),
        "episodes": reports[0].episodes,
        "seed": reports[0].seed,
        "validation": asdict(validation) if len(seeds) > 1 else None,
        "opponents": SCRIPTED if adversaries else None,
        "policies": {
            policy: {
                "onnx": onnx_file(Path(), policy).name,
                "schema": schema_file(Path(), policy).name,
                "weights": f"{policy}{WEIGHTS}",
            }
            for policy in (report.policy for report in reports[0].policies)
        },
        "training": {
            "algorithm": config.algorithm,
            **_effort(run),
            "cores": cores(),
            "differs": [
                line
                for line in diff(settle_like(config, run.config), run.config)
                if line.startswith(("scenario.", "game."))
            ],
        },
        "seeds": [_seed(seed, found, seed is shipped) for seed, found in zip(seeds, outcomes, strict=True)],
        "across_seeds": {row: _across([found[row] for found in outcomes]) for row in ours} if len(seeds) > 1 else None,
        "differences": {row: _difference(ours[row], theirs[row]) for row in ours},
        "reports": {report.source: report.to_dict() for report in reports},
        "versions": dict(run.versions),
        "config": config.to_dict(),
    }


def judged_again(
    document: Mapping[str, Any],
    config: RunConfig,
    ours: Rows,
    scripted: Rows,
    reports: Sequence[EvalReport],
    adversaries: Sequence[str],
) -> dict[str, Any]:
    """The `document` of a baseline of one seed, whose policies have now played the episodes of `config`."""
    found = {row: Outcomes.of(report, row) for row, report in ours.items()}
    training = {"cpu_time_s": None, **document["training"]}
    effort = {key: training[key] for key in ("agent_steps", "wall_time_s", "cpu_time_s")}
    seed = {"seed": config.seed, "shipped": True, **effort, "validation": None, "test": _test(found)}
    return {
        **document,
        "schema_version": SCHEMA_VERSION,
        "judged": time.strftime("%Y-%m-%d"),
        "episodes": reports[0].episodes,
        "seed": reports[0].seed,
        "validation": None,
        "opponents": SCRIPTED if adversaries else None,
        "training": training,
        "seeds": [seed],
        "across_seeds": None,
        "differences": {row: _difference(found[row], Outcomes.of(scripted[row], row)) for row in found},
        "reports": {report.source: report.to_dict() for report in reports},
        "config": config.to_dict(),
    }


def _seed(judged: JudgedSeed, outcomes: Mapping[str, Outcomes], shipped: bool) -> dict[str, Any]:
    run = judged.run
    return {
        "seed": run.seed,
        "shipped": shipped,
        **_effort(run),
        "validation": judged.validation and dict(zip(("success", "return"), judged.validation, strict=True)),
        "test": _test(outcomes),
    }


def _effort(run: TrainedRun) -> dict[str, Any]:
    """What a training took."""
    return {
        "agent_steps": run.agent_steps,
        "wall_time_s": round(run.wall_s, 1),
        "cpu_time_s": None if run.cpu_s is None else round(run.cpu_s, 1),
    }


def _test(outcomes: Mapping[str, Outcomes]) -> dict[str, Any]:
    return {
        row: {"success": found.score[0] if found.success else None, "return": found.score[1]}
        for row, found in outcomes.items()
    }


def _across(seeds: Sequence[Outcomes]) -> dict[str, Any]:
    """Mean, interquartile mean and interval over seeds and episodes; success is None if the game reports none."""
    success = [seed.success for seed in seeds]
    return {
        "success": asdict(across_seeds(success)) if all(success) else None,
        "return": asdict(across_seeds([seed.gained for seed in seeds])),
    }


def _difference(ours: Outcomes, theirs: Outcomes) -> dict[str, Any]:
    return {name: found and asdict(found) for name, found in compare_to(ours, theirs).items()} | {"against": SCRIPTED}
