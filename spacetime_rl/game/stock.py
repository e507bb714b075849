"""Step a game that speaks only the JSON protocol of stock Godot RL Agents 0.7."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.errors import ContractError, GameError, MissingImage, ProtocolError
from spacetime_rl.game.api import EndedAgent, StepResult
from spacetime_rl.game.checks import as_flag, as_float, each_agents, require_success
from spacetime_rl.game.declaration import shown
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.process import GameProcess
from spacetime_rl.game.running import RunningGame
from spacetime_rl.game.stock_spec import STOCK_METRICS, flatten, read_stock_spec
from spacetime_rl.game.trace import Trace
from spacetime_rl.game.wire import JsonSocket

_TRUNCATED = ("TimeLimit.truncated", "truncated")  # keys of an agent's info

_log = logging.getLogger(__name__)

_Message = dict[str, Any]


class StockGame(RunningGame):
    """A stock game; see `api.Game`. Made by `open_game`.

    What the protocol cannot say is filled in. Agents have no names: they are called `<policy>_<i>`. There is one
    arena and every agent is always active. An agent that is `done` has begun anew by itself: the observation that
    comes with it counts as the first of the new episode and, unless its info has a `terminal_observation`, as the
    last of the old one. It terminated, unless its info says `truncated` or `TimeLimit.truncated`; `is_success` in
    its info is the metric `success`. Each agent counts its own episodes. A reset cannot change the seed.
    """

    def __init__(
        self, launch: GameLaunch, process: GameProcess, connection: JsonSocket, info: Mapping[str, Any]
    ) -> None:
        spec, rows = read_stock_spec(launch, info)
        super().__init__(launch, process, spec)
        self._json = connection
        self._seed = launch.seed
        self._rows = rows
        self._order = np.concatenate(rows)  # the game's own place of each agent in the global order
        self._group_of = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
        self._agent_ids = spec.agent_ids
        self._stride = 1
        self._asked = "reset"  # the type of the reply to the last request, and when that was sent
        self._sent_at = 0.0
        self._episodes = np.full(spec.num_agents, -self._stride)  # until the first reset
        self._returns = np.zeros(spec.num_agents)
        self._lengths = np.zeros(spec.num_agents, np.int64)

    def reset(self, seed: int | None = None, first_episode: int = 0, stride: int | None = None) -> StepResult:
        """See `api.Game.reset`; the seed stays that of the launch."""
        self._begin(seed)
        if seed is None:
            self._episodes += self._stride
        else:
            if seed != self._seed:
                _log.warning("%s: a stock game keeps the seed of its launch, %d", self._title, self._seed)
            self._stride = 1 if stride is None else stride
            self._episodes[:] = first_episode
        self._returns[:] = 0.0
        self._lengths[:] = 0
        self._send({"type": "reset"}, "reset")
        return self.receive()

    def send(self, actions: Sequence[NDArray[np.float32]]) -> None:
        """See `api.Game.send`."""
        actions = self._checked(actions)
        messages: list[_Message] = [{} for _ in self._order]
        for group, rows, action in zip(self.spec.groups, self._rows, actions, strict=True):
            at = 0
            for field in group.layout.actions:
                values = action[:, at : at + field.width].tolist()
                at += field.width
                for place, value in zip(rows.tolist(), values, strict=True):
                    messages[place][field.name] = value if field.kind == "continuous" else int(value[0])
        self._send({"type": "action", "action": messages}, "step")

    def receive(self) -> StepResult:
        """See `api.Game.receive`."""
        self._require_open()
        began = time.monotonic()
        try:
            reply = self._json.receive(self._sent_at + self._timeout_s)
            now = time.monotonic()
            if reply["type"] != self._asked:
                raise ProtocolError(f"a message of type '{reply['type']}' instead of '{self._asked}'")
            result = self._read(reply)
            self._refuse_script_errors()
        except (OSError, GameError) as error:
            raise self._failed(self._asked, error) from error
        except BaseException:  # interrupted between request and reply: the next reply would answer the wrong request
            self._kill()
            raise
        self._warn_of_errors()
        # A stock game does not say how long it worked: all of it, we say.
        self.timing.add(now - self._sent_at, now - began, game_s=now - self._sent_at)
        return result

    def lacks_images(self) -> bool:
        """Whether images that the game declares are missing from the answer to a reset."""
        try:
            self.reset()
        except MissingImage:
            return True
        return False

    def configure(self, params: Mapping[str, Any]) -> None:
        """Always raises ContractError: stock games have no parameters."""
        raise ContractError([f"{self._title}: a stock game has no parameters to set: {', '.join(params)}"])

    def traces(self, below: int = 0) -> tuple[Trace, ...]:
        """None: a stock game does not say where anybody is."""
        del below
        return ()

    def _send(self, request: _Message, reply_type: str) -> None:
        self._require_open()
        self._asked, self._sent_at = reply_type, time.monotonic()
        try:
            self._json.send(request, self._sent_at + self._timeout_s)
        except OSError as error:
            raise self._failed(reply_type, error) from error
        except BaseException:
            self._kill()
            raise

    def _read(self, reply: _Message) -> StepResult:
        began = reply["type"] == "reset"  # its answer has no rewards, and the episodes before it are not over
        observations, infos = self._per_agent(reply, "obs"), self._read_infos(reply)
        flat = [
            flatten(self.spec.groups[g].layout, observation, agent_id)
            for g, observation, agent_id in zip(self._group_of, observations, self._agent_ids, strict=True)
        ]
        rewards = np.zeros(len(flat), np.float32) if began else self._read_rewards(reply)
        done = np.zeros(len(flat), np.bool_) if began else self._read_flags(self._per_agent(reply, "done"), "done")
        truncated = done & [any(info.get(key) for key in _TRUNCATED) for info in infos]
        self._returns += rewards
        self._lengths += not began
        return StepResult(
            observations=tuple(
                np.stack([flat[i] for i in np.flatnonzero(self._group_of == g)]) for g in range(len(self._rows))
            ),
            rewards=rewards,
            terminated=done & ~truncated,
            truncated=truncated,
            active=np.ones(len(flat), np.bool_),
            ended=tuple(self._end(agent, flat[agent], infos[agent]) for agent in np.flatnonzero(done).tolist()),
        )

    def _per_agent(self, reply: _Message, key: str) -> list[Any]:
        """One value for each agent, in the global order."""
        if key not in reply:
            raise ProtocolError(f"the message has no {key!r}")
        values = each_agents(reply[key], len(self._order), repr(key))
        return [values[place] for place in self._order.tolist()]

    def _read_rewards(self, reply: _Message) -> NDArray[np.float32]:
        values = self._per_agent(reply, "reward")
        return np.array(
            [as_float(value, "reward", agent) for value, agent in zip(values, self._agent_ids, strict=True)], np.float32
        )

    def _read_flags(self, values: Sequence[Any], what: str) -> NDArray[np.bool_]:
        return np.array([as_flag(v, what, agent) for v, agent in zip(values, self._agent_ids, strict=True)], np.bool_)

    def _read_infos(self, reply: _Message) -> list[_Message]:
        """What the game says about each agent; older games say nothing."""
        if reply.get("info") is None:
            return [{}] * len(self._order)
        infos = [info or {} for info in self._per_agent(reply, "info")]
        for info, agent in zip(infos, self._agent_ids, strict=True):
            if not isinstance(info, dict):
                raise ProtocolError(f"info of agent {agent} is {shown(info)}, not an object")
            for key in _TRUNCATED:
                as_flag(info.get(key) or False, key, agent)
        return infos

    def _end(self, agent: int, observation: NDArray[np.float32], info: _Message) -> EndedAgent:
        layout, agent_id = self.spec.groups[self._group_of[agent]].layout, self._agent_ids[agent]
        if info.get("terminal_observation") is not None:
            observation = flatten(layout, info["terminal_observation"], agent_id, "final observation")
        success = as_float(info.get("is_success") or 0.0, "metric success", agent_id)
        values = (self._episodes[agent], self._returns[agent], self._lengths[agent], success)
        metrics = dict(zip(STOCK_METRICS, map(float, values), strict=True))
        require_success(metrics, agent_id)
        self._episodes[agent] += self._stride
        self._returns[agent] = 0.0
        self._lengths[agent] = 0
        return EndedAgent(agent, observation, metrics)

    def _say_goodbye(self) -> None:
        self._json.send({"type": "close"}, time.monotonic() + 1.0)

    def _hang_up(self) -> None:
        self._json.socket.close()
