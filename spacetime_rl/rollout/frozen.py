"""Players that do not learn, as an env runner lets them act: snapshots, exported policies and the random policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
import ray
from numpy.typing import NDArray

from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.league.player import RANDOM, SCRIPTED
from spacetime_rl.modules.acting import ActingModule
from spacetime_rl.modules.actions import random_actions
from spacetime_rl.modules.masked import redraw_masked
from spacetime_rl.modules.numpy_forward import NumpyForward
from spacetime_rl.modules.recurrent_forward import RecurrentForward
from spacetime_rl.rollout.actor import PolicyActor
from spacetime_rl.rollout.fragments import State
from spacetime_rl.rollout.opponents import OnnxFile, Opponent, Opponents, OtherNetwork

Floats = NDArray[np.float32]
Key = tuple[str, str]  # the policy and the id of a player


class FrozenPlayer(Protocol):
    """Acts for any number of agents of one policy.

    Players with equal `memory` keep the recurrent states of their agents in the same arrays, of which each agent has a
    row.
    """

    @property
    def memory(self) -> str:
        """The name of those arrays."""

    def initial_state(self, agents: int) -> State:
        """The recurrent state at an episode's beginning, f32[agents, ...] by name; empty for a stateless player."""

    def act(self, observations: Floats, state: State) -> tuple[Floats, State]:
        """Actions f32[n, action_size] and the new state for observations f32[n, obs_dim]."""


class FrozenPlayers:
    """The players that the latest two directives name, built when they are first drawn. One for a runner.

    A player may have been drawn in the last step of the directive before. `build` makes the network of a policy, with
    any weights.
    """

    def __init__(
        self, build: Callable[[str], ActingModule], layouts: Mapping[str, PolicyLayout], rng: np.random.Generator
    ) -> None:
        self._build = build
        self._layouts = layouts
        self.rng = rng  # of all their actions
        self._named: Mapping[Key, Opponent] = {}
        self._named_before: Mapping[Key, Opponent] = {}
        self._built: dict[Key, FrozenPlayer] = {}

    def follow(self, opponents: Opponents | None) -> None:
        """Keep the players that these opponents and the ones before name, and forget all others."""
        self._named_before = self._named
        self._named = {opponent.key: opponent for opponent in opponents.players} if opponents else {}
        known = self._named.keys() | self._named_before.keys()
        self._built = {key: player for key, player in self._built.items() if key in known}

    def find(self, policy: str, player: str) -> FrozenPlayer:
        """The player of a policy with this id."""
        key = (policy, player)
        if key not in self._built:
            self._built[key] = self._make(self._named.get(key) or self._named_before[key])
        return self._built[key]

    def _make(self, opponent: Opponent) -> FrozenPlayer:
        layout = self._layouts[opponent.policy]
        if opponent.kind == SCRIPTED:
            return ScriptedPlayer(layout)
        if opponent.kind == RANDOM:
            return RandomPlayer(layout, self.rng)
        network = ray.get(opponent.network) if isinstance(opponent.network, ray.ObjectRef) else opponent.network
        if isinstance(network, OnnxFile):
            from spacetime_rl.rollout.onnx_player import OnnxPlayer  # onnxruntime is large, and seldom needed

            return OnnxPlayer(opponent.id, network, self.rng)
        if isinstance(network, OtherNetwork):
            module = network.plan.build()
            module.set_state(dict(network.weights))
            return NetworkPlayer(module, layout, self.rng, network.plan.key)
        module = self._build(opponent.policy)
        module.set_state(dict(network))
        return NetworkPlayer(module, layout, self.rng)


class ScriptedPlayer:
    """The game's own script, which acts for agents whose action is NaN (`GameLaunch.nan_asks_script`)."""

    memory = ""

    def __init__(self, layout: PolicyLayout) -> None:
        self._size = layout.action_size

    def initial_state(self, agents: int) -> State:
        """Empty."""
        del agents
        return {}

    def act(self, observations: Floats, state: State) -> tuple[Floats, State]:
        """NaN throughout."""
        return np.full((len(observations), self._size), np.nan, np.float32), state


class RandomPlayer:
    """The random policy: all actions that are allowed are equally likely."""

    memory = ""

    def __init__(self, layout: PolicyLayout, rng: np.random.Generator) -> None:
        self._layout, self._rng = layout, rng

    def initial_state(self, agents: int) -> State:
        """Empty."""
        del agents
        return {}

    def act(self, observations: Floats, state: State) -> tuple[Floats, State]:
        """Random actions; of the observations only the masks matter."""
        agents = len(observations)
        actions = random_actions(agents, self._layout.actions, self._rng)
        redraw_masked(actions, observations, self._layout, lambda _: self._rng.random(agents, np.float32))
        return actions, state


