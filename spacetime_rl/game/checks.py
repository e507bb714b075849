"""Checks every number that a game sends, on either wire protocol, and reports the first invalid one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.errors import ObservationError, ProtocolError
from spacetime_rl.game.declaration import shown
from spacetime_rl.game.spec import PolicyLayout

Floats = NDArray[np.float32]
_NUMERIC = "biuf"  # kinds of numpy arrays: truth values, whole numbers, floats


def require_rewards(rewards: Floats, agents: Sequence[str]) -> None:
    """Raises ObservationError that names the first agent whose reward is not finite."""
    for agent in np.flatnonzero(~np.isfinite(rewards))[:1].tolist():
        raise ObservationError(f"reward of agent {agents[agent]} is {rewards[agent]}")


def require_vector(vector: Floats, layout: PolicyLayout, agent: str, what: str = "observation") -> None:
    """Raises ObservationError that names the first number of an observation vector that is not finite."""
    for column in np.flatnonzero(~np.isfinite(vector))[:1].tolist():
        raise ObservationError(f"{what} {_column_name(layout, column)} of agent {agent} is {vector[column]}")


def require_metrics(values: Floats, names: Sequence[str], agent: str) -> None:
    """Raises ObservationError that names the first metric that is not finite."""
    for column in np.flatnonzero(~np.isfinite(values))[:1].tolist():
        raise ObservationError(f"metric {names[column]} of agent {agent} is {values[column]}")


def require_success(metrics: Mapping[str, float], agent: str) -> None:
    """Raises ObservationError for a `success` that is not between 0 and 1."""
    success = metrics.get("success", 0.0)
    if not 0.0 <= success <= 1.0:
        raise ObservationError(f"metric success of agent {agent} is {success:g}, not from 0 (failed) to 1 (succeeded)")


def as_floats(values: Any, what: str, agent: str) -> Floats:
    """Numbers of a JSON message, in lists or not, as one flat float32 vector.

    Truth values count as 0 and 1. Raises ObservationError for a value that is not a number, not finite (Godot writes
    NaN as null), or too large for a float32: `observation speed[2] of agent p_0 is nan`.
    """
    try:
        found = np.asarray(values)
    except ValueError:  # lists of different lengths
        found = np.asarray(None)
    if found.dtype.kind in _NUMERIC:
        with np.errstate(over="ignore"):
            numbers = found.astype(np.float32).ravel()
        if np.isfinite(numbers).all():
            return numbers
    singles = [_as_float(value, f"{what}{place}", agent) for value, place in _singles(values)]
    return np.array(singles, np.float32)


def as_float(value: Any, what: str, agent: str) -> float:
    """One number of a JSON message as a float, with the same errors as `as_floats`."""
    return float(_as_float(value, what, agent))


def as_flag(value: Any, what: str, agent: str) -> bool:
    """A truth value of a JSON message, or 0 or 1. Raises ProtocolError."""
    if not isinstance(value, (bool, int, float)) or value not in (0, 1):
        raise ProtocolError(f"{what} of agent {agent} is {shown(value)}, not true or false")
    return bool(value)


def each_agents(values: Any, agents: int, what: str) -> list[Any]:
    """A list of a JSON message with one entry per agent. Raises ProtocolError for anything else."""
    if not isinstance(values, list):
        raise ProtocolError(f"{what} is {shown(values)}, not a list of one entry for each of {agents} agents")
    if len(values) != agents:
        raise ProtocolError(f"{what} has {len(values)} entries; the game declared {agents} agents")
    return values


def _as_float(value: Any, what: str, agent: str) -> np.float32:
    if value is None:
        raise ObservationError(f"{what} of agent {agent} is nan")
    if not isinstance(value, (int, float)):
        raise ObservationError(f"{what} of agent {agent} is {shown(value)}, not a number")
    try:
        with np.errstate(over="ignore"):
            number = np.float32(value)
    except OverflowError:
        number = np.float32(np.inf)
    if not np.isfinite(number):
        infinite = isinstance(value, float) and not np.isfinite(value)
        raise ObservationError(
            f"{what} of agent {agent} is {value}"
            if infinite
            else f"{what} of agent {agent} is {shown(value)}, more than a 32-bit float holds"
        )
    return number


def _singles(values: Any, place: str = "") -> Iterator[tuple[Any, str]]:
    """Every value of nested lists with its index as text, e.g. `[2]`."""
    if not isinstance(values, (list, tuple)):
        yield values, place
        return
    for index, value in enumerate(values):
        yield from _singles(value, f"{place}[{index}]")


def _column_name(layout: PolicyLayout, column: int) -> str:
    """The name of one number of the observation vector, e.g. `velocity[2]`."""
    for field in layout.fields:
        if column < field.size:
            return field.number(column)
        column -= field.size
    raise IndexError(column)
