"""Play numbered episodes one at a time in a game of one arena, and keep what a game did before it failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.config import RunConfig
from spacetime_rl.config.playtest import PlaceConfig
from spacetime_rl.contract import assign_policies
from spacetime_rl.episodes.episode import Build, Control, Episode, make_episode
from spacetime_rl.episodes.joined import joined
from spacetime_rl.episodes.replay import actions_of
from spacetime_rl.errors import GameError
from spacetime_rl.evaluation.play import EvaluationWorker
from spacetime_rl.evaluation.sources import Source
from spacetime_rl.game.api import EndedAgent, Game, StepResult
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.game.trace import AgentTrace, Trace, everything
from spacetime_rl.playtest.repeats import Probe, failed, first_difference, first_part, once_more
from spacetime_rl.playtest.sighting import Played
from spacetime_rl.playtest.stock_places import with_places

Actions = list[NDArray[np.float32]]
Act = Callable[[StepResult], Actions]
Open = Callable[[GameLaunch], Game]

LEAST_OF_STOCK, MOST_OF_STOCK = 200, 1_000  # decisions of an episode of a stock game
_STRIDE = 1_000_000  # between the numbers of a stock game's episodes, each of which has random actions of its own


class Abandoned(Exception):
    """The playtest was stopped in the middle of an episode, which is as if it had not begun."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is played: the build, its configuration, and the seed of the episodes."""

    launch: GameLaunch
    config: RunConfig
    build: Build
    seed: int
    most_decisions: int  # of an episode; a longer one is cut off
    open_game: Open = open_game
    stopped: Callable[[], bool] = lambda: False  # asked before every decision
    probe: Probe | None = None  # of a stock game, once it was probed
    places: Mapping[str, PlaceConfig] = field(default_factory=dict)  # in the observations of a stock game, by policy


@dataclass(frozen=True, slots=True)
class Beginning:
    """How an episode begins. `params` are parameters that a lesson had set after the game had started."""

    seed: int
    number: int
    params: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, episode: Episode) -> Beginning:
        """As a recorded episode began."""
        return cls(episode.seed, episode.trace.episode, episode.params)


