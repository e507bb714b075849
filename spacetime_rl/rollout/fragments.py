"""Arrays with the decisions of one policy's agents in one game, and their conversion to RLlib episodes."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ray.rllib.core.columns import Columns
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.env.utils.infinite_lookback_buffer import InfiniteLookbackBuffer

from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.rollout.places import PLACE, PolicyPlaces

State = dict[str, NDArray[np.float32]]  # the recurrent state: f32[n, ...] by name; empty for a stateless policy

RUNNING, TERMINATED, TRUNCATED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision of a policy for its n agents.

    Holds actions f32[n, a], log-probabilities f32[n], distribution inputs f32[n, k], and for a recurrent policy the
    state after the decision, f32[n, ...] by name.
    """

    actions: NDArray[np.float32]
    logps: NDArray[np.float32]
    inputs: NDArray[np.float32]
    state: State


class PolicyFragment:
    """`steps` decisions of one policy's n agents. Agents come first, so that an episode is one slice of one row."""

    def __init__(self, layout: PolicyLayout, agents: int, steps: int, state: State) -> None:
        n = agents
        self.steps = steps
        self.observations = np.empty((n, steps + 1, layout.obs_dim), np.float32)
        self.actions = np.empty((n, steps, layout.action_size), np.float32)
        self.logps = np.empty((n, steps), np.float32)
        self.inputs = np.empty((n, steps, 0), np.float32)
        self.initial_state = {key: value.copy() for key, value in state.items()}
        self.states = {key: np.empty((n, steps, *value.shape[1:]), np.float32) for key, value in state.items()}
        # Final observations by (row, step), of episodes that ended in this fragment.
        self.finals: dict[tuple[int, int], NDArray[np.float32]] = {}

    def add(self, step: int, observations: NDArray[np.float32], decision: Decision) -> None:
        """Record the observations f32[n, obs_dim] of a step and the policy's decision on them."""
        if not step:
            n, width = decision.inputs.shape
            self.inputs = np.empty((n, self.steps, width), np.float32)
        self.observations[:, step] = observations
        self.actions[:, step] = decision.actions
        self.logps[:, step] = decision.logps
        self.inputs[:, step] = decision.inputs
        for key, value in decision.state.items():
            self.states[key][:, step] = value


@dataclass(frozen=True, slots=True)
class Outcome:
    """Results of the steps: rewards f32[n, t], acted bool[n, t], ending u8[n, t] (RUNNING, TERMINATED or TRUNCATED)."""

    rewards: NDArray[np.float32]
    acted: NDArray[np.bool_]
    ending: NDArray[np.uint8]


def make_episodes(
    fragment: PolicyFragment,
    outcome: Outcome,
    ages: NDArray[np.int64],
    module: str,
    agents: Sequence[str],
    places: PolicyPlaces | None = None,
) -> list[SingleAgentEpisode]:
    """Cut a fragment into episodes and pieces of episodes, whose arrays are views of the fragment's.

    `ages[n]` is the number of decisions of the running episode before the fragment; it is updated to the fragment's
    end. A piece that ends its episode holds the true final observation. With `places`, each piece holds its `Place`.
    """
    pieces = [(row, piece, age) for row in range(len(agents)) for piece, age in _pieces(outcome, row, ages)]
    episodes = [_make_episode(fragment, outcome, row, piece, age, module, agents[row]) for row, piece, age in pieces]
    if places is not None:
        for episode, (row, piece, _) in zip(episodes, pieces, strict=True):
            episode.custom_data[PLACE] = places.of(row, piece.start)
    return episodes


def _pieces(outcome: Outcome, row: int, ages: NDArray[np.int64]) -> Iterator[tuple[slice, int]]:
    """Ranges of decisions that belong to one episode, each with the episode's age at the range's first decision."""
    acted = np.flatnonzero(outcome.acted[row])
    ended = outcome.ending[row, acted] != RUNNING
    for stretch in np.split(acted, np.flatnonzero(ended) + 1):
        if len(stretch):
            yield slice(int(stretch[0]), int(stretch[-1]) + 1), int(ages[row])
            over = outcome.ending[row, stretch[-1]] != RUNNING
            ages[row] = 0 if over else ages[row] + len(stretch)


def _make_episode(
    fragment: PolicyFragment, outcome: Outcome, row: int, piece: slice, age: int, module: str, agent: str
) -> SingleAgentEpisode:
    last = piece.stop - 1
    ending = outcome.ending[row, last]
    observations = fragment.observations[row, piece.start : piece.stop + 1]
    if ending != RUNNING:
        observations = np.concatenate([observations[:-1], fragment.finals[row, last][None]])
    piece_id = uuid.uuid4().hex  # unique per piece, because pieces of one episode would otherwise share a batch key
    return SingleAgentEpisode(
        id_=piece_id,
        multi_agent_episode_id=piece_id,
        agent_id=agent,
        module_id=module,
        observations=InfiniteLookbackBuffer(observations),
        actions=InfiniteLookbackBuffer(fragment.actions[row, piece]),
        rewards=InfiniteLookbackBuffer(outcome.rewards[row, piece]),
        infos=InfiniteLookbackBuffer([{}] * len(observations)),
        terminated=bool(ending == TERMINATED),
        truncated=bool(ending == TRUNCATED),
        extra_model_outputs=_extra_outputs(fragment, row, piece, age),
        t_started=age,
        len_lookback_buffer=0,
    )


def _extra_outputs(
    fragment: PolicyFragment, row: int, piece: slice, age: int
) -> dict[str, InfiniteLookbackBuffer | dict[str, InfiniteLookbackBuffer]]:
    outputs = {
        Columns.ACTION_LOGP: InfiniteLookbackBuffer(fragment.logps[row, piece]),
        Columns.ACTION_DIST_INPUTS: InfiniteLookbackBuffer(fragment.inputs[row, piece]),
    }
    if fragment.states:
        states = {key: value[row, piece] for key, value in fragment.states.items()}
        if age:  # the state before the piece's first step, where RLlib's learner pipeline expects it
            states = {key: np.concatenate([fragment.initial_state[key][row, None], states[key]]) for key in states}
        outputs[Columns.STATE_OUT] = InfiniteLookbackBuffer(states, lookback=1 if age else 0)
    return outputs
