"""Transitions as games send them: what an agent saw, did, earned and saw next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.serving.messages import MOST_ROWS, BadMessage, Floats, flags_in, matrix, names_in, rows_in, vector
from spacetime_rl.serving.players import Player

_ONE = {"agent": "agents", "policy": "policies", "obs": "obs", "action": "actions", "reward": "rewards"}
_ONE |= {"next_obs": "next_obs", "terminated": "terminated", "truncated": "truncated", "logp": "logp"}
_MOST_METRICS = 256
_DONE = "done"  # another name for `terminated`, in a list of transitions


@dataclass(frozen=True, slots=True)
class PolicyTransitions:
    """Transitions of one policy's agents, in the order in which they happened. Arrays have a row for each."""

    agents: list[str]
    observations: Floats  # [n, obs_dim]
    actions: Floats  # [n, action_size]
    rewards: Floats  # [n]
    next_observations: Floats  # [n, obs_dim]
    terminated: NDArray[np.bool_]  # [n]
    truncated: NDArray[np.bool_]  # [n]
    logps: Floats | None  # [n]: log-probabilities of the actions, where the game repeats them
    measured: Mapping[int, Mapping[str, float]]  # by row the metrics of an episode that ends with it


Transitions = Mapping[str, PolicyTransitions]  # by policy


def count(transitions: Transitions) -> int:
    """The number of transitions of all policies."""
    return sum(len(own.agents) for own in transitions.values())


def read_transitions(
    body: Mapping[str, Any],
    players: Mapping[str, Player],
    policies: Callable[[Mapping[str, Any], list[str] | None, int], list[str]],
) -> Transitions:
    """Read a `transition_batch`. `policies` gives the policy of each row. Raises BadMessage."""
    columns = _columns(body)
    rows = rows_in(columns, "obs")
    n = len(rows)
    agents = names_in(columns, "agents", n)
    if agents is None:
        raise BadMessage("bad_message", "agents: expected the name of the agent of every transition")
    whose = policies(columns, agents, n)
    terminated, truncated = (np.array(flags_in(columns, key, n)) for key in ("terminated", "truncated"))
    if (terminated & truncated).any():
        raise BadMessage("bad_message", "terminated and truncated: an episode ends in one way")
    rewards = vector(columns.get("rewards"), n, "rewards")
    logps = None if columns.get("logp") is None else vector(columns["logp"], n, "logp")
    actions, after = rows_in(columns, "actions"), rows_in(columns, "next_obs")
    if not len(actions) == len(after) == n:
        raise BadMessage("bad_shape", f"actions, next_obs: expected {n} rows, as obs has")
    measured = _endings(columns, terminated | truncated)
    found = {}
    for policy in dict.fromkeys(whose):
        own = [row for row in range(n) if whose[row] == policy]
        layout = players[policy].layout
        found[policy] = PolicyTransitions(
            agents=[agents[row] for row in own],
            observations=matrix(_some(rows, own), layout.obs_dim, "obs"),
            actions=_check_actions(matrix(_some(actions, own), layout.action_size, "actions"), layout),
            rewards=rewards[own],
            next_observations=matrix(_some(after, own), layout.obs_dim, "next_obs"),
            terminated=terminated[own],
            truncated=truncated[own],
            logps=None if logps is None else logps[own],
            measured={place: measured[row] for place, row in enumerate(own) if row in measured},
        )
    return found


def _some(rows: Any, chosen: list[int]) -> Any:
    if len(chosen) == len(rows):
        return rows
    return rows[chosen] if isinstance(rows, np.ndarray) else [rows[row] for row in chosen]


def _columns(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The message with a list for each quantity, also where it has an object for each transition."""
    listed = body.get("transitions")
    if listed is None:
        return body
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_ROWS:
        raise BadMessage("bad_message", f"transitions: expected a list of 1 to {MOST_ROWS} objects")
    if not all(isinstance(one, dict) for one in listed):
        raise BadMessage("bad_message", "transitions: expected objects")
    listed = [{**one, "terminated": one.get("terminated", one.get(_DONE, False))} for one in listed]
    columns: dict[str, Any] = {}
    for one, many in _ONE.items():
        values = [each[one] for each in listed if each.get(one) is not None]
        if values and one == "truncated":
            values = [each.get(one, False) for each in listed]
        if values and len(values) != len(listed):
            raise BadMessage("bad_message", f"{one}: some transitions have it, others do not")
        if values:
            columns[many] = values
    if columns.get("policies") is None:
        columns["policy"] = body.get("policy")
    columns["endings"] = [
        {"row": row, "metrics": each["metrics"]} for row, each in enumerate(listed) if each.get("metrics") is not None
    ]
    return columns


def _endings(columns: Mapping[str, Any], ended: NDArray[np.bool_]) -> dict[int, Mapping[str, float]]:
    """By row the game's own metrics of episodes that end there. Raises BadMessage."""
    listed = columns.get("endings") or []
    if not isinstance(listed, list) or len(listed) > len(ended):
        raise BadMessage("bad_message", "endings: expected a list of objects with `row` and `metrics`")
    found: dict[int, Mapping[str, float]] = {}
    for one in listed:
        row: Any = one.get("row") if isinstance(one, dict) else None
        metrics: Any = one.get("metrics") if isinstance(one, dict) else None
        if type(row) not in (int, float) or row not in range(len(ended)) or not ended[int(row)]:
            raise BadMessage("bad_message", "endings: row: expected the number of a row with which an episode ends")
        if not isinstance(metrics, dict) or len(metrics) > _MOST_METRICS:
            raise BadMessage("bad_message", f"endings: metrics: expected an object of at most {_MOST_METRICS} numbers")
        values = matrix([list(metrics.values())], len(metrics), "endings: metrics")[0].tolist()
        names = names_in({"metrics": list(metrics)}, "metrics", len(metrics)) or []
        found[int(row)] = dict(zip(names, values, strict=True))
    return found


def _check_actions(actions: Floats, layout: PolicyLayout) -> Floats:
    """Raise BadMessage for choices that do not exist."""
    column = 0
    for action in layout.actions:
        if action.kind == "discrete":
            chosen = actions[:, column]
            if not ((chosen == np.floor(chosen)) & (chosen >= 0) & (chosen < action.size)).all():
                raise BadMessage("bad_number", f"actions: {action.name}: expected a choice from 0 to {action.size - 1}")
        column += action.width
    return actions
