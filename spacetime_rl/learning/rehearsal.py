"""Build everything once before Ray starts that a run's processes will build, so that a mistake is one clear error."""

from __future__ import annotations

import pickle

import torch
from ray import cloudpickle
from threadpoolctl import threadpool_info, threadpool_limits

from spacetime_rl.config import RunConfig
from spacetime_rl.errors import ConfigError, SpacetimeError
from spacetime_rl.learning.build import make_algorithm_config
from spacetime_rl.learning.failure import describe
from spacetime_rl.learning.warm_start import INITIAL
from spacetime_rl.modules.growing import grow
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.rollout.runner import GameEnvRunner
from spacetime_rl.runs.checkpoint import CheckpointMetadata


def rehearse_setup(config: RunConfig, plan: RolloutPlan) -> None:
    """Build the algorithm's settings, a runner with the user's classes, and the networks; then discard them.

    Raises ConfigError or UsageError that names the setting or the user's line of code at fault.
    """
    threads = torch.get_num_threads()
    try:
        with threadpool_limits(limits={pool["prefix"]: pool["num_threads"] for pool in threadpool_info()}):
            _rehearse(config, plan)
    except SpacetimeError:
        raise
    except Exception as error:  # any exception of the user's code, or of a library that received impossible settings
        raise ConfigError([f"the run cannot be set up: {describe(error)}"]) from error
    finally:
        torch.set_num_threads(threads)


def _rehearse(config: RunConfig, plan: RolloutPlan) -> None:
    metadata = CheckpointMetadata("rehearsal", config.to_dict(), plan.spec.to_dict(), {})
    settings = make_algorithm_config(config.sized(), plan, metadata)
    try:
        cloudpickle.dumps(settings.to_dict())
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        what = (
            "it cannot be sent to other processes; do not keep open files, locks or windows in your module or classes"
        )
        raise ConfigError([f"callbacks: {what}: {error}"]) from error
    runner = GameEnvRunner(settings, worker_index=1)
    try:
        modules = settings.get_multi_rl_module_spec(spaces=runner.get_spaces(), inference_only=False).build()
    finally:
        runner.stop()
    for policy, place in settings.env_config[INITIAL].items():
        grow(place.load(), modules[policy], config.reset_exploration)
