"""A policy's whole network as numpy arrays, for warm starts: the ONNX file holds only what acting needs."""

from __future__ import annotations

from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch

from spacetime_rl.config import RunConfig
from spacetime_rl.errors import CheckpointError
from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.modules.acting import ActingModule
from spacetime_rl.modules.spec import make_module_spec


def save_weights(module: ActingModule, file: Path) -> None:
    """Write weights and statistics by their torch names, with their dtypes, in a file that contains no code."""
    np.savez_compressed(file, **{name: tensor.cpu().numpy() for name, tensor in module.state_dict().items()})


def load_weights(file: Path, policy: str, layout: PolicyLayout, config: RunConfig) -> ActingModule:
    """Build the network that `config` describes for a policy and load its weights. Raises CheckpointError."""
    module: ActingModule = make_module_spec(layout, config.policy_model(policy), config.algorithm).build()
    try:
        with np.load(file, allow_pickle=False) as arrays:
            module.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    except (OSError, ValueError, RuntimeError, BadZipFile) as error:
        raise CheckpointError(f"{file}: does not hold the weights of {policy}: {error}") from error
    return module
