"""One policy as an env runner uses it: a forward pass in numpy or torch, and sampling of actions in numpy."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from ray.rllib.core.columns import Columns

from spacetime_rl.game.masks import MASKED
from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.modules.acting import ActingModule
from spacetime_rl.modules.actions import sample_numpy
from spacetime_rl.modules.numpy_forward import NumpyForward
from spacetime_rl.rollout.fragments import Decision, State


class PolicyActor:
    """Decides for any number of agents of one policy at once.

    Puts the module into eval mode once and calls the method that RLlib's public forward methods wrap, because the
    public methods change the mode at every call, which takes about 300 µs.
    """

    def __init__(self, module: ActingModule, layout: PolicyLayout, rng: np.random.Generator) -> None:
        self._module = module
        self._layout = layout
        self._rng = rng
        module.eval()
        self._fast = NumpyForward.of(module)

    def initial_state(self, agents: int) -> State:
        """The recurrent state at an episode's beginning, f32[agents, ...] by name; empty for a stateless policy."""
        return {key: np.tile(value.numpy(), (agents, 1)) for key, value in self._module.get_initial_state().items()}

    def decide(self, observations: NDArray[np.float32], state: State) -> Decision:
        """Sample actions for observations f32[n, obs_dim]."""
        inputs, state_out = self.infer(observations, state)
        actions, logps = self._module.explore(inputs, self._rng)
        return Decision(actions, logps, inputs, state_out)

    def decide_greedily(self, observations: NDArray[np.float32], state: State) -> Decision:
        """The most probable actions for observations f32[n, obs_dim]. Their log-probabilities are set to 0."""
        inputs, state_out = self.infer(observations, state)
        actions = self._module.exploit(inputs)
        return Decision(actions, np.zeros(len(actions), np.float32), inputs, state_out)

    def decide_randomly(self, observations: NDArray[np.float32], state: State) -> Decision:
        """Random actions, as a network output of zeros gives them: noise of unit size, or equal probabilities."""
        inputs, state_out = self.infer(observations, state)
        inputs = np.where(inputs <= MASKED, inputs, np.float32(0.0))
        actions, logps = sample_numpy(inputs, self._layout.actions, self._rng)
        return Decision(actions, logps, inputs, state_out)

    def infer(self, observations: NDArray[np.float32], state: State) -> tuple[NDArray[np.float32], State]:
        """The distribution's inputs f32[n, k] for observations f32[n, obs_dim], and the new recurrent state."""
        if self._fast is not None:
            return self._fast(observations), {}
        batch: dict[str, object] = {Columns.OBS: torch.from_numpy(observations)}
        if state:
            batch[Columns.STATE_IN] = {key: torch.from_numpy(value) for key, value in state.items()}
        with torch.inference_mode():
            output = self._module._forward(batch)
        state_out = {key: value.numpy() for key, value in output.get(Columns.STATE_OUT, {}).items()}
        return output[Columns.ACTION_DIST_INPUTS].numpy(), state_out
