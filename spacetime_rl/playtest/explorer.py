"""The explorer: a player that learns, while a playtest goes on, to come to places where nobody has been.

It is paid for map cells: for each cell that it enters for the first time in an episode, one over the root of the number
of episodes, of any player, that came there. Its policy is linear, and learns by REINFORCE (R. J. Williams 1992) on the
processor, in milliseconds an episode. Its noise lasts for many decisions, because one that changes at every decision
goes nowhere.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.contract import PolicyPlan
from spacetime_rl.episodes.episode import Episode
from spacetime_rl.evaluation.agents import places_of
from spacetime_rl.evaluation.policies import Actor, AgentGenerators, Floats
from spacetime_rl.game.masks import MASKED, masks_of
from spacetime_rl.game.spec import GameSpec, PolicyLayout
from spacetime_rl.playtest.places import Map

EXPLORER = "explorer"
_Numbers = NDArray[np.float64]
_Key = tuple[str, int, int]  # the game's policy, and the sizes of its observations and actions
_PERSISTENCE = (0.8, 0.95, 0.99)  # of the noise, from one decision to the next; each episode has one of them
_NOISE = 0.6  # standard deviation of the noise of a continuous action; the random policy's is 0.58
_DISCOUNT = 0.98
_BATCH = 1_000  # decisions between two updates of a policy
_LEARNING_RATE = 0.03
_RIDGE = 10.0


class Explorer:
    """A player like those of an evaluation. All games of a playtest in one process learn together.

    `cell` is the side of a map cell in m or px; without it it is a tenth of the arena's longer side, as in reports.
    """

    name = EXPLORER
    control: Literal["policy", "heuristic"] = "policy"
    scripted: tuple[str, ...] = ()
    in_game: Mapping[str, Path] = MappingProxyType({})

    def __init__(self, cell: float | None = None) -> None:
        self._cell = cell
        self._lock = threading.Lock()
        self._policies: dict[_Key, _Policy] = {}
        self._reached: Counter[str] = Counter()  # episodes by cell

    def make_actors(self, spec: GameSpec, plans: Sequence[PolicyPlan], seed: int, stochastic: bool) -> list[Actor]:
        """One actor per plan; it always samples."""
        del stochastic
        places = places_of(spec)
        return [
            _ExplorerActor(self._policy(spec, plan), AgentGenerators(seed, places[plan.agents]), seed) for plan in plans
        ]

    def learn(self, episode: Episode) -> None:
        """Count the cells of an episode of any player. Learn from it only if this player has played it."""
        grid = Map(episode.trace, self._cell)
        with self._lock:
            seen: set[str] = set()
            for agent in episode.trace.agents:
                cells = [grid.cell(position) for position in agent.positions]
                seen.update(filter(None, cells))
                if not any(cells):  # nobody knows where it was
                    continue
                if episode.player != self.name or agent.observations is None or agent.actions is None:
                    continue
                if not agent.actions.size:  # it never decided
                    continue
                policy = self._policies.get((agent.policy, agent.observations.shape[1], agent.actions.shape[1]))
                if policy is not None:
                    policy.add(agent.observations[:-1], agent.actions, self._rewards(cells))
            self._reached.update(seen)

    def _rewards(self, cells: Sequence[str]) -> Floats:
        """What each decision earned: the agent was in `cells` before the first one and after each."""
        entered = set(cells[:1])
        rewards = np.zeros(max(0, len(cells) - 1), np.float32)
        for decision, cell in enumerate(cells[1:]):
            if cell not in entered:
                entered.add(cell)
                rewards[decision] = 1.0 / np.sqrt(1.0 + self._reached[cell])
        return rewards

    def _policy(self, spec: GameSpec, plan: PolicyPlan) -> _Policy:
        """The policy of a plan, by the game's names for its agents' policies, which traces have, too."""
        groups = [group.name for group in spec.groups for _ in group.agents]
        size = plan.layout.vector_dim
        keys = [
            (name, size, plan.layout.action_size) for name in {groups[i % len(groups)] for i in plan.agents.tolist()}
        ]
        with self._lock:
            policy = next((self._policies[key] for key in keys if key in self._policies), None) or _Policy(plan.layout)
            self._policies |= dict.fromkeys(keys, policy)
        return policy


@dataclass(slots=True)
class _Memory:
    features: list[_Numbers] = field(default_factory=list)
    scores: list[_Numbers] = field(default_factory=list)
    returns: list[_Numbers] = field(default_factory=list)


class _Policy:
    """A linear policy: means of continuous actions, and logits of choices."""

    def __init__(self, layout: PolicyLayout) -> None:
        self.inputs = layout.vector_dim
        kinds = [field.kind for field in layout.actions for _ in range(field.width)]
        self.discrete: NDArray[np.bool_] = np.array(kinds) == "discrete"
        self.choices = [field.size for field in layout.actions if field.kind == "discrete"]
        # By the number of a choice among all choices its mask.
        self._masks = {mask.choice: mask for mask in masks_of(layout)}
        outputs = int((~self.discrete).sum()) + sum(self.choices)
        self._weights = np.zeros((self.inputs + 1, outputs))
        self._momentum, self._square, self._updates = np.zeros_like(self._weights), np.zeros_like(self._weights), 0
        self._count, self._mean, self._spread = 1e-4, np.zeros(self.inputs), np.ones(self.inputs)
        self._memory = _Memory()

    def decide(self, observations: Floats) -> tuple[_Numbers, list[_Numbers]]:
        """Means [n, continuous], and for every choice the probabilities [n, options]."""
        return self._split(self._features(observations) @ self._weights, observations)

    def add(self, observations: Floats, actions: Floats, rewards: Floats) -> None:
        """Take up an agent's episode: n decisions. The policy is updated when enough have come together."""
        if not len(actions):
            return
        self._normalise(observations)
        features = self._features(observations)
        means, chances = self._split(features @ self._weights, observations)
        off = [(actions[:, ~self.discrete] - means) / _NOISE]
        for chosen, probabilities in zip(actions[:, self.discrete].T.astype(int), chances, strict=True):
            off.append(np.eye(probabilities.shape[1])[chosen] - probabilities)
        returns = np.zeros(len(rewards) + 1)
        for step in reversed(range(len(rewards))):
            returns[step] = rewards[step] + _DISCOUNT * returns[step + 1]
        self._memory.features.append(features)
        self._memory.scores.append(np.concatenate(off, axis=1))
        self._memory.returns.append(returns[:-1])
        if sum(map(len, self._memory.returns)) >= _BATCH:
            self._update()

    def _update(self) -> None:
        """One step of Adam (D. P. Kingma, J. Ba 2015) along the gradient, beside a linear baseline."""
        features, scores, returns = (
            np.concatenate(part) for part in (self._memory.features, self._memory.scores, self._memory.returns)
        )
        self._memory = _Memory()
        squares = features.T @ features + _RIDGE * np.eye(features.shape[1])
        advantages = returns - features @ np.linalg.solve(squares, features.T @ returns)
        advantages /= advantages.std() + 1e-8
        gradient = features.T @ (scores * advantages[:, None]) / len(returns)
        self._updates += 1
        self._momentum = 0.9 * self._momentum + 0.1 * gradient
        self._square = 0.99 * self._square + 0.01 * gradient**2
        momentum, square = self._momentum / (1 - 0.9**self._updates), self._square / (1 - 0.99**self._updates)
        self._weights = self._weights + _LEARNING_RATE * momentum / (np.sqrt(square) + 1e-8)

    def _features(self, observations: Floats) -> _Numbers:
        scaled = (observations[:, : self.inputs] - self._mean) / np.sqrt(self._spread + 1e-4)
        return np.concatenate([np.clip(scaled, -3.0, 3.0), np.ones((len(scaled), 1))], axis=1)

    def _split(self, outputs: _Numbers, observations: Floats) -> tuple[_Numbers, list[_Numbers]]:
        continuous = int((~self.discrete).sum())
        parts = np.split(outputs[:, continuous:], np.cumsum(self.choices)[:-1], axis=1) if self.choices else []
        for number, mask in self._masks.items():
            parts[number] = np.where(mask.allowed(observations), parts[number], MASKED)
        weights = [np.exp(part - part.max(axis=1, keepdims=True)) for part in parts]
        return np.tanh(outputs[:, :continuous]), [part / part.sum(axis=1, keepdims=True) for part in weights]

    def _normalise(self, observations: Floats) -> None:
        seen = observations[:, : self.inputs]
        total = self._count + len(seen)
        off = seen.mean(axis=0) - self._mean
        self._spread = (
            self._count * self._spread + len(seen) * seen.var(axis=0) + off**2 * self._count * len(seen) / total
        ) / total
        self._mean = self._mean + off * len(seen) / total
        self._count = total


