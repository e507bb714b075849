"""Settings that another setting leaves without any effect. One that keeps its default says nothing, and is let be.

They are refused where a user writes a configuration, and let be in what a sweep draws or a checkpoint holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spacetime_rl.config.model import RunConfig
    from spacetime_rl.config.section import Section

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Idle:
    """A setting that does nothing, and why."""

    path: Path
    message: str


def idle_settings(config: RunConfig) -> Iterator[Idle]:
    """All of them that the configuration alone shows; what the game shows is in `contract.py`."""
    for path, why, applies in _RULES:
        section: Any = config
        for step in path[:-1]:
            section = getattr(section, step)
        if not applies(config) and _is_changed(section, path[-1]):
            yield Idle(path, why)
    yield from _of_networks(config)
    yield from _of_untrained(config)


_Rule = tuple[tuple[str, ...], str, Callable[["RunConfig"], bool]]
_RULES: tuple[_Rule, ...] = (
    (
        ("rollout", "overlap"),
        "with rollout.runners 0 the learning process plays as well, so nothing can overlap; leave it out",
        lambda config: config.rollout.runners != 0 or config.rollout.overlap is not True,
    ),
    *(
        (
            ("training", key),
            "is read only where training.use_kl_loss is on; set that, too, or leave this out",
            lambda config: any(
                config.policy_training(name).use_kl_loss for name in ("", *config.policies)
            ),
        )
        for key in ("kl_coeff", "kl_target")
    ),
)  # fmt: skip


def _of_networks(config: RunConfig) -> Iterator[Idle]:
    sections = {("model",): ""} | {("policies", name, "model"): name for name in config.policies}
    for path, policy in sections.items():
        own = config.policies[policy].model if policy else config.model
        whole = config.policy_model(policy)
        used_elsewhere = not policy and any(config.policy_model(n).normalize_observations for n in config.policies)
        if not (whole.normalize_observations or used_elsewhere) and _is_changed(own, "observation_clip"):
            message = "clips normalised observations, and model.normalize_observations is off"
            yield Idle((*path, "observation_clip"), message)


def _of_untrained(config: RunConfig) -> Iterator[Idle]:
    """How a policy learns that does not learn."""
    for name, policy in config.policies.items():
        if config.learns(name):
            continue
        why = "a script plays it" if policy.scripted else "it is not among policies_to_train"
        for key in sorted(policy.training.model_fields_set):
            message = f"{name} does not learn: {why}"
            yield Idle(("policies", name, "training", key), message)


def _is_changed(section: Section, key: str) -> bool:
    return bool(getattr(section, key) != type(section).model_fields[key].default)
