"""PPO's batches where value functions see other agents: for each step the rows of what the others saw.

With teams, an agent whose part ended early keeps its share of what the team earns later: posthumous credit, as in
MA-POCA (Cohen et al. 2021). Nothing follows the last step of an agent that terminated, except for its team:

    target of the last step = reward + gamma * mean of V(mate's next observation) over the mates that play on
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from ray.rllib.env.single_agent_episode import SingleAgentEpisode

from spacetime_rl.learning.batches.columns import Batch, to_tensors
from spacetime_rl.learning.batches.gae import Judged, Others, Rows, judge, make_train_batch
from spacetime_rl.learning.batches.joint import JointView
from spacetime_rl.modules.critic import JointCritic
from spacetime_rl.modules.policy import PolicyModule

Episodes = Mapping[str, Sequence[SingleAgentEpisode]]


def make_joint_batches(
    modules: Mapping[str, PolicyModule],
    episodes: Episodes,
    configs: Mapping[str, Any],
    report: Callable[[str, NDArray[np.float32]], None] = lambda _, __: None,
    rows: Rows = lambda batch, compute: compute(batch),
) -> dict[str, Batch]:
    """The batches of the policies in `modules`, from the `episodes` of all policies, also of those that do not learn.

    `configs` has the gamma and the lambda_ of each policy in `modules`. `report` receives each policy's name and its
    advantages before they are standardised. `rows` is that of `judge`.
    """
    view = JointView.of(episodes)
    judged = {
        policy: judge(module, episodes[policy], _others(module, policy, view), rows)
        for policy, module in modules.items()
    }
    batches = {}
    for policy, module in modules.items():
        config = configs[policy]
        if module.critic is not None and module.critic.spec.scope == "team":
            judged[policy] = judged[policy].followed_by(_team_values(policy, module.critic, view, judged))
        batches[policy] = make_train_batch(
            module, episodes[policy], config.gamma, config.lambda_, judged[policy], partial(report, policy)
        )
    return batches


def _others(module: PolicyModule, policy: str, view: JointView) -> dict[str, Others]:
    critic = module.critic
    return {} if critic is None else {other: _seen(module, critic, policy, other, view) for other in critic.policies}


def _seen(module: PolicyModule, critic: JointCritic, policy: str, other: str, view: JointView) -> Others:
    size = critic.spec.layouts[other].vector_dim
    if other in view.vectors:
        vectors, rows = view.vectors[other][:, :size], view.others(policy, other, critic.spec.sees(policy, other))
    else:  # none of its agents played
        vectors, rows = np.zeros((1, size), np.float32), np.zeros((len(view.moments[policy].moment), 1), np.int64)
    (tensor,) = to_tensors({other: vectors}, module).values()
    with torch.no_grad():
        return Others(rows, critic.look(other, tensor))


def _team_values(
    policy: str, critic: JointCritic, view: JointView, judged: Mapping[str, Judged]
) -> NDArray[np.float32]:
    """For each observation of a policy the mean value of the agent's team-mates that play on; 0 if none does."""
    total = np.zeros(len(view.moments[policy].moment), np.float32)
    count = np.zeros(len(total), np.int64)
    for mate, own in judged.items():
        rows = view.others(policy, mate, critic.spec.sees(policy, mate))
        on = np.concatenate([[False], ~view.moments[mate].terminated])[rows]
        total += np.where(on, np.concatenate([np.zeros(1, np.float32), own.values])[rows], 0.0).sum(-1)
        count += on.sum(-1)
    return (total / np.maximum(count, 1)).astype(np.float32)