class Seat:
    """One game for one player. The game is started when it is needed, and again after a fault."""

    def __init__(self, setting: Setting, control: Control = "policy", name: str = "playtest") -> None:
        self._setting = setting
        self._control = control
        self._launch = replace(setting.launch, arenas=1, seed=setting.seed, control=control, name=name)
        self._game: Game | None = None
        self._has_begun = False  # an episode of the running game
        self.exit_fault = ""  # of the last game that crashed while it exited

    def close(self) -> None:
        """End the game."""
        if self._game is not None:
            self._game.close()
            self.exit_fault = self._game.exit_fault or self.exit_fault
        self._game = None

    def __enter__(self) -> Seat:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def game(self) -> Game:
        """The running game. Raises GameError if it does not start."""
        if self._game is None:
            self._game, self._has_begun = self._setting.open_game(self._launch), False
        return self._game

    def probe(self) -> Probe | None:
        """Whether a stock game repeats itself; None for a game with our addon. Raises GameError at its start."""
        if not self.game.spec.is_stock:
            return None
        config, seed = self._setting.config, self._setting.seed
        tape, first = first_part(self.game, config, seed)
        self.close()
        second = once_more(self.game, seed, tape)
        differs_after = first_difference(first, second)
        if differs_after is not None:
            self.close()
            return Probe("no", differs_after)
        if failed(first):  # in the last decision
            self.close()
            tape = tape[:-1]
            second = once_more(self.game, seed, tape)
        third = once_more(self.game, seed, tape)
        self.close()
        return Probe("in a new game" if first_difference(second, third) is not None else "after a reset")

    def play(self, number: int, source: Source) -> Played:
        """Let a player play an episode. A fault of the game is part of the result.

        Raises GameError if the game does not start, and Abandoned.
        """
        begin = Beginning(self._seed_of(number), number)
        game = self._game_for(begin)
        plans = assign_policies(game.spec, self._setting.config)
        actors = source.make_actors(game.spec, plans, self._setting.seed, self._setting.config.evaluation.stochastic)
        worker = EvaluationWorker(game.spec, plans, actors)
        worker.reset(number, self.stride)
        return self.perform(begin, source.name, worker.act, worker.end)

    def replay(self, episode: Episode) -> Played:
        """Play a recorded episode again. Raises EpisodeError, and GameError at its start."""
        return self.replay_actions(episode, actions_of(episode, self.game.spec), whole=True)

    def replay_actions(self, episode: Episode, actions: Sequence[Actions], whole: bool) -> Played:
        """Play the episode with other actions, one list of arrays per decision.

        If the game fails, all that happened before is only found out if the `whole` is wanted: it takes a second game.
        """
        taken = iter(actions)
        begin = Beginning.of(episode)
        return self.perform(begin, episode.player, lambda _: next(taken, []), whole=whole, anew=True)

    def perform(
        self,
        begin: Beginning,
        player: str,
        act: Act,
        end: Callable[[EndedAgent], object] = lambda _: None,
        whole: bool = True,
        anew: bool = False,
    ) -> Played:
        """Play one episode: `act` decides until it returns nothing, and `end` receives every agent that has ended.

        With `anew` an episode of a stock game is the first one of a new game, as a replay of its recording is.
        """
        game, tape = self._game_for(begin, anew), list[Actions]()
        metrics: dict[str, dict[str, float]] = {}
        names = [name for group in game.spec.groups for name in group.agents]
        number = begin.number
        try:
            state = self._begin(begin)
            while not self._is_over(len(tape), len(metrics) == len(names)):
                actions = [part.copy() for part in act(state)]
                if not actions:  # the recorded ones are over
                    break
                if self._setting.stopped():
                    raise Abandoned
                tape.append(actions)
                state = game.step(actions)
                for ended in state.ended:
                    metrics[names[ended.agent]] = _with_success_of(metrics.get(names[ended.agent], {}), ended.metrics)
                    end(ended)
            trace = joined(game.traces(unfinished=True), number, game.spec, self.stride)
            assert trace is not None  # it was requested
            if begin.params:  # the next episode begins without them
                self.close()
            return Played(self._episode(game.spec, trace, begin, player, metrics))
        except GameError as fault:
            if not fault.can_pass:
                raise
            seen = self._seen_before(game, number, tape)
            self.close()
            before = self._trace_before(begin, tape, game.spec) if whole and not game.spec.is_stock else seen
            trace = before or _of_actions(number, tape, game.spec)
            episode = self._episode(game.spec, trace, begin, player, metrics)
            return Played(replace(episode, control=self._control, fault=fault.fault), fault)

    def _begin(self, begin: Beginning) -> StepResult:
        game = self.game
        if begin.params:
            game.configure(begin.params)
        game.traces(everything() if game.spec.is_stock else everything(begin.number + 1))
        self._has_begun = True
        return game.reset(begin.seed, begin.number, self.stride)

    def _trace_before(self, begin: Beginning, tape: Sequence[Actions], spec: GameSpec) -> Trace | None:
        """What had happened when the game failed: the same decisions but the last, once more in a new game.

        None if the new game does not get as far.
        """
        before: Trace | None = None
        with suppress(GameError):
            self._begin(begin)
            for actions in tape[:-1]:
                self.game.step(actions)
            traces = self.game.traces(unfinished=True)
            before = next((trace for trace in traces if trace.episode == begin.number), None)
        self.close()
        return before and _with_last_action(before, tape, spec)

    def _seed_of(self, number: int) -> int:
        """The seed of an episode; one of a stock game has that of the game in which it is played."""
        setting = self._setting
        if setting.probe is None or setting.probe.repeats == "after a reset":
            return setting.seed
        if setting.probe.repeats == "no" and self._game is not None:
            return self._launch.seed
        return setting.seed + number

    def _game_for(self, begin: Beginning, anew: bool = False) -> Game:
        """The game for an episode: a stock game is started anew for another seed, or if a reset is not enough."""
        probe = self._setting.probe
        if probe is not None:
            used = self._has_begun and (anew or probe.repeats == "in a new game")
            if used or self._launch.seed != begin.seed:
                self.close()
            self._launch = replace(self._launch, seed=begin.seed)
        return self.game

    @property
    def stride(self) -> int:
        """Between the numbers of the episodes that an agent plays in this game one after another."""
        return _STRIDE if self.game.spec.is_stock else 1

    def _is_over(self, decisions: int, all_have_ended: bool) -> bool:
        """Whether an episode is over. Agents of a stock game begin anew by themselves, so that play may go on."""
        most = self._setting.most_decisions
        if self.game.spec.is_stock:
            return decisions >= (min(most, LEAST_OF_STOCK) if all_have_ended else min(most, MOST_OF_STOCK))
        return all_have_ended or decisions >= most

    def _seen_before(self, game: Game, number: int, tape: Sequence[Actions]) -> Trace | None:
        """What Python itself has noted of an episode in which a stock game failed; None for a game with our addon."""
        seen = joined(game.traces(unfinished=True), number, game.spec, _STRIDE) if game.spec.is_stock else None
        if seen is None:
            return None
        agents = tuple(replace(agent, ending="running") for agent in seen.agents)  # they have begun anew
        return _with_last_action(replace(seen, agents=agents), tape, game.spec)

    def _episode(
        self,
        spec: GameSpec,
        trace: Trace,
        begin: Beginning,
        player: str,
        metrics: Mapping[str, Mapping[str, float]],
    ) -> Episode:
        setting = self._setting
        trace = with_places(trace, setting.places)
        episode = make_episode(spec, trace, setting.build, setting.config, begin.seed, player, metrics)
        return replace(episode, params=begin.params)


