"""The weights that a run begins with, where they are another run's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from spacetime_rl.config import RunConfig
from spacetime_rl.contract import PolicyPlan, assign_policies
from spacetime_rl.errors import UsageError
from spacetime_rl.export.checkpoint import Checkpoint, read_checkpoint
from spacetime_rl.export.locate import find_checkpoint
from spacetime_rl.modules.growing import can_grow, fits_into

INITIAL = "initial_weights"  # the key of RLlib's `config.env_config` under which the algorithm finds them
_GROWING = ("PPO", "APPO", "IMPALA")


def initial_weights(config: RunConfig, policies: Sequence[PolicyPlan]) -> Mapping[str, Path]:
    """For each policy that the run `initialize_from` has as well, the folder of its weights and statistics.

    Raises UsageError where there is no such run, where it has none of the policies, or where one sees, does or is
    something that has no place in ours; CheckpointError where it cannot be read.
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
        layout = theirs[policy.name].layout
        if layout != policy.layout and not (config.algorithm in _GROWING and can_grow(layout, policy.layout)):
            raise UsageError(
                _problem(
                    source,
                    f"{policy.name} acts otherwise there, or observes what it does not here; begin from a run whose "
                    "actions are the same and whose observations are among these",
                )
            )
        if not _network_fits(source.config, config, policy.name):
            raise UsageError(
                _problem(
                    source,
                    f"{policy.name} is another network there; take its `model:` and `algorithm:` over, with as many "
                    "or more units in each of its layers",
                )
            )
    return {policy.name: source.module_folder(policy.name) for policy in shared}


def _network_fits(source: RunConfig, config: RunConfig, policy: str) -> bool:
    theirs, ours = source.policy_model(policy), config.policy_model(policy)
    same = theirs.hiddens == ours.hiddens
    return source.algorithm == config.algorithm and (same or config.algorithm in _GROWING) and fits_into(theirs, ours)


def _problem(source: Checkpoint, what: str) -> str:
    return f"initialize_from: {source.run_id}: {what}"