class NetworkPlayer:
    """A snapshot, which samples its actions as it did in training.

    `memory` is the same for networks of the same shape: all snapshots of a policy in a trial have one.
    """

    def __init__(
        self, module: ActingModule, layout: PolicyLayout, rng: np.random.Generator, memory: str = "network"
    ) -> None:
        self.memory = memory
        self._actor = PolicyActor(module, layout, rng)
        self._rng = rng
        self.module = module
        self.plain = NumpyForward.of(module)
        self.recurrent = RecurrentForward.of(module)  # at most one of both is not None

    @property
    def is_quick(self) -> bool:
        """Whether numpy computes it, together with others of the same shape."""
        return self.plain is not None or self.recurrent is not None

    def initial_state(self, agents: int) -> State:
        """The network's own."""
        return self._actor.initial_state(agents)

    def act(self, observations: Floats, state: State) -> tuple[Floats, State]:
        """Sampled actions."""
        if self.recurrent is not None:
            inputs, after = self.recurrent.decide(observations, state)
            return self.module.explore(inputs, self._rng)[0], dict(after)
        decision = self._actor.decide(observations, state)
        return decision.actions, decision.state


class Playing:
    """The agents of one policy in one game that frozen players play at present, and how they are computed.

    `rows` are int64 [m], and every row has its player in `players`. Networks of the same shape that numpy can compute
    are computed together, with stacked weights.
    """

    def __init__(self, rows: NDArray[np.int64], players: Sequence[FrozenPlayer], rng: np.random.Generator) -> None:
        self.rows = rows
        distinct = list(dict.fromkeys(players))
        at = {player: np.array([i for i, each in enumerate(players) if each is player]) for player in distinct}
        alike: dict[str, list[NetworkPlayer]] = {}
        for player in distinct:
            if isinstance(player, NetworkPlayer) and player.is_quick:
                alike.setdefault(player.memory, []).append(player)
        stacked = [players for players in alike.values() if len(players) > 1]
        self._stacks = [_Stack(players, [at[player] for player in players], rng) for players in stacked]
        together = {player for players in stacked for player in players}
        self._single = [(player, at[player]) for player in distinct if player not in together]

    def act(self, observations: Floats, states: Mapping[str, State], actions: Floats) -> None:
        """Write actions for observations [agents of the policy, obs_dim] into the rows of `actions`.

        `states` hold the recurrent state of every agent of the policy, by the `memory` of players.
        """
        seen = observations[self.rows]
        for stack in self._stacks:
            stack.act(seen, self.rows, states[stack.memory], actions)
        for player, places in self._single:
            rows = self.rows[places]
            state = states[player.memory]
            own, after = player.act(seen[places], {key: value[rows] for key, value in state.items()})
            actions[rows] = own
            for key, value in after.items():
                state[key][rows] = value


class _Stack:
    """Networks of the same shape, each for its own agents, in one forward pass."""

    def __init__(
        self, players: Sequence[NetworkPlayer], places: Sequence[NDArray[np.int64]], rng: np.random.Generator
    ) -> None:
        self.memory = players[0].memory
        self._explore = players[0].module.explore
        self._rng = rng
        plain = [player.plain for player in players if player.plain is not None]
        recurrent = [player.recurrent for player in players if player.recurrent is not None]
        self._plain = NumpyForward.stacked(plain) if plain else None
        self._recurrent = RecurrentForward.stacked(recurrent) if recurrent else None
        most = max(map(len, places))
        self._order = np.stack([np.resize(those, most) for those in places])  # a shorter row repeats its agents
        self._taken = np.concatenate([index * most + np.arange(len(those)) for index, those in enumerate(places)])
        self._places = np.concatenate(places)

    def act(self, seen: Floats, rows: NDArray[np.int64], state: State, actions: Floats) -> None:
        own = rows[self._places]
        if self._recurrent is not None:
            before = {key: value[rows[self._order]] for key, value in state.items()}
            inputs, after = self._recurrent.decide(seen[self._order], before)
            for key, value in after.items():
                state[key][own] = self._of_agents(value)
        else:
            assert self._plain is not None  # a stack has networks of either kind
            inputs = self._plain(seen[self._order])
        actions[own] = self._explore(self._of_agents(inputs), self._rng)[0]

    def _of_agents(self, values: Floats) -> Floats:
        rows: Floats = values.reshape(-1, values.shape[-1])[self._taken]
        return rows
