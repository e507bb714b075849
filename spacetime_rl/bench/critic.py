"""What a value function that sees the whole arena costs: CPU time of the learner, beside `training.critic: own`.

`python -m spacetime_rl.bench.critic vr_interaction` plays one batch, and lets both learners learn from it in turn.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from ray.rllib.core.learner.training_data import TrainingData

from spacetime_rl.config import RunConfig, load
from spacetime_rl.rollout.make_plan import plan_rollout
from spacetime_rl.sizing.arena_probe import one_game

ROUNDS = 7  # of which the median counts


def measure_critics(config: RunConfig, logs: Path, rounds: int = ROUNDS) -> dict[str, float]:
    """CPU seconds of one update by what the value function sees, "own" or "arena": medians of interleaved rounds."""
    config = config.sized().model_copy(update={"initialize_from": None})
    training = config.training
    both = {
        scope: config.model_copy(update={"training": training.model_copy(update={"critic": scope})})
        for scope in ("own", "arena")
    }
    plan = plan_rollout(config, logs)
    learners: dict[str, Any] = {}
    for scope, own in both.items():
        with one_game(own, plan) as (runner, algorithm):
            spec = algorithm.get_multi_rl_module_spec(spaces=runner.get_spaces(), inference_only=False)
            learners[scope] = algorithm.learner_class(config=algorithm, module_spec=spec)
            learners[scope].build()
            if scope == "arena":  # whose episodes hold their places
                episodes = runner.sample(num_timesteps=training.train_batch_size)
    spent: dict[str, list[float]] = {scope: [] for scope in both}
    for _ in range(rounds + 1):
        for scope, learner in learners.items():
            began = time.process_time()
            learner.update(
                training_data=TrainingData(episodes=list(episodes)),
                timesteps={},
                num_epochs=training.num_epochs,
                minibatch_size=training.minibatch_size,
            )
            spent[scope].append(time.process_time() - began)
    return {scope: statistics.median(seconds[1:]) for scope, seconds in spent.items()}  # without the first, to warm up


def main(name: str) -> None:
    """Measure a configuration, and print the two times and their ratio."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as logs:
        seconds = measure_critics(load(name), Path(logs))
    ratio = seconds["arena"] / seconds["own"]
    print(f"{name}: an update takes {seconds['own']:.2f} s with own, {seconds['arena']:.2f} s with arena: {ratio:.2f}")


if __name__ == "__main__":
    main(sys.argv[1])
