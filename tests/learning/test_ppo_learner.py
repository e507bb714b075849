"""PPO's loss, and minibatches that suit policies of different sizes."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner
from support.experience import EXPERIENCED, make_experience

from spacetime_rl.config.policy import ModelConfig
from spacetime_rl.learning.batches.columns import Batch
from spacetime_rl.learning.ppo_learner import SpacetimePPOLearner, _minibatches
from spacetime_rl.modules.policy import PolicyModule
from spacetime_rl.modules.spec import make_module_spec


@pytest.mark.parametrize("share_trunk", [False, True])
@pytest.mark.parametrize("entropy_coeff", [0.0, 0.02])
def test_the_loss_and_its_gradient_are_rllibs(share_trunk: bool, entropy_coeff: float) -> None:
    torch.manual_seed(3)
    model = ModelConfig(hiddens=(16, 16), share_trunk=share_trunk)
    module = make_module_spec(EXPERIENCED, model).build()
    assert isinstance(module, PolicyModule)
    batch = make_experience(module)
    config = SimpleNamespace(clip_param=0.1, vf_clip_param=2.0, vf_loss_coeff=0.5, use_kl_loss=False, use_critic=True)
    learner: Any = SimpleNamespace(
        module={"pilot": SimpleNamespace(unwrapped=lambda: module)},
        metrics=SimpleNamespace(log_dict=lambda *_, **__: None),
        entropy_coeff_schedulers_per_module={"pilot": SimpleNamespace(get_current_value=lambda: entropy_coeff)},
    )

    def learn_from(kind: type[PPOTorchLearner]) -> tuple[torch.Tensor, list[torch.Tensor]]:
        output = module.forward_train(batch)
        loss = kind.compute_loss_for_module(learner, module_id="pilot", config=config, batch=batch, fwd_out=output)
        parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
        return loss, list(torch.autograd.grad(loss, parameters))

    torch.testing.assert_close(learn_from(SpacetimePPOLearner), learn_from(PPOTorchLearner))


def make_batch(rows: int) -> Batch:
    return {"action_logp": torch.arange(rows), "state_in": {"h": torch.arange(rows)}}


def test_every_policy_sees_each_of_its_steps_once_an_epoch_in_as_many_gradient_steps() -> None:
    batches = {"many": make_batch(1000), "few": make_batch(130)}
    minibatches = list(_minibatches(batches, 250, num_epochs=2, num_total=0))
    assert len(minibatches) == 8
    for policy, size in (("many", 250), ("few", 33)):
        assert max(len(minibatch[policy]["action_logp"]) for minibatch in minibatches) == size
        for epoch in (minibatches[:4], minibatches[4:]):
            seen = torch.cat([cast(torch.Tensor, minibatch[policy]["action_logp"]) for minibatch in epoch])
            assert sorted(seen.tolist()) == list(range(len(seen)))
            assert seen.tolist() != list(range(len(seen)))


def test_columns_of_a_minibatch_belong_to_the_same_steps() -> None:
    for minibatch in _minibatches({"one": make_batch(50)}, 10, num_epochs=1, num_total=0):
        states = cast(Mapping[str, torch.Tensor], minibatch["one"]["state_in"])
        assert cast(torch.Tensor, minibatch["one"]["action_logp"]).equal(states["h"])


def test_a_policy_with_fewer_steps_than_minibatches_is_left_out_of_some() -> None:
    minibatches = list(_minibatches({"many": make_batch(100), "few": make_batch(3)}, 10, num_epochs=1, num_total=0))
    assert sum("few" in minibatch for minibatch in minibatches) == 3


def test_several_learners_do_the_number_of_gradient_steps_they_agreed_on() -> None:
    assert len(list(_minibatches({"one": make_batch(100)}, 50, num_epochs=4, num_total=5))) == 5


def test_nothing_to_learn_from_gives_no_minibatch() -> None:
    assert not list(_minibatches({}, 50, num_epochs=4, num_total=0))
