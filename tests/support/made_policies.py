"""Policies and checkpoints for the export and evaluation tests: real modules, as RLlib saves them, never trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from spacetime_rl.config import LstmConfig, ModelConfig, RunConfig
from spacetime_rl.config.algorithms import Algorithm
from spacetime_rl.game.spec import ActionField, AgentGroup, GameSpec, ImageField, ObservationField, PolicyLayout
from spacetime_rl.modules.acting import ActingModule
from spacetime_rl.modules.spec import make_module_spec
from spacetime_rl.runs.checkpoint import CheckpointMetadata

FIELDS = (ObservationField("pose", 4, "m"), ObservationField("rays", 3))
OTHERS = ObservationField("others", 12 * 5, "m", "entities", ("present", "x", "y", "z", "speed"))
MOVE = ActionField("move", "continuous", 2)
TURN = ActionField("turn", "continuous", 1)
GRAB = ActionField("grab", "discrete", 3)
JUMP = ActionField("jump", "discrete", 2)
CAMERA = ImageField("camera", (22, 24, 3))
MASKED_FIELDS = (ObservationField("mask/grab", 3, "", "mask"), *FIELDS, ObservationField("mask/jump", 2, "", "mask"))
LSTM = LstmConfig(cell_size=8, max_seq_len=4)


def make_layout(
    *actions: ActionField, images: Sequence[ImageField] = (), fields: Sequence[ObservationField] = FIELDS
) -> PolicyLayout:
    return PolicyLayout(tuple(fields), tuple(images), actions)


def make_policy(layout: PolicyLayout, algorithm: Algorithm = "PPO", **model: Any) -> Any:
    """A module with weights and statistics as large as a trained one's."""
    torch.manual_seed(0)
    module = make_module_spec(layout, ModelConfig(**{"hiddens": (16, 16), **model}), algorithm).build()
    for parameter in module.parameters():
        if parameter.dim() == 1:
            parameter.data += 0.3 * torch.randn_like(parameter)
    module.action_head.weight.data *= 200.0  # of a small initial gain
    module.update_normalizer(torch.rand(200, layout.obs_dim) * 3.0 - 1.0)
    assert isinstance(module, ActingModule)
    return module


def make_checkpoint(
    folder: Path, policies: Mapping[str, ActingModule], config: RunConfig | None = None, iteration: int = 7
) -> Path:
    """A checkpoint folder as training leaves it, as far as export reads it."""
    groups = tuple(AgentGroup(name, (f"{name}_0",), module.layout) for name, module in policies.items())
    spec = GameSpec("touch", 1, 90, 8, groups)
    config = config or RunConfig.model_validate({"scenario": {"name": "touch"}})
    for name, module in policies.items():
        module.save_to_path((folder / "learner_group" / "learner" / "rl_module" / name).absolute())
    CheckpointMetadata("a-run", config.to_dict(), spec.to_dict(), {"spacetime_rl": "0.1.0"}).write(folder, iteration)
    return folder