def _by_agent(actions: Actions, spec: GameSpec) -> Iterator[tuple[str, NDArray[np.float32]]]:
    for group, rows in zip(spec.groups, actions, strict=True):
        yield from zip(group.agents, rows, strict=True)


def _with_success_of(before: Mapping[str, float], now: dict[str, float]) -> dict[str, float]:
    """What an agent reports at its end; it has succeeded if it did so in an earlier episode of the same play."""
    return now | (
        {"success": max(before["success"], now["success"])} if "success" in before and "success" in now else {}
    )


def _with_last_action(before: Trace, tape: Sequence[Actions], spec: GameSpec) -> Trace:
    """The trace with the decision in which the game failed."""
    last = dict(_by_agent(tape[-1], spec)) if tape else {}
    agents = tuple(_with_action(agent, last.get(agent.name), spec) for agent in before.agents)
    return _with_unknown_state(replace(before, agents=agents))


def _with_unknown_state(trace: Trace) -> Trace:
    """The trace with one state more, whose hashes are 0, as those of states that nobody knows."""
    if trace.hashes is None or trace.part_hashes is None:
        return trace
    parts = np.concatenate([trace.part_hashes, np.zeros((1, len(trace.parts)), np.uint32)])
    return replace(trace, hashes=np.append(trace.hashes, np.uint64(0)), part_hashes=parts)


def _with_action(agent: AgentTrace, action: NDArray[np.float32] | None, spec: GameSpec) -> AgentTrace:
    """The trace of an agent that is still playing, with one action more and an unknown row after it."""
    if agent.ending != "running" or action is None or agent.actions is None or not len(agent.ticks):
        return agent

    def again(rows: NDArray[np.float32] | None) -> NDArray[np.float32] | None:
        return None if rows is None else np.concatenate([rows, rows[-1:]])

    images = {name: np.concatenate([pixels, pixels[-1:]]) for name, pixels in agent.images.items()}

    width = agent.actions.shape[1] if agent.actions.size else len(action)
    return replace(
        agent,
        ticks=np.append(agent.ticks, agent.ticks[-1] + (spec.action_repeat or 1)),
        positions=np.concatenate([agent.positions, agent.positions[-1:]]),
        velocities=again(agent.velocities),
        rewards={name: np.append(sums, sums[-1]) for name, sums in agent.rewards.items()},
        actions=np.concatenate([agent.actions.reshape(-1, width), action[None]]),
        decision_rewards=None if agent.decision_rewards is None else np.append(agent.decision_rewards, np.float32(0)),
        observations=again(agent.observations),
        images=images,
    )


def _of_actions(number: int, tape: Sequence[Actions], spec: GameSpec) -> Trace:
    """A trace of which only the actions are known."""
    by_agent: dict[str, list[NDArray[np.float32]]] = {name: [] for group in spec.groups for name in group.agents}
    for actions in tape:
        for name, action in _by_agent(actions, spec):
            by_agent[name].append(action)
    rows = len(tape) + 1
    policy_of = {name: group for group in spec.groups for name in group.agents}
    agents = tuple(
        AgentTrace(
            name=name,
            policy=policy_of[name].name,
            ending="running",
            ticks=np.arange(rows, dtype=np.int64) * (spec.action_repeat or 1),
            positions=np.zeros((rows, 3), np.float32),
            velocities=None,
            rewards={},
            actions=np.array(taken, np.float32).reshape(len(tape), policy_of[name].layout.action_size),
        )
        for name, taken in by_agent.items()
    )
    return Trace(number, agents, (), {}, spec.physics_hz or 60)
