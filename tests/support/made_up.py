"""Results shaped like those of a real training, and a trainable that reports them."""

from __future__ import annotations

import math
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacetime_rl.config import RunConfig
from spacetime_rl.tracking.identity import RunIdentity

POLICIES = ("giver", "taker")


def make_sweep(folder: Path, run_id: str = "demo", **settings: Any) -> RunIdentity:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text("name: vr_interaction\n")
    config = RunConfig.model_validate({"name": "vr_interaction", "scenario": {"name": "vr_interaction"}, **settings})
    return RunIdentity(
        run_id, config, folder, versions={"ray": "2.60.0"}, git_revision="abc123", command="spacetime-rl train"
    )


def make_result(iteration: int, of: int = 60, batch: int = 8192, seed: int = 0) -> dict[str, Any]:
    """The result of one iteration of a run that learns: an S-shaped curve with noise."""
    noise = random.Random(seed * 1000 + iteration).gauss
    skill = 1 / (1 + math.exp(-(iteration / of - 0.45) * 12))
    result: dict[str, Any] = {
        "agent_steps": iteration * batch,
        "episodes": iteration * 64,
        "scenario/success_rate": min(1.0, max(0.0, 0.04 + 0.85 * skill + noise(0, 0.04))),
        "perf/agent_steps_per_s": 5000 + noise(0, 200),
        "perf/step_ms_p50": 4.1,
        "perf/step_ms_p99": 9.0,
        "perf/share_game": 0.46,
        "perf/share_wire": 0.05,
        "perf/share_forward": 0.17,
        "perf/share_learner": 0.29,
        "health/restarts": int(iteration > of / 2),
        "health/downtime_s": 1.2 * int(iteration > of / 2),
        "health/rss_mb": 420 + 0.1 * iteration,
    }
    for policy in POLICIES:
        result |= {
            f"policy/{policy}/return_mean": -4 + 18 * skill + noise(0, 1.5),
            f"policy/{policy}/success_rate": min(1.0, max(0.0, 0.85 * skill + noise(0, 0.06))),
            f"policy/{policy}/length_mean": 300 - 160 * skill + noise(0, 12),
            f"policy/{policy}/entropy": 5.6 - 3 * iteration / of + noise(0, 0.05),
            f"policy/{policy}/kl": abs(0.012 + noise(0, 0.004)),
            f"policy/{policy}/policy_loss": -0.01 + noise(0, 0.003),
            f"policy/{policy}/value_loss": abs(1.2 - iteration / of + noise(0, 0.1)),
            f"policy/{policy}/lr": 3e-4,
            f"policy/{policy}/grad_norm": 0.4,
            f"policy/{policy}/kl_coeff": float("nan"),
            f"policy/{policy}/explained_variance": 1 - math.exp(-4 * iteration / of) + noise(0, 0.04),
            f"policy/{policy}/reward/handover": 10 * skill,
            f"policy/{policy}/reward/comfort": -1.2 + noise(0, 0.1),
        }
    return result


@dataclass(frozen=True)
class ExportedPolicy:
    name: str
    onnx: Path
    schema: Path
    parity: float


def make_exported(folder: Path, policy: str, parity: float = 1.2e-7) -> ExportedPolicy:
    """A tiny valid ONNX policy with the inputs and outputs of the stock plugin, and a schema beside it."""
    import onnx
    from onnx import TensorProto, helper

    folder.mkdir(parents=True, exist_ok=True)
    floats = TensorProto.FLOAT
    graph = helper.make_graph(
        [
            helper.make_node("Identity", ["obs"], ["output"]),
            helper.make_node("Identity", ["state_ins"], ["state_outs"]),
        ],
        policy,
        [
            helper.make_tensor_value_info("obs", floats, ["batch", 4]),
            helper.make_tensor_value_info("state_ins", floats, [1]),
        ],
        [
            helper.make_tensor_value_info("output", floats, ["batch", 4]),
            helper.make_tensor_value_info("state_outs", floats, [1]),
        ],
    )
    file = folder / f"{policy}.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), str(file))
    schema = folder / f"{policy}.schema.json"
    schema.write_text('{"policy": "' + policy + '"}')
    return ExportedPolicy(policy, file, schema, parity)


def make_report(source: str, rate: float, episodes: int = 100) -> dict[str, Any]:
    """An evaluation report, as `EvalReport.to_dict()` gives it."""
    return {
        "source": source,
        "overall": {"episode_success_rate": rate, "return_mean": 20 * rate - 4},
        "policies": {
            policy: {
                "episodes": episodes,
                "seed": 10_000,
                "success_rate": rate,
                "success_ci": [max(0.0, rate - 0.08), min(1.0, rate + 0.08)],
                "return_mean": 20 * rate - 4,
                "length_mean": 300 - 160 * rate,
                "metrics": {"handovers": 3 * rate},
            }
            for policy in POLICIES
        },
    }


def pretend_training(config: dict[str, Any]) -> None:
    """A Tune function: reports `iterations` results and fails at `fail_at` while the file `fail_while` is there."""
    import json
    import tempfile

    from ray import tune

    first = 1
    if restored := tune.get_checkpoint():
        with restored.as_directory() as folder:
            first = json.loads((Path(folder) / "state.json").read_text())["iteration"] + 1
    for iteration in range(first, config["iterations"] + 1):
        if iteration == config.get("fail_at") and Path(config["fail_while"]).exists():
            raise RuntimeError("the game is gone")
        time.sleep(config.get("pause_s", 0))
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "state.json").write_text(json.dumps({"iteration": iteration}))
            tune.report(make_result(iteration), checkpoint=tune.Checkpoint.from_directory(folder))
