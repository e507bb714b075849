"""What a policy's network is built from, as a value that another trial of a sweep can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spacetime_rl.config.algorithms import ALL, Algorithm
from spacetime_rl.config.policy import ModelConfig
from spacetime_rl.game.spec import PolicyLayout

if TYPE_CHECKING:
    from spacetime_rl.modules.acting import ActingModule


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """A policy's algorithm, model and layout: two policies with equal plans have networks of the same shape."""

    algorithm: Algorithm
    model: ModelConfig
    layout: PolicyLayout

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "algorithm": self.algorithm,
            "model": self.model.model_dump(mode="json"),
            "layout": self.layout.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Any) -> NetworkPlan:
        """Read the output of `to_dict`. Raises ValueError, KeyError or TypeError for anything else."""
        if data["algorithm"] not in ALL:
            raise ValueError(f"unknown algorithm {data['algorithm']!r}")
        return cls(data["algorithm"], ModelConfig.model_validate(data["model"]), PolicyLayout.from_dict(data["layout"]))

    @property
    def key(self) -> str:
        """A text that only networks of the same shape have, for policies with the same layout."""
        return f"{self.algorithm} {self.model.model_dump_json()}"

    def build(self) -> ActingModule:
        """The network with random weights, without the parts that only the learner needs."""
        from spacetime_rl.modules.spec import make_module_spec  # torch takes seconds to import

        module: ActingModule = make_module_spec(self.layout, self.model, self.algorithm, inference_only=True).build()
        return module
