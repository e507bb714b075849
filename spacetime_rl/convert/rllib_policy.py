"""The policies of RLlib's new API stack: modules that give the inputs of an action distribution, and DQN's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from ray.rllib.core.columns import Columns
from ray.rllib.core.distribution.torch.torch_distribution import TorchSquashedGaussian
from ray.rllib.core.models.base import ENCODER_OUT
from ray.rllib.core.models.torch.heads import TorchFreeLogStdMLPHead
from torch import Tensor, nn

from spacetime_rl.convert.foreign import ForeignPolicy, Heads
from spacetime_rl.convert.rllib_checkpoint import SavedModule
from spacetime_rl.convert.spaces import ForeignSpaces
from spacetime_rl.errors import UsageError
from spacetime_rl.modules.acting import Acted

_QF_PREDS = "qf_preds"  # RLlib's name for the values of DQN's choices
_LEAST_LOG_STD, _GREATEST_LOG_STD = -20.0, 2.0  # RLlib's limits for a squashed Gaussian


def make_policy(saved: SavedModule, named: ForeignSpaces) -> RllibPolicy:
    """Build a policy's module and load its weights; `named` are its spaces. Raises UsageError."""
    try:
        module = saved.module_class(**saved.arguments)
        module.set_state(saved.state)
    except Exception as error:  # a constructor can fail in any way
        raise UsageError(
            f"{saved.folder}: its network cannot be built; Ray {saved.version} wrote it: {error}"
        ) from error
    return RllibPolicy(module.eval(), named, str(saved.folder))


class RllibPolicy(ForeignPolicy):
    """A module with RLlib's own way to decide. RLlib normalises continuous actions: they are in [-1, 1]."""

    def __init__(self, module: Any, named: ForeignSpaces, where: str) -> None:
        super().__init__(replace(named, middle=None, span=None))
        self.module = module
        for head in module.modules():
            if isinstance(head, TorchFreeLogStdMLPHead):
                head._forward = partial(_free_head, head)
        self.with_values = callable(getattr(module, "compute_q_values", None)) and not _gives_inputs(module, named)
        self.distribution = module.get_inference_action_dist_cls()
        self.squashed = isinstance(self.distribution, type) and issubclass(self.distribution, TorchSquashedGaussian)
        self.lstm = _memory(module, where)

    def decide(self, observation: Any) -> Heads:
        """What the module makes of observations, without memory."""
        batch = {Columns.OBS: observation}
        if self.with_values:
            return Heads(logits=[self._action_values(batch)])
        return self._heads(self.module.forward_inference(batch)[Columns.ACTION_DIST_INPUTS])

    def act(self, vector: Tensor, images: Sequence[Tensor], state: Mapping[str, Tensor] | None) -> Acted:
        """The distribution's inputs and the new recurrent state."""
        if state is None:
            return super().act(vector, images, state)
        observation = self.spaces.observe(vector, images)
        assert isinstance(observation, Tensor)  # Dicts are flattened before the module
        # A sequence of one decision; RLlib's states are [batch, layers, cells].
        batch = {
            Columns.OBS: observation[:, None],
            Columns.STATE_IN: {key: value[:, None] for key, value in state.items()},
        }
        found = self.module.forward_inference(batch)
        new = {key: found[Columns.STATE_OUT][key][:, 0] for key in ("h", "c")}
        return Acted(self._arrange(self._heads(found[Columns.ACTION_DIST_INPUTS][:, 0]), vector), vector, new)

    def decide_as_library(self, observations: NDArray[np.float32], state: NDArray[np.float32]) -> NDArray[np.float32]:
        """The actions of the module's own inference and distribution."""
        seen = torch.from_numpy(self.spaces.observe_numpy(observations))
        batch: dict[str, Any] = {Columns.OBS: seen}
        if self.lstm is not None:
            h, c = torch.from_numpy(state).chunk(2, -1)
            batch = {Columns.OBS: seen[:, None], Columns.STATE_IN: {"h": h[:, None], "c": c[:, None]}}
        with torch.no_grad():
            found = self.module.forward_inference(batch)
            if Columns.ACTIONS in found:
                taken = found[Columns.ACTIONS]
            else:
                inputs = found[Columns.ACTION_DIST_INPUTS]
                inputs = inputs[:, 0] if self.lstm is not None else inputs
                chosen = self.distribution.from_logits(inputs)
                # Its deterministic form would be the number before the tanh, which training never plays.
                taken = chosen._squash(chosen.loc) if self.squashed else chosen.to_deterministic().sample()
        numbers: list[NDArray[Any]] = [np.zeros((len(observations), 0), np.float32)]
        choices = [np.zeros((len(observations), 0), np.int64)]
        for space, value in zip(_leaves(self.module.action_space), _values(taken), strict=True):
            rows = value.numpy().reshape(len(observations), -1)
            (numbers if isinstance(space, spaces.Box) else choices).append(rows)
        return self.spaces.join_actions(self.spaces.to_unit(np.concatenate(numbers, -1)), np.concatenate(choices, -1))

    def _action_values(self, batch: dict[str, Any]) -> Tensor:
        """The values of DQN's choices."""
        module = self.module
        if not module.uses_dueling or module.num_atoms > 1:
            return module.compute_q_values(batch)[_QF_PREDS]  # type: ignore[no-any-return]
        # The same as RLlib's, which looks for infinite numbers on the way: operators that few programs read.
        features = module.encoder(batch)[ENCODER_OUT]
        advantages = module.af(features)
        return module.vf(features) + advantages - advantages.mean(-1, keepdim=True)  # type: ignore[no-any-return]

    def _heads(self, inputs: Tensor) -> Heads:
        means: list[Tensor] = []
        log_stds: list[Tensor] = []
        logits: list[Tensor] = []
        for space, part in zip(_leaves(self.module.action_space), torch.split(inputs, self._widths(), -1), strict=True):
            if isinstance(space, spaces.Box):
                mean, log_std = part.chunk(2, -1)
                means.append(mean)
                log_stds.append(log_std.clamp(_LEAST_LOG_STD, _GREATEST_LOG_STD) if self.squashed else log_std)
            elif isinstance(space, spaces.MultiDiscrete):
                logits += torch.split(part, [int(n) for n in space.nvec], -1)
            else:
                logits.append(part)
        if not means:
            return Heads(logits=logits)
        return Heads(torch.cat(means, -1), torch.cat(log_stds, -1), logits)

    def _widths(self) -> list[int]:
        return [_width(space) for space in _leaves(self.module.action_space)]


