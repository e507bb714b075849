"""How far a policy is from demonstrated actions, for every kind of policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from ray.rllib.core.columns import Columns
from torch import Tensor

from spacetime_rl.modules.acting import ActingModule
from spacetime_rl.modules.actions import HALF_LOG_TWO_PI, plan_actions
from spacetime_rl.modules.q_values import QModule


def imitation_loss(module: ActingModule, batch: Mapping[str, Any], margin: float, *, free_spread: bool) -> Tensor:
    """The loss for each decision of a batch, [...] like its ACTIONS without the last dimension.

    - Policies of PPO, APPO and IMPALA: the negative log-likelihood of the demonstrated action. With `free_spread`
      continuous numbers count with the policy's own standard deviation, which fits the demonstrations. Without, they
      count with `exp(model.initial_log_std)`, and the policy's own is left alone, so that it goes on exploring; the
      loss is then less by its constant part, and 0 where every action is the demonstrated one.
    - SAC: half the squared distance between the policy's most probable action and the demonstrated one. A likelihood
      is of no use: actions of -1 and 1, which scripts and keyboards often choose, have none under a squashed Gaussian.
    - DQN: the large margin loss (Hester et al. 2018, equation 2): the value of the demonstrated choice should exceed
      every other one by `margin`.
    """
    inputs, actions = module.act_on(batch).inputs, batch[Columns.ACTIONS]
    if isinstance(module, QModule):
        return _margin_loss(inputs, actions, margin)
    distribution = module.get_train_action_dist_cls()
    if module.squashed:
        distance: Tensor = (distribution.from_logits(inputs).mean.tanh() - actions).square()
        return 0.5 * distance.sum(-1)
    if free_spread:
        likelihood: Tensor = distribution.from_logits(inputs).logp(actions)
        return -likelihood
    plan, log_std = plan_actions(module.layout.actions), float(module.model_config["initial_log_std"])
    is_log_std = torch.zeros(plan.inputs_dim, dtype=torch.bool, device=inputs.device)
    is_log_std[torch.from_numpy(plan.log_stds)] = True
    nll: Tensor = -distribution.from_logits(inputs.masked_fill(is_log_std, log_std)).logp(actions)
    return nll - len(plan.means) * (log_std + HALF_LOG_TWO_PI)


def _margin_loss(values: Tensor, actions: Tensor, margin: float) -> Tensor:
    chosen = actions.long()
    raised = (values + margin).scatter(-1, chosen, values.gather(-1, chosen))
    return raised.max(-1).values - values.gather(-1, chosen).squeeze(-1)
