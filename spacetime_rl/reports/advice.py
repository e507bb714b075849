"""Advice from a run's own figures for policies that did not learn, a sentence each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from spacetime_rl import metrics
from spacetime_rl.config import RunConfig, load
from spacetime_rl.config.packaged import packaged
from spacetime_rl.console.bottleneck import bottleneck
from spacetime_rl.evaluation.learned import Learned

_COLLAPSED = 0.1  # share of the initial entropy below which exploration has collapsed
_SHORT = 0.5  # share of the packaged configuration's agent steps below which a run is short
_THIRDS = 3  # returns are compared by thirds of the run
_WORSE = 0.05  # of the loss that was unlearned at the best moment, by which a later loss counts as worse
_RISE = 2.0  # standard errors of the difference that count as a rise

Progress = Sequence[Mapping[str, Any]]
"""The results of a trial in order, by public metric name."""


def advise(progress: Progress, config: RunConfig, learned: Learned) -> list[str]:
    """Sentences about problems with episodes, and advice on training if the policies did not learn."""
    if not progress:
        return []
    if config.imitation.offline:
        return list(_held_out(progress))
    sentences = list(_episodes(progress))
    if not learned.is_success:
        sentences += _training(progress, config)
    return sentences


def _episodes(progress: Progress) -> Iterator[str]:
    """Problems of a game that prevent learning."""
    last = metrics.Result(progress[-1])
    if not last.episodes:
        yield (
            f"no episode ended in {last.agent_steps:,} agent steps: there was no return to learn from; "
            "train longer, or shorten episodes (game.episode_steps)"
        )
    for policy in metrics.policies_in(*progress):
        lengths = metrics.series(progress, metrics.of_policy(policy, metrics.LENGTH))
        if lengths and max(lengths) <= 1.0:
            yield (
                f"every episode of {policy} was one decision long: the game ends it at once, or an error in its "
                "scripts does; `spacetime-rl inspect` shows random episodes, and the games' logs are in the run's logs/"
            )


def _held_out(progress: Progress) -> Iterator[str]:
    """A sentence for a policy that imitated the demonstrations it had not seen better earlier in the run."""
    for policy in metrics.policies_in(*progress):
        losses = metrics.curve(progress, metrics.of_policy(policy, metrics.IMITATION_VALIDATION_LOSS))
        if not losses:
            continue
        (_, first), (_, last) = losses[0], losses[-1]
        steps, best = min(losses, key=lambda point: point[1])
        if last - best > _WORSE * (first - best):
            yield (
                f"{policy} imitated demonstrations that it had not seen best after {steps:,} agent steps, and worse "
                f"since: set stop.agent_steps={steps}, or record more demonstrations"
            )


def _training(progress: Progress, config: RunConfig) -> Iterator[str]:
    last = metrics.Result(progress[-1])
    yield from _steps(last.agent_steps, config)
    for policy in metrics.policies_in(*progress):
        yield from _return(policy, metrics.series(progress, metrics.of_policy(policy, metrics.RETURN)))
        entropy = metrics.series(progress, metrics.of_policy(policy, metrics.ENTROPY))
        if len(entropy) >= _THIRDS and entropy[0] > 0.0 and entropy[-1] < _COLLAPSED * entropy[0]:
            yield (
                f"the entropy of {policy} fell from {entropy[0]:.3g} to {entropy[-1]:.3g}: it hardly tries anything "
                "else; raise training.entropy_coeff, or lower training.lr"
            )
    if last.shares:
        yield f"what limits the speed is {bottleneck(last.shares).sentence}"


def _steps(agent_steps: int, config: RunConfig) -> Iterator[str]:
    """A sentence if the packaged configuration of that name trains for much longer."""
    file = packaged(config.name)
    usual = load(file).stop.agent_steps if file else None
    if usual and agent_steps < _SHORT * usual:
        yield f"{agent_steps:,} agent steps are few: {config.name} as it comes trains for {usual:,}"


def _return(policy: str, returns: Sequence[float]) -> Iterator[str]:
    """A sentence if the return was still rising, or never changed.

    The last third of the returns is compared with the second third, and if it has not risen, with the first third.
    """
    third = len(returns) // _THIRDS
    if third < 2:
        return
    before, after = returns[-2 * third : -third], returns[-third:]
    rise = _mean(after) - _mean(before)
    error = math.sqrt(_variance(before) / third + _variance(after) / third)
    if rise > _RISE * error:
        yield (
            f"the return of {policy} was still rising ({_mean(before):.4g} to {_mean(after):.4g} in the last third): "
            "train longer"
        )
    elif abs(_mean(after) - _mean(returns[:third])) <= _RISE * error:
        yield (
            f"the return of {policy} did not move from {_mean(after):.4g}: look at observations and rewards with "
            "`spacetime-rl inspect`, and at docs/it-does-not-learn.md"
        )


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _variance(values: Sequence[float]) -> float:
    centre = _mean(values)
    return math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1)