def _free_head(head: Any, inputs: Tensor, **_: Any) -> Tensor:
    """What RLlib's head computes, without a fixed number of rows, which exporters would write into the file."""
    means = head.net(inputs)
    log_stds = head.log_std
    if head.clip_log_std:
        log_stds = log_stds.clamp(-head.log_std_clip_param_const, head.log_std_clip_param_const)
    return torch.cat([means, log_stds.expand_as(means)], -1)


def _gives_inputs(module: Any, named: ForeignSpaces) -> bool:
    """Whether inference gives the inputs of a distribution, as SAC's does, which has values, too."""
    example = torch.zeros(1, named.layout.vector_dim)
    with torch.no_grad():
        return Columns.ACTION_DIST_INPUTS in module.forward_inference({Columns.OBS: example})


def _memory(module: Any, where: str) -> nn.LSTM | None:
    """The LSTM of a module with memory; None without. Raises UsageError for memory of another form."""
    if not module.is_stateful():
        return None
    found = [part for part in module.modules() if isinstance(part, nn.LSTM)]
    if len(found) != 1 or found[0].num_layers != 1 or set(module.get_initial_state()) != {"h", "c"}:
        raise UsageError(f"{where}: its memory is not a single LSTM of one layer, which alone is converted")
    return found[0]


def _leaves(space: spaces.Space[Any]) -> list[spaces.Space[Any]]:
    """The spaces of a Dict or Tuple in RLlib's order, or the space itself."""
    if isinstance(space, spaces.Dict):
        return [leaf for _, inner in sorted(space.spaces.items()) for leaf in _leaves(inner)]
    if isinstance(space, spaces.Tuple):
        return [leaf for inner in space.spaces for leaf in _leaves(inner)]
    return [space]


def _values(taken: Any) -> list[Tensor]:
    if isinstance(taken, Mapping):
        return [value for _, inner in sorted(taken.items()) for value in _values(inner)]
    return [value for inner in taken for value in _values(inner)] if isinstance(taken, tuple) else [taken]


def _width(space: spaces.Space[Any]) -> int:
    """How many of the distribution's inputs a space takes."""
    if isinstance(space, spaces.Box):
        return 2 * int(np.prod(space.shape))
    return int(space.nvec.sum()) if isinstance(space, spaces.MultiDiscrete) else int(space.n)  # type: ignore[attr-defined]
