"""The `info` that a stock game sends for its agents: how episodes ended, and metrics."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.errors import ProtocolError
from spacetime_rl.game.checks import as_flag, as_float, require_success
from spacetime_rl.game.declaration import shown
from spacetime_rl.game.spec import ALWAYS_MEASURED

MOST_METRICS = 50  # of a policy; a game that invents names while it runs would fill every table
_SUCCESS = "is_success"
_TRUNCATED = ("TimeLimit.truncated", "truncated")
_FINAL = "terminal_observation"
_NO_METRICS = (_SUCCESS, *_TRUNCATED, _FINAL)
_OURS = (*ALWAYS_MEASURED, "success", "task")  # names that have a meaning of their own in this package

_log = logging.getLogger(__name__)


class AgentInfos:
    """The infos of all agents in the global order. Numbers and truth values in them are metrics of the episode.

    A metric is the last value that the game sent in the episode. `success` is `is_success`. A policy whose agents never
    sent `is_success` has no `success`; once they have, an episode without it counts as failed.
    """

    def __init__(self, agents: Sequence[str], groups: NDArray[np.int64], title: str) -> None:
        self._agents = agents
        self._groups = groups.tolist()
        self._title = title
        self._now: list[Mapping[str, Any]] = [{}] * len(agents)
        self._latest: list[dict[str, float]] = [{} for _ in agents]
        # Names of metrics by key of the info, for each group.
        self._names: dict[int, dict[str, str]] = {group: {} for group in self._groups}

    def reset(self) -> None:
        """Discard the values of all running episodes."""
        for latest in self._latest:
            latest.clear()

    def read(self, infos: Sequence[Any] | None) -> None:
        """Read the infos of one message; None where the game sends none. Raises GameError for impossible values."""
        self._now = [info or {} for info in infos or [None] * len(self._agents)]
        for index, (info, agent) in enumerate(zip(self._now, self._agents, strict=True)):
            if not isinstance(info, Mapping):
                raise ProtocolError(f"info of agent {agent} is {shown(info)}, not an object")
            self._measure(index, info)

    def truncated(self) -> NDArray[np.bool_]:
        """Which agents' episodes, if they ended now, were truncated."""
        return np.array(
            [
                any(as_flag(info[key], key, agent) for key in _TRUNCATED if info.get(key) is not None)
                for info, agent in zip(self._now, self._agents, strict=True)
            ],
            np.bool_,
        )

    def final_observation(self, agent: int) -> Any:
        """The `terminal_observation` of an agent, or None."""
        return self._now[agent].get(_FINAL)

    def take_metrics(self, agent: int) -> dict[str, float]:
        """The metrics of an agent's episode, which has just ended."""
        found, self._latest[agent] = self._latest[agent], {}
        if _SUCCESS in self._names[self._groups[agent]]:
            found.setdefault("success", 0.0)
        require_success(found, self._agents[agent])
        return found

    def _measure(self, index: int, info: Mapping[str, Any]) -> None:
        names, latest, agent = self._names[self._groups[index]], self._latest[index], self._agents[index]
        if info.get(_SUCCESS) is not None:
            names[_SUCCESS] = "success"
            latest["success"] = as_float(info[_SUCCESS], "metric success", agent)
        for key, value in info.items():
            if key in _NO_METRICS:
                continue
            if isinstance(value, (int, float)):
                name = names.get(key) or self._new_name(names, key)
            elif value is None and key in names:  # it was a number before, so null stands for NaN
                name = names[key]
            else:
                continue
            if name:
                latest[name] = as_float(value, f"metric {name}", agent)

    def _new_name(self, names: dict[str, str], key: str) -> str:
        """The metric's name for a new key; empty if the policy has too many metrics."""
        if len(names) >= MOST_METRICS:
            _log.warning("%s: info %r is not recorded: only %d metrics a policy are", self._title, key, MOST_METRICS)
            return ""
        names[key] = f"info_{key}" if key in _OURS else key
        return names[key]
