"""The weights that a run begins with, where they are another run's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from spacetime_rl.config import RunConfig
from spacetime_rl.contract import PolicyPlan, assign_policies
from spacetime_rl.errors import UsageError
from spacetime_rl.export.checkpoint import Checkpoint, read_checkpoint
from spacetime_rl.export.locate import find_checkpoint


def initial_weights(config: RunConfig, policies: Sequence[PolicyPlan]) -> Mapping[str, Path]:
    """For each policy that the run `initialize_from` has as well, the folder of its weights and statistics.

    Raises UsageError where there is no such run, where it has none of the policies, or where one is another network;
    CheckpointError where it cannot be read.
    """
    if config.initialize_from is None:
        return {}
    source = read_checkpoint(find_checkpoint(config.initialize_from, config.results))
    shared = [policy for policy in policies if policy.name in source.policies]
    if not shared:
        ours = ", ".join(policy.name for policy in policies)
        raise UsageError(_problem(source, f"it has the policies {', '.join(source.policies)}, this run {ours}"))
    theirs = {policy.name: policy for policy in assign_policies(source.spec, source.config)}
    for policy in shared:
        if theirs[policy.name].layout != policy.layout:
            raise UsageError(
                _problem(source, f"{policy.name} observes or acts otherwise there; begin from a run of the same spaces")
            )
        if _network(source.config, policy.name) != _network(config, policy.name):
            raise UsageError(
                _problem(source, f"{policy.name} is another network there; take its `model:` and `algorithm:` over")
            )
    return {policy.name: source.module_folder(policy.name) for policy in shared}


def _network(config: RunConfig, policy: str) -> tuple[object, ...]:
    """What the weights fit: how an untrained one would begin does not matter."""
    model = config.policy_model(policy).model_copy(update={"initial_log_std": 0.0})
    return (config.algorithm, model)


def _problem(source: Checkpoint, what: str) -> str:
    return f"initialize_from: {source.run_id}: {what}"
