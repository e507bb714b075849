"""PPO's learner for experience that was played with weights older than the learner's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from ray.rllib.core.columns import Columns
from ray.rllib.evaluation.postprocessing import Postprocessing

from spacetime_rl.learning.batches.columns import Batch
from spacetime_rl.learning.ppo_learner import SpacetimePPOLearner

MOST_WEIGHT = 2.0  # of an action that the present policy takes far more often than the one that took it


class OlderExperienceLearner(SpacetimePPOLearner):
    """PPO whose clipped loss is centred on the policy that an update begins with, whichever policy played.

    PPO keeps the new policy near the one that played. Where that one is an update old, the policy has already moved,
    and much of the next update is clipped away. Hilton et al. 2021 ("Batch size-invariance for policy optimization",
    section 2) separate the two: the clipped ratio compares with the policy at the update's begin, and each advantage
    is weighted by how much likelier that policy takes the action than the one that played, here at most `MOST_WEIGHT`.
    """

    def prepare(self, policy: str, batch: Batch) -> Batch:
        """The batch with the probabilities of the present policy, and with weighted advantages."""
        ready = super().prepare(policy, batch)
        module = self.policy(policy)
        make = module.get_train_action_dist_cls().from_logits

        def decide(own: Batch) -> torch.Tensor:
            inputs: torch.Tensor = module.forward_train(own)[Columns.ACTION_DIST_INPUTS]
            return inputs

        with torch.no_grad():
            inputs = self.share.rows(ready, decide)
            logp = make(inputs).logp(ready[Columns.ACTIONS])
        return {**ready, **recentred(ready, inputs, logp)}


def recentred(batch: Mapping[str, Any], inputs: torch.Tensor, logp: torch.Tensor) -> dict[str, Any]:
    """The columns of a batch that change where a policy with these outputs, not the one that played, is the centre.

    `inputs` are the parameters of the present policy's distributions, [rows, ...], and `logp` the logarithms of the
    probabilities of the actions that were taken.
    """
    weights = torch.exp(logp - batch[Columns.ACTION_LOGP]).clamp(max=MOST_WEIGHT)
    return {
        Columns.ACTION_LOGP: logp,
        Columns.ACTION_DIST_INPUTS: inputs,
        Postprocessing.ADVANTAGES: weights * batch[Postprocessing.ADVANTAGES],
    }
