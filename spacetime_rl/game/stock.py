"""Step a game that uses only the JSON protocol of stock Godot RL Agents 0.7."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.errors import ContractError, GameError, MissingImage, ProtocolError
from spacetime_rl.game.api import EndedAgent, StepResult
from spacetime_rl.game.attach import AttachedGame
from spacetime_rl.game.checks import as_flag, as_float, each_agents
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.logged_errors import LoggedErrors
from spacetime_rl.game.process import GameProcess
from spacetime_rl.game.running import RunningGame
from spacetime_rl.game.sighting import Sighting
from spacetime_rl.game.spec import ALWAYS_MEASURED
from spacetime_rl.game.step_log import StepLog
from spacetime_rl.game.stock_info import AgentInfos
from spacetime_rl.game.stock_spec import flatten, read_stock_spec
from spacetime_rl.game.trace import NOTHING, AgentTrace, Ending, Recording, Trace
from spacetime_rl.game.wire import JsonSocket

_log = logging.getLogger(__name__)

_Message = dict[str, Any]
_NEVER = np.iinfo(np.int64).max
_USUAL_HZ = 60  # of the engine's physics; a stock game does not declare its own


class StockGame(RunningGame):
    """A stock game as an `api.Game`. `open_game` makes it.

    Information that the protocol lacks is filled in. Agents have no names: they are called `<policy>_<i>`. There is one
    arena, and every agent is always active. An agent that is `done` has begun its next episode by itself: the
    observation sent with `done` is the first one of the new episode. It is also the last one of the old episode, unless
    the agent's info has a `terminal_observation`. The old episode terminated, unless the info has a true `truncated` or
    `TimeLimit.truncated`. Numbers in the info are metrics (`stock_info`). Each agent counts its own episodes. A reset
    cannot change the seed.

    With `launch.episode_steps`, this client truncates the episode of an agent that is not done after that number of
    decisions. The game does not know this and plays on, so the agent's last observation is also the first one of its
    next episode. The game is reset only if the episodes of all agents end at once, as they always do with one agent.
    """

    def __init__(
        self, launch: GameLaunch, process: GameProcess | AttachedGame, connection: JsonSocket, info: Mapping[str, Any]
    ) -> None:
        spec, rows = read_stock_spec(launch, info)
        super().__init__(launch, process, spec)
        self._json = connection
        self._seed = launch.seed
        self._limit = launch.episode_steps or _NEVER
        self._rows = rows
        self._order = np.concatenate(rows)  # the game's own index of each agent, in the global order
        self._group_of = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
        self._agent_ids = spec.agent_ids
        self._infos = AgentInfos(spec.agent_ids, self._group_of, launch.title)
        self._stride = 1
        self._asked = "reset"  # the type of the reply to the last request; then when the request was sent
        self._sent_at = 0.0
        # The first reset adds the stride, so that numbers begin at 0.
        self._episodes = np.full(spec.num_agents, -self._stride)
        self._returns = np.zeros(spec.num_agents)
        self._lengths = np.zeros(spec.num_agents, np.int64)
        self._log = StepLog(spec, np.arange(spec.num_agents))
        self._errors = LoggedErrors(process.log)
        self._decisions = 0  # since the last reset
        self._sent: Sequence[NDArray[np.float32]] = ()
        self._cut = np.zeros(spec.num_agents, np.bool_)  # whose episode the last step truncated by `episode_steps`

    @property
    def places(self) -> tuple[int, ...]:
        """For each agent in the order of the game's own messages, its place in the global order."""
        return tuple(np.argsort(self._order).tolist())

    def reset(self, seed: int | None = None, first_episode: int = 0, stride: int | None = None) -> StepResult:
        """Begin new episodes, as `api.Game.reset` specifies; the seed stays that of the launch."""
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
        self._infos.reset()
        self._decisions = 0
        self._send({"type": "reset"}, "reset")
        state = self._receive()
        self._log.renumber(self._episodes, self._stride)
        self._log.begin(state)
        return state

    def send(self, actions: Sequence[NDArray[np.float32]]) -> None:
        """Begin a step, as `api.Game.send` specifies."""
        self._sent = actions = self._checked(actions)
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
        """Wait for the result of the step, as `api.Game.receive` specifies."""
        state = self._receive()
        self._decisions += 1
        if self._log.is_recording:
            self._errors.note(self._decisions)
        self._log.note(self._sent, state)
        return state

    def _receive(self) -> StepResult:
        self._require_open()
        began = time.monotonic()
        try:
            reply = self._json.receive(self._sent_at + self._timeout_s)
            now = time.monotonic()
            self._require_type(reply)
            result = self._read(reply)
            self._refuse_script_errors()
            if self._is_all_cut(result):
                result.observations = self._begin_anew()
                now = time.monotonic()
        except (OSError, GameError) as error:
            raise self._failed(self._asked, error) from error
        except BaseException:  # interrupted between request and reply: the next reply would answer the wrong request
            self._kill()
            raise
        self._warn_of_errors()
        # A stock game does not report its working time, so all waiting counts as the game's.
        self.timing.add(now - self._sent_at, now - began, game_s=now - self._sent_at)
        return result

    def lacks_images(self) -> bool:
        """Whether the answer to a reset lacks images that the game declares."""
        try:
            self.reset()
        except MissingImage:
            return True
        return False

    def configure(self, params: Mapping[str, Any]) -> None:
        """Always raises ContractError: stock games have no parameters."""
        raise ContractError([f"{self._title}: a stock game has no parameters to set: {', '.join(params)}"])

    def traces(self, recording: Recording = NOTHING, unfinished: bool = False) -> tuple[Trace, ...]:
        """The recorded episodes, as `api.Game.traces` specifies: of one agent each, and without places and hashes.

        Nothing is recorded unless observations are wanted, because a stock game reports nothing else. Errors that the
        game's log showed meanwhile are sightings of every episode that is returned.
        """
        errors = self._errors.take()
        found = tuple(self._trace(number, agents[0], errors) for number, agents in self._log.recorded(unfinished))
        self._log.request(recording if recording.observations else NOTHING)
        return found

    def _trace(self, number: int, agent: int, errors: tuple[Sighting, ...]) -> Trace:
        steps = self._log.steps_of(number, agent)
        assert steps is not None  # the log has just named it
        rows = len(steps.decisions)
        done: Ending = "truncated" if steps.ended and steps.ended.truncated else "terminated"
        if steps.ended and steps.ended.agent.metrics.get("success", 0.0) > 0:
            done = "success"
        way = AgentTrace(
            name=self._agent_ids[agent],
            policy=self.spec.groups[self._group_of[agent]].name,
            ending=done if steps.ended else "running",
            ticks=steps.decisions * (self.spec.action_repeat or 1),
            positions=np.full((rows, 3), np.nan, np.float32),
            velocities=None,
            rewards={},
            actions=steps.actions,
            decision_rewards=steps.rewards,
            observations=steps.observations,
            images=steps.images,
        )
        return Trace(number, (way,), (), {}, self.spec.physics_hz or _USUAL_HZ, sightings=errors)

    def _is_all_cut(self, result: StepResult) -> bool:
        """Whether every agent's episode ended, at least one of them only by `episode_steps`: the game plays on."""
        return bool(self._cut.any() and (result.terminated | result.truncated).all())

    def _begin_anew(self) -> tuple[NDArray[np.float32], ...]:
        """Reset the game; returns the agents' new observations."""
        self._asked = "reset"
        deadline = time.monotonic() + self._timeout_s
        self._json.send({"type": "reset"}, deadline)
        reply = self._json.receive(deadline)
        self._require_type(reply)
        return self._read(reply).observations

    def _require_type(self, reply: _Message) -> None:
        if reply["type"] != self._asked:
            raise ProtocolError(f"a message of type '{reply['type']}' instead of '{self._asked}'")

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
        began = reply["type"] == "reset"  # the answer to a reset has no rewards, and it ends no episodes
        agents = len(self._order)
        flat = [
            flatten(self.spec.groups[g].layout, observation, agent_id)
            for g, observation, agent_id in zip(
                self._group_of, self._per_agent(reply, "obs"), self._agent_ids, strict=True
            )
        ]
        self._infos.read(None if reply.get("info") is None else self._per_agent(reply, "info"))
        rewards = np.zeros(agents, np.float32) if began else self._read_rewards(reply)
        done = np.zeros(agents, np.bool_) if began else self._read_done(reply)
        self._returns += rewards
        self._lengths += not began
        self._cut = ~done & (self._lengths >= self._limit)
        truncated = self._cut | (done & self._infos.truncated())
        return StepResult(
            observations=tuple(
                np.stack([flat[i] for i in np.flatnonzero(self._group_of == g)]) for g in range(len(self._rows))
            ),
            rewards=rewards,
            terminated=done & ~truncated,
            truncated=truncated,
            active=np.ones(agents, np.bool_),
            ended=tuple(self._end(agent, flat[agent]) for agent in np.flatnonzero(done | self._cut).tolist()),
        )

    def _per_agent(self, reply: _Message, key: str) -> list[Any]:
        """One value per agent, in the global order."""
        if key not in reply:
            raise ProtocolError(f"the message has no {key!r}")
        values = each_agents(reply[key], len(self._order), repr(key))
        return [values[place] for place in self._order.tolist()]

    def _read_rewards(self, reply: _Message) -> NDArray[np.float32]:
        pairs = zip(self._per_agent(reply, "reward"), self._agent_ids, strict=True)
        return np.array([as_float(value, "reward", agent) for value, agent in pairs], np.float32)

    def _read_done(self, reply: _Message) -> NDArray[np.bool_]:
        pairs = zip(self._per_agent(reply, "done"), self._agent_ids, strict=True)
        return np.array([as_flag(value, "done", agent) for value, agent in pairs], np.bool_)

    def _end(self, agent: int, observation: NDArray[np.float32]) -> EndedAgent:
        final = self._infos.final_observation(agent)
        if final is not None:
            layout = self.spec.groups[self._group_of[agent]].layout
            observation = flatten(layout, final, self._agent_ids[agent], "final observation")
        counted = (self._episodes[agent], self._returns[agent], self._lengths[agent])
        metrics = dict(zip(ALWAYS_MEASURED, map(float, counted), strict=True)) | self._infos.take_metrics(agent)
        self._episodes[agent] += self._stride
        self._returns[agent] = 0.0
        self._lengths[agent] = 0
        return EndedAgent(agent, observation, metrics)

    def _say_goodbye(self) -> None:
        self._json.send({"type": "close"}, time.monotonic() + 1.0)

    def _hang_up(self) -> None:
        self._json.socket.close()
