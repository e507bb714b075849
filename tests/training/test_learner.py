"""Minibatches that suit policies of different sizes."""

from __future__ import annotations

import torch

from spacetime_rl.rollout.gae import Batch
from spacetime_rl.training.learner import _minibatches


def make_batch(rows: int) -> Batch:
    return {"action_logp": torch.arange(rows), "state_in": {"h": torch.arange(rows)}}


def test_every_policy_sees_each_of_its_steps_once_an_epoch_in_as_many_gradient_steps() -> None:
    batches = {"many": make_batch(1000), "few": make_batch(130)}
    minibatches = list(_minibatches(batches, 250, num_epochs=2, num_total=0))
    assert len(minibatches) == 8
    for policy, size in (("many", 250), ("few", 33)):
        assert max(len(minibatch[policy]["action_logp"]) for minibatch in minibatches) == size
        for epoch in (minibatches[:4], minibatches[4:]):
            seen = torch.cat([minibatch[policy]["action_logp"] for minibatch in epoch])
            assert sorted(seen.tolist()) == list(range(len(seen)))
            assert seen.tolist() != list(range(len(seen)))


def test_columns_of_a_minibatch_belong_to_the_same_steps() -> None:
    for minibatch in _minibatches({"one": make_batch(50)}, 10, num_epochs=1, num_total=0):
        assert minibatch["one"]["action_logp"].equal(minibatch["one"]["state_in"]["h"])


def test_a_policy_with_fewer_steps_than_minibatches_is_left_out_of_some() -> None:
    minibatches = list(_minibatches({"many": make_batch(100), "few": make_batch(3)}, 10, num_epochs=1, num_total=0))
    assert sum("few" in minibatch for minibatch in minibatches) == 3


def test_several_learners_do_the_number_of_gradient_steps_they_agreed_on() -> None:
    assert len(list(_minibatches({"one": make_batch(100)}, 50, num_epochs=4, num_total=5))) == 5


def test_nothing_to_learn_from_gives_no_minibatch() -> None:
    assert not list(_minibatches({}, 50, num_epochs=4, num_total=0))
