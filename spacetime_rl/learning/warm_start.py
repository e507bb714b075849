"""Initial weights of a run, taken from another run or from a baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spacetime_rl.config import ModelConfig, RunConfig
from spacetime_rl.contract import PolicyPlan, assign_policies
from spacetime_rl.errors import UsageError
from spacetime_rl.export.checkpoint import read_checkpoint
from spacetime_rl.export.schema import read_schema
from spacetime_rl.export.weights import load_weights
from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.modules.acting import ActingModule
from spacetime_rl.modules.growing import can_grow, fits_into
from spacetime_rl.runs.layout import schema_file
from spacetime_rl.runs.locate import find_checkpoint
from spacetime_rl.runs.shipped import PREFIX, Baseline, read_baseline

INITIAL = "initial_weights"  # the key of RLlib's `config.env_config` under which the algorithm finds the weights
_GROWING = ("PPO", "APPO", "IMPALA")


@dataclass(frozen=True, slots=True)
class OfRun:
    """The weights of a policy in a checkpoint."""

    folder: Path

    def load(self) -> ActingModule:
        """The policy's network."""
        module: ActingModule = ActingModule.from_checkpoint(self.folder)
        return module


@dataclass(frozen=True, slots=True)
class OfBaseline:
    """The weights of a baseline's policy, by name, because the package's folder differs between nodes."""

    baseline: str
    policy: str

    def load(self) -> ActingModule:
        """The policy's network."""
        found = read_baseline(self.baseline)
        return load_weights(found.weights(self.policy), self.policy, _shipped_layout(found, self.policy), found.config)


Initial = Mapping[str, OfRun | OfBaseline]


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    config: RunConfig
    layouts: Mapping[str, PolicyLayout]
    weights: Initial

    @classmethod
    def find(cls, config: RunConfig, where: str) -> _Source:
        if where.startswith(PREFIX):
            found = read_baseline(where.removeprefix(PREFIX))
            layouts = {policy: _shipped_layout(found, policy) for policy in found.policies}
            return cls(where, found.config, layouts, {name: OfBaseline(found.name, name) for name in found.policies})
        saved = read_checkpoint(find_checkpoint(where, config.results))
        layouts = {policy.name: policy.layout for policy in assign_policies(saved.spec, saved.config)}
        places = {name: OfRun(saved.module_folder(name)) for name in saved.policies}
        return cls(saved.run_id, saved.config, layouts, places)

    def problem(self, what: str) -> UsageError:
        return UsageError(f"initialize_from: {self.name}: {what}")


def initial_weights(config: RunConfig, policies: Sequence[PolicyPlan]) -> Initial:
    """The places of the weights of each policy that this run shares with its `initialize_from`.

    Raises UsageError where there is no such run or baseline, where it shares no policy with this run, or where a shared
    policy's observations, actions or network do not fit into this run's. Raises CheckpointError where it is unreadable.
    """
    if config.initialize_from is None:
        return {}
    source = _Source.find(config, config.initialize_from)
    shared = [policy for policy in policies if policy.name in source.weights]
    if not shared:
        named = ", ".join(policy.name for policy in policies)
        raise source.problem(f"it has the policies {', '.join(source.weights)}, this run {named}")
    may_grow = config.algorithm in _GROWING
    layouts = {policy.name: policy.layout for policy in policies}
    for policy in shared:
        layout = source.layouts[policy.name]
        if layout != policy.layout and not (may_grow and can_grow(layout, policy.layout)):
            raise source.problem(
                f"{policy.name}: its actions differ there, or it has observation fields that this run lacks; begin "
                "from a policy with the same actions and no other observations than this run's"
            )
        theirs, ours = source.config.policy_model(policy.name), config.policy_model(policy.name)
        critic = source.config.policy_training(policy.name).critic
        same = critic == config.policy_training(policy.name).critic and source.layouts == layouts
        if critic != "own" and not same:
            raise source.problem(
                f"{policy.name}: its value function sees other agents there (training.critic: {critic}); use the same "
                "in this run, with the same policies and observations"
            )
        if critic == "own" != config.policy_training(policy.name).critic and _reads_lists(policy.layout, ours):
            raise source.problem(
                f"{policy.name}: its value function, which reads lists of entities, sees no other agents there; use "
                "training.critic: own in this run"
            )
        if layout != policy.layout and not ours.hiddens:
            raise source.problem(
                f"{policy.name}: it observes more in this run, which needs hidden layers: set model.hiddens"
            )
        grows = theirs.hiddens != ours.hiddens
        if source.config.algorithm != config.algorithm or not fits_into(theirs, ours) or (grows and not may_grow):
            raise source.problem(
                f"{policy.name}: its network or algorithm differs there; use its `model:` and `algorithm:`, with equal "
                "or larger layers"
            )
    return {policy.name: source.weights[policy.name] for policy in shared}


def _reads_lists(layout: PolicyLayout, model: ModelConfig) -> bool:
    return bool(layout.entity_lists) and model.entities != "flat"


def _shipped_layout(baseline: Baseline, policy: str) -> PolicyLayout:
    return read_schema(schema_file(baseline.folder, policy)).layout
