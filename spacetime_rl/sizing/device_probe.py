"""Decides by measurement whether a run's one learner uses the GPU that `auto` would give it."""

from __future__ import annotations

from collections.abc import Callable

from spacetime_rl.config import RunConfig
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.sizing.arithmetic import BatchSizes
from spacetime_rl.sizing.batch_probe import measure_learning


def choose_device(config: RunConfig, plan: RolloutPlan, gpus: int, say: Callable[[str], None]) -> int:
    """0 if the learner is faster on the CPU, else `gpus`, the number that `choose_learners` found.

    Only what is open is measured: one GPU, by `resources.gpus: auto`, for PPO, in games that the run starts. Small
    networks with small minibatches are often faster on a CPU, because a gradient step has more operations to start on a
    GPU than it has work for it. Takes about ten seconds, and needs a connection to Ray. `say` receives a sentence
    before and after. Raises GameError where the game cannot be played.
    """
    asked = config.resources.gpus == "auto" and gpus == 1 and config.algorithm == "PPO"
    if not asked or config.game.attach is not None or config.imitation.offline:
        return gpus
    say("measuring the learner on the CPU and on the GPU")
    training = config.sized().training
    batch, minibatch, epochs = training.train_batch_size, training.minibatch_size, training.num_epochs
    sizes = BatchSizes(int(batch), int(minibatch), int(epochs))
    cpu_s, gpu_s = (measure_learning(config, plan, device).learner.of(sizes) for device in (0, 1))
    chosen = int(gpu_s < cpu_s)
    say(
        f"the learner uses the {('CPU', 'GPU')[chosen]}: an agent step takes {1e6 * cpu_s:.0f} µs on the CPU and "
        f"{1e6 * gpu_s:.0f} µs on the GPU"
    )
    return chosen
