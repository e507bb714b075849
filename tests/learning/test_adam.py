"""Learning does not import torch's compiler, and its Adam computes what torch's computes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

from spacetime_rl.learning.adam import Adam

TESTS = Path(__file__).parents[1]
CODE = """
import sys
import torch
from support.fake_runs import make_config, make_ppo
from support.toy_game import FakeGameOpener, make_group, make_layout
from spacetime_rl.rollout.runner import GameEnvRunner
from ray.rllib.core.learner.training_data import TrainingData

algorithm = make_ppo(FakeGameOpener((make_group("walker", 2, make_layout()),)), make_config(curiosity={"weight": 0.1}))
runner = GameEnvRunner(algorithm, worker_index=0)
spec = algorithm.get_multi_rl_module_spec(spaces=runner.get_spaces(), inference_only=False)
learner = algorithm.learner_class(config=algorithm, module_spec=spec)
learner.build()
learner.update(training_data=TrainingData(episodes=runner.sample(num_timesteps=50)), timesteps={}, minibatch_size=50)
learner.set_state(learner.get_state())
runner.stop()
print(sorted({"torch._dynamo", "torch._inductor", "sympy", "mlflow", "matplotlib", "onnx"} & set(sys.modules)))
"""


def test_playing_and_learning_import_neither_torchs_compiler_nor_what_publishes_results() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", CODE], cwd=TESTS, capture_output=True, text=True, check=True, timeout=300
    )

    assert ran.stdout.splitlines()[-1] == "[]"


def test_it_computes_what_torchs_adam_computes() -> None:
    def train(make: Any) -> list[torch.Tensor]:
        torch.manual_seed(1)
        network = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Tanh(), torch.nn.Linear(5, 1))
        optimizer = make(network.parameters(), lr=0.01, fused=True)
        for _ in range(3):
            optimizer.zero_grad(set_to_none=True)
            network(torch.ones(4, 3)).square().mean().backward()
            optimizer.step()
            optimizer.load_state_dict(optimizer.state_dict())
        moments = [value for state in optimizer.state_dict()["state"].values() for value in state.values()]
        return [*network.parameters(), *moments]

    ours, torchs = train(Adam), train(torch.optim.Adam)

    assert len(ours) == len(torchs) == 16
    assert all(torch.equal(one, other) for one, other in zip(ours, torchs, strict=True))
