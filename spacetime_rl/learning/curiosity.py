"""Random network distillation (Burda et al. 2018): an intrinsic reward for observations that are new to a policy.

A predictor learns the outputs of a random network that never changes. Where it errs, it has seen little that is alike.
Both networks belong to the learner: they are in its checkpoints, and neither runners nor exported policies have them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.env.utils.infinite_lookback_buffer import InfiniteLookbackBuffer
from torch import Tensor, nn

from spacetime_rl.config.curiosity import CuriosityConfig
from spacetime_rl.learning.adam import Adam
from spacetime_rl.learning.share import ALONE, Share
from spacetime_rl.modules.network import make_linear, make_mlp
from spacetime_rl.modules.normalizer import RunningNormalizer

CURIOSITY = "curiosity"  # the key of RLlib's `config.env_config` with the settings, and of a learner's state
INTRINSIC_REWARD = "intrinsic_reward"  # a policy's metric: the mean of a step, times its weight
_CLIP = 5.0  # of normalised observations, as in the paper
_LEAST_SPREAD = 1e-8
_SEEN = "seen"


class Explorer(Protocol):
    """What a learner offers to be curious."""

    module: Any  # RLlib's MultiRLModule of ActingModules
    metrics: Any  # RLlib's MetricsLogger
    config: Any  # RLlib's AlgorithmConfig

    def should_module_be_updated(self, module_id: str) -> bool:
        """Whether the policy learns."""


class Curiosity:
    """The networks of all policies of a learner."""

    def __init__(self, settings: CuriosityConfig, learner: Explorer, share: Share = ALONE) -> None:
        self._settings = settings
        self._learner = learner
        self._parts: dict[str, Novelty] = {}
        for policy in filter(learner.should_module_be_updated, list(learner.module.keys())):
            module = learner.module[policy].unwrapped()
            device = next(module.parameters()).device
            self._parts[policy] = Novelty(module.layout.vector_dim, settings, share).to(device)
            share.agree(self._parts[policy])

    def add_rewards(self, episodes: Mapping[str, Sequence[SingleAgentEpisode]]) -> None:
        """Add the intrinsic reward of each step to the rewards of every policy's episodes, and train the predictors."""
        for policy, own in episodes.items():
            part = self._parts[policy]
            gamma = float(self._learner.config.get_config_for_module(policy).gamma)
            bonus = self._settings.weight * part.rewards(own, gamma)
            lengths = [len(episode) for episode in own]
            for episode, extra in zip(own, np.split(bonus, np.cumsum(lengths)[:-1]), strict=True):
                episode.rewards = InfiniteLookbackBuffer(episode.rewards.data + extra)
            part.learn(own, self._learner.config.minibatch_size)
            self._learner.metrics.log_value((policy, INTRINSIC_REWARD), float(bonus.mean()), window=1)

    def get_state(self) -> dict[str, Any]:
        """Everything that a resumed run needs, by policy."""
        return {
            policy: {"networks": part.state_dict(), "optimizer": part.optimizer.state_dict()}
            for policy, part in self._parts.items()
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Take over what `get_state` returned."""
        for policy, saved in state.items():
            self._parts[policy].load_state_dict(saved["networks"])
            self._parts[policy].optimizer.load_state_dict(saved["optimizer"])


class Novelty(nn.Module):
    """How new an observation vector [vector_dim] is to one policy."""

    def __init__(self, vector_dim: int, settings: CuriosityConfig, share: Share = ALONE) -> None:
        super().__init__()
        self._share = share
        self.target = _make_network(vector_dim, settings).requires_grad_(False)
        self.predictor = _make_network(vector_dim, settings)
        self.observations = RunningNormalizer(vector_dim, _CLIP)
        self.sums = RunningNormalizer(1, 1.0)  # its statistics alone are used: those of discounted sums of errors
        self.optimizer = Adam(self.predictor.parameters(), lr=settings.predictor_lr)

    @torch.no_grad()
    def rewards(self, episodes: Sequence[SingleAgentEpisode], gamma: float) -> NDArray[np.float32]:
        """The reward of every step, f32 [steps]: the error on what was observed after it, divided by a running spread.

        The spread is the standard deviation of the errors' discounted sums, over all steps so far. A sum begins anew
        with every piece of an episode.
        """
        seen = self._seen(episodes)
        self.observations.update(seen)
        errors: NDArray[np.float32] = self._share.rows({_SEEN: seen}, self._errors).cpu().numpy()
        sums = _discounted_sums(errors, [len(episode) for episode in episodes], gamma)
        self.sums.update(torch.from_numpy(sums)[:, None].to(seen.device))
        return errors / np.float32(max(_LEAST_SPREAD, float(self.sums.var.sqrt())))

    def errors(self, seen: Tensor) -> Tensor:
        """The predictor's mean squared error on observations [n, vector_dim], as [n]."""
        normalized = self.observations(seen)
        wrong: Tensor = self.predictor(normalized) - self.target(normalized)
        return wrong.square().mean(-1)

    def learn(self, episodes: Sequence[SingleAgentEpisode], minibatch_size: int) -> None:
        """Train the predictor once on everything that was observed."""
        seen = self._seen(episodes)
        order = torch.randperm(len(seen), device=seen.device)
        for rows in torch.split(order, minibatch_size):
            self.optimizer.zero_grad(set_to_none=True)
            loss = self._share.mean({_SEEN: seen[rows]}, lambda batch: self._errors(batch).mean())
            loss.backward()  # type: ignore[no-untyped-call]  # torch's own gap
            self._share.add_up(self.predictor.parameters(), loss)
            self.optimizer.step()

    def _errors(self, batch: Mapping[str, Tensor]) -> Tensor:
        return self.errors(batch[_SEEN])

    def _seen(self, episodes: Iterable[SingleAgentEpisode]) -> Tensor:
        """What was observed after each step, without images."""
        size, device = len(self.observations.mean), self.observations.mean.device
        seen = np.concatenate([episode.observations.data[1:, :size] for episode in episodes])
        return torch.from_numpy(seen).to(device)


def curiosity_of(learner: Explorer, share: Share) -> Curiosity | None:
    """What makes a learner curious; None where its weight is 0."""
    settings: CuriosityConfig | None = (learner.config.env_config or {}).get(CURIOSITY)
    return None if settings is None else Curiosity(settings, learner, share)


def _make_network(vector_dim: int, settings: CuriosityConfig) -> nn.Sequential:
    widths = (vector_dim, *settings.layers)
    return nn.Sequential(make_mlp(widths, "relu"), make_linear(widths[-1], settings.features, 1.0))


def _discounted_sums(errors: NDArray[np.float32], lengths: Sequence[int], gamma: float) -> NDArray[np.float32]:
    """For every step the sum of its error and the earlier ones of its piece, times `gamma` for each step between."""
    sums = errors.copy()
    begins = np.cumsum(lengths) - lengths
    for step in range(1, max(lengths)):
        rows = begins[np.array(lengths) > step] + step
        sums[rows] += np.float32(gamma) * sums[rows - 1]
    return sums
