"""The networks of a league's snapshots: from the learner to a file and to what runners need, and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ray.rllib.core.learner.learner import Learner
from ray.rllib.core.learner.learner_group import LearnerGroup

from spacetime_rl.export.weights import save_weights
from spacetime_rl.learning.learners import on_first
from spacetime_rl.modules.acting import ActingModule
from spacetime_rl.rollout.opponents import Weights


def save_snapshot(learners: LearnerGroup, policy: str, file: Path) -> Weights:
    """Write a policy's whole network into a file, and return the weights that acting needs."""

    def save(learner: Learner) -> Weights:
        module = _network(learner, policy)
        save_weights(module, file)
        return {name: np.array(value) for name, value in module.get_state(inference_only=True).items()}

    weights: Weights = on_first(learners, save)
    return weights


def load_snapshot(learners: LearnerGroup, policy: str, file: Path) -> Weights:
    """The weights that acting needs, from a file of `save_snapshot`."""

    def load(learner: Learner) -> Weights:
        with np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in _network(learner, policy).get_state(inference_only=True)}

    weights: Weights = on_first(learners, load)
    return weights


def _network(learner: Learner, policy: str) -> ActingModule:
    module: ActingModule = learner.module[policy].unwrapped()
    return module
