"""Random network distillation: what is new is paid for, in the learner alone."""

from __future__ import annotations

import copy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from support.fake_runs import make_config, make_ppo
from support.played import make_episodes
from support.toy_game import FakeGameOpener, make_group, make_layout

from spacetime_rl.config import RunConfig
from spacetime_rl.config.curiosity import CuriosityConfig
from spacetime_rl.contract import assign_policies
from spacetime_rl.errors import ContractError
from spacetime_rl.export.onnx import export_checkpoint
from spacetime_rl.game.spec import ImageField, PolicyLayout
from spacetime_rl.learning.curiosity import Curiosity, Novelty

WALKERS = (make_group("walker", 4, make_layout(3, 2)),)


def build(**curiosity: Any) -> Any:
    config = make_config(curiosity=curiosity) if curiosity else make_config()
    return make_ppo(FakeGameOpener(WALKERS, arenas=2, lengths=(5, 7)), config).build_algo()


def learner_of(algorithm: Any) -> Any:
    return algorithm.learner_group._learner


def flat(state: Any) -> dict[str, torch.Tensor]:
    return copy.deepcopy(dict(state["walker"]["networks"]))


@pytest.mark.usefixtures("ray_cluster")
def test_a_curious_policy_is_paid_in_training_only_and_its_networks_stay_with_the_learner(tmp_path: Path) -> None:
    algorithm, plain = build(weight=0.5), build()
    results = [algorithm.train() for _ in range(2)]
    plain.train()

    assert all(result["policy/walker/intrinsic_reward"] > 0.0 for result in results)
    assert "policy/walker/intrinsic_reward" not in plain.train()
    for name in ("learner_group", "env_runner"):
        states = [getattr(one, name).get_state() for one in (algorithm, plain)]
        assert set(states[0]) == set(states[1])
    weights = [one.learner_group.get_weights()["walker"] for one in (algorithm, plain)]
    assert set(weights[0]) == set(weights[1])
    assert "curiosity" not in learner_of(plain).get_state()

    algorithm.save_checkpoint(str(tmp_path))
    saved = flat(learner_of(algorithm).get_state()["curiosity"])
    algorithm.stop()
    plain.stop()
    (exported,) = export_checkpoint(tmp_path, tmp_path / "onnx")
    assert exported.parity <= 1e-5

    again = build(weight=0.5)
    again.load_checkpoint(str(tmp_path))
    restored = flat(learner_of(again).get_state()["curiosity"])
    assert all(value.equal(restored[key]) for key, value in saved.items())
    assert learner_of(again).get_state()["curiosity"]["walker"]["optimizer"]["state"]
    again.train()
    after = flat(learner_of(again).get_state()["curiosity"])
    for key in saved:
        assert after[key].equal(saved[key]) == key.startswith("target.")
    again.stop()


def test_what_was_seen_often_is_worth_less_than_what_is_new() -> None:
    torch.manual_seed(1)
    novelty = Novelty(3, CuriosityConfig(weight=1.0, predictor_lr=1e-2))
    known, new = torch.randn(500, 3), torch.randn(500, 3) + torch.tensor([3.0, -3.0, 3.0])
    novelty.observations.update(torch.cat([known, new]))
    before = novelty.errors(known).mean().item(), novelty.errors(new).mean().item()

    for _ in range(300):
        novelty.optimizer.zero_grad()
        novelty.errors(known).mean().backward()  # type: ignore[no-untyped-call]
        novelty.optimizer.step()

    assert novelty.errors(known).mean().item() < 0.05 * before[0]
    assert novelty.errors(new).mean().item() > 5.0 * novelty.errors(known).mean().item()


def test_a_step_is_paid_for_what_is_seen_after_it_by_the_spread_of_discounted_sums() -> None:
    torch.manual_seed(1)
    episodes = make_episodes((4, 1, 6))
    before = [episode.rewards.data.copy() for episode in episodes]
    layout = make_layout(1, 1)
    module = torch.nn.Linear(1, 1)
    module.layout = layout  # type: ignore[assignment]
    logged: dict[Any, float] = {}
    learner: Any = SimpleNamespace(
        module={"walker": SimpleNamespace(unwrapped=lambda: module)},
        metrics=SimpleNamespace(log_value=lambda key, value, **_: logged.update({key: value})),
        config=SimpleNamespace(minibatch_size=4, get_config_for_module=lambda _: SimpleNamespace(gamma=0.5)),
        should_module_be_updated=lambda _: True,
    )
    curiosity = Curiosity(CuriosityConfig(weight=2.0), learner)
    novelty = copy.deepcopy(curiosity._parts["walker"])

    curiosity.add_rewards({"walker": episodes})

    seen = [torch.from_numpy(episode.observations.data[1:]) for episode in episodes]
    novelty.observations.update(torch.cat(seen))
    errors = [novelty.errors(part).detach().numpy() for part in seen]
    sums = []
    for part in errors:
        total = 0.0
        for error in part:
            total = 0.5 * total + float(error)
            sums.append(total)
    added = [episode.rewards.data - old for episode, old in zip(episodes, before, strict=True)]
    for extra, error in zip(added, errors, strict=True):
        assert extra == pytest.approx(2.0 * error / np.std(sums), rel=1e-3, abs=1e-4)
    assert all(episode.rewards.data.dtype == np.float32 for episode in episodes)
    assert logged["walker", "intrinsic_reward"] == pytest.approx(np.concatenate(added).mean(), rel=1e-3)


def test_curiosity_is_refused_where_nothing_would_read_it() -> None:
    with pytest.raises(ValueError, match=r"curiosity\.weight: is read by PPO, not by SAC"):
        RunConfig.model_validate({"scenario": {"name": "fake"}, "algorithm": "SAC", "curiosity": {"weight": 1}})
    eye = PolicyLayout((), (ImageField("eye", (8, 8, 1)),), make_layout().actions)
    with pytest.raises(ContractError, match=r"curiosity\.weight: 'walker' sees images alone"):
        assign_policies(FakeGameOpener((make_group("walker", 1, eye),)).spec, make_config(curiosity={"weight": 1}))
