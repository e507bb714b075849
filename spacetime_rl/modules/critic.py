"""The part of a centralised critic that reads the other agents: encoded, and pooled to a vector of one width.

The value function of MAPPO (Yu et al. 2022) sees what all agents see. The pooling (Zaheer et al. 2017, "Deep Sets")
makes it independent of the number of agents and of their order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spacetime_rl.config.policy import ModelConfig
from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.modules.entities import make_trunk
from spacetime_rl.modules.normalizer import make_normalizer
from spacetime_rl.modules.symlog import symlog

JOINT = "joint"  # column of a batch: by policy, `ROWS` and `SEEN` of the other agents
ROWS = "rows"  # int64 [..., k]: for each of the policy's k agents in an arena its row in SEEN; 0 where it is not there
SEEN = "seen"  # the `Seen` of the policy

_ENCODED = 64  # width of an encoded agent
NOBODY = -1  # the team of an agent that is in none


@dataclass(frozen=True, slots=True)
class CriticSpec:
    """Which agents a value function sees, beside the agent whose value it is.

    `layouts` are those of all policies in an arena, by name. `teams` has, by policy, the number of each of its agents'
    team, in the order of the agents inside an arena; -1 for an agent in no team.
    """

    scope: Literal["arena", "team"]
    layouts: Mapping[str, PolicyLayout]
    teams: Mapping[str, tuple[int, ...]]

    @property
    def policies(self) -> tuple[str, ...]:
        """The policies whose agents are seen: those that observe numbers. Images of other agents are not seen."""
        return tuple(sorted(name for name, layout in self.layouts.items() if layout.vector_dim))

    def sees(self, policy: str, other: str) -> NDArray[np.bool_] | None:
        """Whether agents of `policy` see those of `other`, bool [k_policy, k_other]; None: all see all."""
        if self.scope == "arena":
            return None
        own, theirs = (np.array(self.teams[name]) for name in (policy, other))
        sees: NDArray[np.bool_] = (own[:, None] == theirs) & (own[:, None] != NOBODY)
        return sees

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, as it lies in a module's configuration."""
        layouts = {name: layout.to_dict() for name, layout in self.layouts.items()}
        return {"scope": self.scope, "layouts": layouts, "teams": {name: list(own) for name, own in self.teams.items()}}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read the output of `to_dict`."""
        layouts = {name: PolicyLayout.from_dict(layout) for name, layout in data["layouts"].items()}
        return cls(data["scope"], layouts, {name: tuple(own) for name, own in data["teams"].items()})


@dataclass(frozen=True, slots=True)
class Seen:
    """What all agents of one policy saw in a batch: float32 [1 + m, vector_dim], and the same prepared.

    Row 0 is zeros, for an agent that is not there. A minibatch refers to rows by number, so it holds all of them.
    """

    vectors: Tensor
    prepared: Tensor

    def __getitem__(self, rows: object) -> Self:
        """The same: a minibatch takes some rows of its other columns."""
        return self


class JointCritic(nn.Module):
    """Encodes the agents that an agent's value function sees, and pools them to float32 [..., features].

    Every policy has an encoder, and a normaliser whose statistics are the critic's own: a policy that does not learn in
    this run has none that follow.
    """

    features = 2 * _ENCODED + 1

    def __init__(self, spec: CriticSpec, model: ModelConfig) -> None:
        super().__init__()
        self.spec = spec
        self.policies = spec.policies
        self._agents = sum(len(spec.teams[policy]) for policy in spec.policies)
        self._symlog = model.symlog
        narrow = model.model_copy(update={"hiddens": (_ENCODED,)})
        layouts = [replace(spec.layouts[policy], images=()) for policy in spec.policies]
        widths = [layout.vector_dim * (1 if model.symlog is None else 2) for layout in layouts]
        self.encoders = nn.ModuleList(
            make_trunk(width, layout, narrow) for width, layout in zip(widths, layouts, strict=True)
        )
        normalizers = [make_normalizer(layout, model) for layout in layouts]
        self.normalizers = nn.ModuleList(normalizer for normalizer in normalizers if normalizer is not None)

    def look(self, policy: str, vectors: Tensor) -> Seen:
        """Prepare what a policy's agents saw, float32 [1 + m, vector_dim]; valid until the next `update`."""
        at = self.spec.policies.index(policy)
        prepared = self.normalizers[at](vectors) if self.normalizers else vectors
        if self._symlog is not None:
            prepared = torch.cat([prepared, symlog(vectors, self._symlog)], -1)
        return Seen(vectors, prepared)

    def update(self, joint: Mapping[str, Mapping[str, Any]]) -> None:
        """Merge what the agents saw in a batch into the statistics."""
        for policy, normalizer in zip(self.spec.policies, self.normalizers, strict=False):
            normalizer.update(joint[policy][SEEN].vectors[1:])  # type: ignore[operator]  # nn.ModuleList's gap

    def forward(self, joint: Mapping[str, Mapping[str, Any]]) -> Tensor:
        """Mean and maximum over the agents that are there, and their share of all agents.

        `joint` is the column JOINT of a batch; the result is float32 [..., features], 0 where no agent is there.
        """
        encoded, there = [], []
        for policy, encoder in zip(self.spec.policies, self.encoders, strict=True):
            rows, seen = joint[policy][ROWS], joint[policy][SEEN].prepared
            # The cheaper order: each row once, although several agents see it, or only the rows of this minibatch.
            few = rows.numel() < len(seen)
            encoded.append(encoder(seen[rows], ()) if few else encoder(seen, ())[rows])
            there.append(rows > 0)
        return _pool(torch.cat(encoded, -2), torch.cat(there, -1), self._agents)


def _pool(encoded: Tensor, there: Tensor, agents: int) -> Tensor:
    """[..., n, features] of n agents, of which bool [..., n] are there, to [..., 2 * features + 1]."""
    mask = there.unsqueeze(-1)
    count = mask.sum(-2)
    mean = (encoded * mask).sum(-2) / count.clamp(min=1)
    most = encoded.masked_fill(~mask, -torch.inf).amax(-2).masked_fill(count == 0, 0.0)
    return torch.cat([mean, most, count / agents], -1)