class _ExplorerActor:
    """Acts by a policy that learns between episodes."""

    def __init__(self, policy: _Policy, generators: AgentGenerators, seed: int) -> None:
        self._policy = policy
        self._generators = generators
        self._seed = seed
        agents = generators.agents
        self._noise = np.zeros((agents, int((~policy.discrete).sum())))
        self._chosen = np.zeros((agents, len(policy.choices)))
        self._persistence = np.zeros((agents, 1))  # of the running episode
        self._begins = np.ones((agents, 1), np.bool_)

    def begin(self, rows: NDArray[np.int64], episodes: NDArray[np.int64]) -> None:
        """Seed the random generators for these episodes, and draw how long the noise lasts in them."""
        self._generators.begin(rows, episodes)
        self._begins[rows] = True
        for row, episode in zip(rows.tolist(), episodes.tolist(), strict=True):
            self._persistence[row] = np.random.default_rng([self._seed, episode]).choice(_PERSISTENCE)

    def act(self, observations: Floats) -> Floats:
        """Actions with noise that lasts, float32 [n, action_size]."""
        policy = self._policy
        means, chances = policy.decide(observations)
        keep = np.where(self._begins, 0.0, self._persistence)
        self._begins[:] = False
        drawn = self._generators.normal(means.shape[1])
        self._noise = keep * self._noise + np.sqrt(1.0 - keep**2) * _NOISE * drawn
        uniform = self._generators.uniform(2 * len(chances))
        for number, probabilities in enumerate(chances):
            sums = np.cumsum(probabilities, axis=1)
            # The last choice that is possible at all, should the sum be rounded to less than the drawn number.
            last = (sums < sums[:, -1:]).sum(axis=1)
            new = np.minimum((uniform[:, [2 * number]] >= sums[:, :-1]).sum(axis=1), last)
            held = self._chosen[:, [number]].astype(int)
            possible = np.take_along_axis(probabilities, held, axis=1)[:, 0] > 0.0  # its mask may have changed
            stays = (uniform[:, 2 * number + 1] < keep[:, 0]) & possible
            self._chosen[:, number] = np.where(stays, self._chosen[:, number], new)
        actions = np.zeros((len(observations), len(policy.discrete)), np.float32)
        actions[:, ~policy.discrete] = np.clip(means + self._noise, -1.0, 1.0)
        actions[:, policy.discrete] = self._chosen
        return actions
