"""Variables of other tag trainers, as overrides of the presets `live-seeker`, `live-hider` and `self-play`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from spacetime_rl.errors import UsageError
from spacetime_rl.formats.plain_json import to_json

LIVE, SELF_PLAY = ("live-seeker", "live-hider"), "self-play"
_ROUNDS, _DURATION = "SELF_PLAY_ROUNDS", "SELF_PLAY_DURATION"
_USUAL_ROUNDS, _USUAL_DURATION_S = 2, 300.0


@dataclass(frozen=True, slots=True)
class _Variable:
    """What a variable may hold, in words and as a check, and the overrides that it stands for."""

    expected: str
    read: Callable[[str], float | str | None]  # None for a wrong value
    overrides: Callable[[float | str], list[str]]


def _number(least: float, whole: bool = False) -> Callable[[str], float | None]:
    def read(text: str) -> float | None:
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            return None
        return value if math.isfinite(value) and value >= least else None

    return read


def _even(text: str) -> float | None:
    rounds = _number(2, whole=True)(text)
    return rounds if rounds is not None and rounds % 2 == 0 else None


def _one_of(*words: str) -> Callable[[str], str | None]:
    return lambda text: text if text in words else None


def _for(seconds: float | str) -> list[str]:
    """Training ends after this time, and not before by steps; nor does a learning rate fall with steps."""
    return [f"stop.time_s={seconds}", "stop.agent_steps=null", "training.final_lr=null"]


_EVERYWHERE: dict[str, _Variable] = {
    "AI_DISTANCE_REWARD_SCALE": _Variable(
        "a number", _number(-math.inf), lambda value: [f"scenario.params.reward_distance={value}"]
    ),
    "AI_SEEKER_TIME_PENALTY": _Variable(
        "a number of at least 0", _number(0), lambda value: [f"scenario.params.reward_time={-float(value)}"]
    ),
    "AI_WIN_BONUS": _Variable("a number", _number(-math.inf), lambda value: [f"scenario.params.reward_win={value}"]),
    "AI_STEP_TICK_INTERVAL": _Variable(
        "a whole number of at least 1", _number(1, whole=True), lambda value: [f"game.action_repeat={value}"]
    ),
    "AI_TRAIN_DURATION": _Variable("a number of seconds of at least 1", _number(1), _for),
    "AI_LOG_TRAJECTORIES": _Variable(
        "0 or 1", _one_of("0", "1"), lambda value: ["rollout.record_every=1"] if value == "1" else []
    ),
    "AI_DATA_ROOT": _Variable("a folder", lambda text: text or None, lambda value: [f"results={to_json(value)}"]),
}
_OF_SELF_PLAY: dict[str, _Variable] = {
    _ROUNDS: _Variable("an even number of at least 2", _even, lambda _: []),
    _DURATION: _Variable("a number of seconds of at least 1", _number(1), lambda _: []),
    "SELF_PLAY_START_ROLE": _Variable(
        "seeker or hider", _one_of("seeker", "hider"), lambda value: [f"scenario.params.start_role={value}"]
    ),
}


def overrides_of(preset: str | None, environment: Mapping[str, str], say: Callable[[str], None]) -> list[str]:
    """The overrides of the variables that are set, for one of the presets of tag; none for other presets.

    `say` receives a line for each variable that is used. Raises UsageError for wrong values, all of them at once.
    """
    if preset not in (*LIVE, SELF_PLAY):
        return []
    known = _EVERYWHERE | (_OF_SELF_PLAY if preset == SELF_PLAY else {})
    given = {name: environment[name] for name in known if environment.get(name)}
    values = {name: known[name].read(text) for name, text in given.items()}
    problems = [f"{name}={given[name]}: expected {known[name].expected}" for name in given if values[name] is None]
    if problems:
        raise UsageError("\n".join(problems))
    found = {name: known[name].overrides(value) for name, value in values.items() if value is not None}
    found |= _rounds(values)
    for name, overrides in found.items():
        say(f"{name}={given.get(name, '')} is used: {', '.join(overrides) or 'nothing changes'}")
    return [override for overrides in found.values() for override in overrides]


def _rounds(values: Mapping[str, float | str | None]) -> dict[str, list[str]]:
    """Both roles learn at the same time here, so rounds and their duration only say how long training takes."""
    named = [name for name in (_ROUNDS, _DURATION) if values.get(name) is not None]
    if not named:
        return {}
    rounds, seconds = values.get(_ROUNDS) or _USUAL_ROUNDS, values.get(_DURATION) or _USUAL_DURATION_S
    return {name: _for(float(rounds) * float(seconds)) for name in named}
