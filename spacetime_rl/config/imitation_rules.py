"""Settings of imitation and curiosity that the rest of a configuration makes impossible, each with the reason."""

from __future__ import annotations

from collections.abc import Iterator

from spacetime_rl.config.algorithms import ON_POLICY, REPLAYING
from spacetime_rl.config.imitation import SCRIPT, ImitationConfig
from spacetime_rl.config.settings import RunSettings

Path = tuple[str | int, ...]
Problem = tuple[Path, str, tuple[Path, ...]]  # what is wrong where, and the settings that it disagrees with


def imitation_problems(config: RunSettings) -> Iterator[Problem]:
    """All conflicts of `imitation` and `curiosity` with the other settings."""
    imitation = config.imitation
    if not imitation.sources:
        yield from _without_demonstrations(imitation)
        imitation = ImitationConfig()  # one mistake is enough
    if imitation.beta and config.algorithm in REPLAYING:
        message = f"{config.algorithm} has no value function to tell which actions earned more; {_listed()} have one"
        yield ("imitation", "beta"), message, (("algorithm",),)
    if imitation.beta and any(config.policy_training(policy).critic != "own" for policy in ("", *config.policies)):
        message = (
            "needs values of single observations: a demonstration shows no other agents; set training.critic to own"
        )
        yield ("imitation", "beta"), message, (("training", "critic"),)
    if imitation.beta and _has_lstm(config):
        message = "is only for policies without a recurrent state: the demonstrations do not hold theirs"
        yield ("imitation", "beta"), message, (("model", "lstm"),)
    if imitation.episodes != ImitationConfig.model_fields["episodes"].default and not imitation.records_script:
        message = f"is read where imitation.from names {SCRIPT}; leave it out"
        yield ("imitation", "episodes"), message, (("imitation", "from"),)
    if imitation.margin != ImitationConfig.model_fields["margin"].default and config.algorithm != "DQN":
        yield ("imitation", "margin"), f"is read by DQN, not by {config.algorithm}; leave it out", (("algorithm",),)
    if imitation.offline:
        yield from _offline(config)
    if config.curiosity.weight and config.algorithm != "PPO":
        message = f"is read by PPO, not by {config.algorithm}; leave it out"
        yield ("curiosity", "weight"), message, (("algorithm",),)


def _without_demonstrations(imitation: ImitationConfig) -> Iterator[Problem]:
    if "from" in imitation.model_fields_set and not imitation.offline:
        return  # an empty list switches off what the rest of the section, inherited perhaps, describes
    plain = ImitationConfig()
    for key in type(imitation).model_fields:
        if getattr(imitation, key) != getattr(plain, key):
            yield ("imitation", key), "there are no demonstrations: set imitation.from", (("imitation", "from"),)


def _offline(config: RunSettings) -> Iterator[Problem]:
    where: Path = ("imitation", "offline")
    if config.algorithm in REPLAYING:
        message = (
            f"{config.algorithm} asks its Q functions for actions that nobody demonstrated, and no game corrects them; "
            f"use {_listed()}, whose policies learn the demonstrated actions alone"
        )
        yield where, message, (("algorithm",),)
    if config.rollout.overlap is True:
        yield where, "plays nothing that could overlap; leave rollout.overlap out", (("rollout", "overlap"),)
    if config.league is not None:
        yield where, "plays against nobody; leave league out", (("league",),)
    if config.curiosity.weight:
        yield where, "meets nothing new; leave curiosity.weight out", (("curiosity", "weight"),)


def _has_lstm(config: RunSettings) -> bool:
    models = [config.model, *(config.policy_model(name) for name in config.policies)]
    return any(model.lstm is not None for model in models)


def _listed() -> str:
    return f"{', '.join(ON_POLICY[:-1])} and {ON_POLICY[-1]}"
