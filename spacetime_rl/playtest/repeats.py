"""Whether a stock game repeats itself, found out before it is played: its protocol has no seed of an episode.

The same random actions are played in two games that begin with the same seed, and once more after a reset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.config import RunConfig
from spacetime_rl.config.playtest import PlaytestConfig
from spacetime_rl.contract import assign_policies
from spacetime_rl.episodes.episode import Build
from spacetime_rl.errors import GameError
from spacetime_rl.evaluation.play import EvaluationWorker
from spacetime_rl.evaluation.sources import RandomSource
from spacetime_rl.game.api import Game, StepResult
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch

_Actions = list[NDArray[np.float32]]
Repeats = Literal["after a reset", "in a new game", "no"]

DECISIONS = 60  # of the probe
_FAULT = b"fault "
_SCRIPTS = "heuristic"  # the player that a stock game does not have


@dataclass(frozen=True, slots=True)
class Probe:
    """What became of playing the same twice. `differs_after` is the decision after which two new games differed."""

    repeats: Repeats
    differs_after: int | None = None

    @property
    def sentence(self) -> str:
        """The result for people."""
        if self.repeats == "no":
            return (
                f"this game does not replay (the same actions gave something else after decision {self.differs_after}):"
                " findings are shown once and are not shortened"
            )
        if self.repeats == "in a new game":
            return "this game replays if it is started anew, so that each of its episodes is played in a new game"
        return "this game replays"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a game before it is played: its build, and, for a stock game, the probe of each scene."""

    build: Build
    probes: Mapping[str, Probe] = field(default_factory=dict)

    def settings(self, wanted: PlaytestConfig) -> PlaytestConfig:
        """The settings that can be played: a stock game has no scripts that could play it."""
        players = {name: share for name, share in wanted.players.items() if name != _SCRIPTS or not self.probes}
        return wanted.model_copy(update={"players": players}) if players else wanted

    def sentences(self, wanted: PlaytestConfig) -> tuple[str, ...]:
        """What to say of it before the play, and in the report."""
        said = [f"{scene}: {probe.sentence}" if scene else probe.sentence for scene, probe in self.probes.items()]
        if self.settings(wanted).players.keys() != wanted.players.keys():
            said.append(f"the player {_SCRIPTS} is left out: a stock game has no scripts that could play it")
        return tuple(said)


def first_part(game: Game, config: RunConfig, seed: int) -> tuple[list[_Actions], list[bytes]]:
    """Play random actions from a reset on. Returns them, and what the game answered each time."""
    plans = assign_policies(game.spec, config)
    worker = EvaluationWorker(game.spec, plans, RandomSource().make_actors(game.spec, plans, seed, stochastic=False))
    worker.reset(0, 1)
    tape: list[_Actions] = []
    answers: list[bytes] = []
    try:
        state = game.reset(seed, 0, 1)
        answers.append(_as_bytes(state))
        for _ in range(DECISIONS):
            tape.append(worker.act(state))
            state = game.step(tape[-1])
            answers.append(_as_bytes(state))
            for ended in state.ended:
                worker.end(ended)
    except GameError as fault:
        answers.append(_of_fault(fault))
    return tape, answers


def once_more(game: Game, seed: int, tape: Sequence[_Actions]) -> list[bytes]:
    """What the game answers to the same actions from a reset on."""
    answers: list[bytes] = []
    try:
        answers.append(_as_bytes(game.reset(seed, 0, 1)))
        answers += [_as_bytes(game.step(actions)) for actions in tape]
    except GameError as fault:
        answers.append(_of_fault(fault))
    return answers


def first_difference(ours: Sequence[bytes], theirs: Sequence[bytes]) -> int | None:
    """The decision after which two games first differ; None if they do not."""
    unequal = (index for index, (one, other) in enumerate(zip(ours, theirs, strict=False)) if one != other)
    shorter = min(len(ours), len(theirs))
    return next(unequal, None if len(ours) == len(theirs) else shorter)


def failed(answers: Sequence[bytes]) -> bool:
    """Whether the game failed after the last action."""
    return answers[-1].startswith(_FAULT)


def _as_bytes(state: StepResult) -> bytes:
    parts = (*state.observations, state.rewards, state.terminated, state.truncated)
    return b"".join(part.tobytes() for part in parts)


def _of_fault(fault: GameError) -> bytes:
    """A game that fails in the same way repeats itself, too. Raises the fault if no further attempt may succeed."""
    if not fault.can_pass:
        raise fault
    return _FAULT + fault.fault.encode()


def replays_anew(launch: GameLaunch, config: RunConfig) -> bool:
    """Whether two games that are started alike do the same with the same actions; one that fails to start does not."""
    try:
        with open_game(replace(launch, name="probe-0")) as game:
            tape, ours = first_part(game, config, launch.seed or 0)
        with open_game(replace(launch, name="probe-1")) as game:
            theirs = once_more(game, launch.seed or 0, tape)
    except GameError:
        return False
    return first_difference(ours, theirs) is None
