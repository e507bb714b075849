"""An exported policy as a player in training."""

from __future__ import annotations

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from spacetime_rl.export.schema import PolicySchema
from spacetime_rl.export.session import session_options
from spacetime_rl.modules.actions import sample_numpy, squash
from spacetime_rl.rollout.fragments import State
from spacetime_rl.rollout.opponents import OnnxFile

Floats = NDArray[np.float32]
_STATE = "state"


class OnnxPlayer:
    """Samples its actions, as learning policies do."""

    def __init__(self, name: str, file: OnnxFile, rng: np.random.Generator) -> None:
        self.memory = name  # the shape of its state is its own
        self._schema = PolicySchema.from_dict(dict(file.schema))
        self._session = onnxruntime.InferenceSession(
            file.content, session_options(), providers=["CPUExecutionProvider"]
        )
        self._rng = rng

    def initial_state(self, agents: int) -> State:
        """The recurrent state as one row of floats an agent; empty for a policy without any."""
        return {_STATE: np.zeros((agents, self._schema.state_size), np.float32)} if self._schema.state_size else {}

    def act(self, observations: Floats, state: State) -> tuple[Floats, State]:
        """Sampled actions f32[n, action_size] for observations f32[n, obs_dim], and the new state."""
        agents = len(observations)
        given = state[_STATE] if state else np.zeros(agents, np.float32)
        inputs = {"state_ins": given, **self._schema.feed(observations)}
        distribution, after = self._session.run(["distribution", "state_outs"], inputs)
        layout = self._schema.layout
        drawn = sample_numpy(distribution, layout.actions, self._rng)[0]
        return squash(drawn, layout.actions) if self._schema.squashed else drawn, {_STATE: after} if state else {}
