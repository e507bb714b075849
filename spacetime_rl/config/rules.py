"""Settings that are valid each by itself and contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spacetime_rl.config.words import did_you_mean

if TYPE_CHECKING:
    from spacetime_rl.config.model import RunConfig

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What is wrong at `path`, and the other settings it disagrees with."""

    path: Path
    message: str
    others: tuple[Path, ...] = ()


class ContradictionError(ValueError):
    """All contradictions of a configuration."""

    def __init__(self, found: Sequence[Contradiction]) -> None:
        self.found = tuple(found)
        super().__init__("\n".join(f"{'.'.join(map(str, c.path))}: {c.message}" for c in found))


def contradictions(config: RunConfig) -> list[Contradiction]:
    """Everything that no single setting shows."""
    return [*_game(config), *_ports(config), *_batches(config), *_policies(config), *_stop(config)]


def _game(config: RunConfig) -> Iterator[Contradiction]:
    sources: dict[Path, object] = {
        ("scenario", "name"): config.scenario.name,
        ("game", "env_path"): config.game.env_path,
        ("game", "project"): config.game.project,
    }
    given = [path for path, value in sources.items() if value is not None]
    if not given:
        yield Contradiction(
            ("scenario", "name"), "no game to play: set scenario.name, game.env_path or game.project", tuple(sources)
        )
    for path in given[1:]:
        first = ".".join(map(str, given[0]))
        yield Contradiction(
            path, f"contradicts {first} ({str(sources[given[0]])!r}): set one of them, the other null", (given[0],)
        )
    if config.game.scene is not None and config.game.project is None:
        yield Contradiction(("game", "scene"), "is a scene of game.project, which is not set", (("game", "project"),))


def _ports(config: RunConfig) -> Iterator[Contradiction]:
    ports = config.game.port_range
    if ports is not None and ports[0] > ports[1]:
        yield Contradiction(("game", "port_range"), f"the first port, {ports[0]}, is above the last, {ports[1]}")


def _batches(config: RunConfig) -> Iterator[Contradiction]:
    batch, minibatch = config.training.train_batch_size, config.training.minibatch_size
    if minibatch > batch:
        yield Contradiction(
            ("training", "minibatch_size"),
            f"{minibatch} is more than training.train_batch_size, {batch}",
            (("training", "train_batch_size"),),
        )


def _policies(config: RunConfig) -> Iterator[Contradiction]:
    """Names are checked against each other only where the configuration itself says which policies there are."""
    if config.policies:
        for index, rule in enumerate(config.policy_mapping):
            if rule.policy not in config.policies:
                yield _unknown_policy(("policy_mapping", index, "policy"), rule.policy, list(config.policies))
    named = {rule.policy for rule in config.policy_mapping}
    trained = config.policies_to_train
    if trained is not None and not trained:
        yield Contradiction(("policies_to_train",), "no policy would learn; null trains all of them")
    if named and trained is not None:
        for index, policy in enumerate(trained):
            if policy not in named:
                yield _unknown_policy(("policies_to_train", index), policy, sorted(named))


def _unknown_policy(path: Path, policy: str, known: list[str]) -> Contradiction:
    hint = did_you_mean(policy, known) or f"; known: {', '.join(known)}"
    return Contradiction(path, f"unknown policy {policy!r}{hint}", (("policies",), ("policy_mapping",)))


def _stop(config: RunConfig) -> Iterator[Contradiction]:
    if all(value is None for value in (config.stop.agent_steps, config.stop.iterations, config.stop.time_s)):
        yield Contradiction(
            ("stop",), "training would never end for sure: set agent_steps, iterations or time_s", (("stop",),)
        )
