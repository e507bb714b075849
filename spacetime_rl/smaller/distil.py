"""Distil policies: small networks learn, in the game, to decide as the trained ones do.

The students act, and the teachers say what they would have done there (policy distillation: A. Rusu and others, 2016;
labels on the learner's own states: S. Ross and others, 2011). The first round is played by the teachers, because
untrained students see little of a game.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from ray.rllib.core.columns import Columns
from torch import Tensor
from torch.nn import functional

from spacetime_rl.errors import UsageError
from spacetime_rl.export.checkpoint import Checkpoint
from spacetime_rl.game.restarts import RestartBudget
from spacetime_rl.modules.acting import ActingModule
from spacetime_rl.modules.q_values import QModule
from spacetime_rl.modules.spec import make_module_spec
from spacetime_rl.rollout.actor import PolicyActor
from spacetime_rl.rollout.fragments import Decision, State
from spacetime_rl.rollout.make_plan import plan_rollout
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.rollout.sampler import GameSampler, play_together

Floats = NDArray[np.float32]
Say = Callable[[str], None]
_DECISIONS = 128  # of each agent in a round
_KEPT = 400_000  # observations of a policy that are learned from; the oldest go first
_MINIBATCH = 1024
_LR, _FINAL_LR = 1.0e-3, 1.0e-4


@dataclass(frozen=True, slots=True)
class Budget:
    """How long students learn: decisions of all agents together, and passes over what was seen after each round."""

    agent_steps: int = 200_000
    epochs: int = 2


def distil(
    checkpoint: Checkpoint,
    hiddens: tuple[int, ...],
    logs: Path,
    budget: Budget | None = None,
    seed: int = 0,
    say: Say = lambda _: None,
) -> dict[str, ActingModule]:
    """Students of all policies of a checkpoint, by name, with hidden layers of the widths `hiddens`.

    `logs` is the folder of the game's logs; `say` receives a line a round. Raises UsageError for policies with memory,
    GameError and ContractError.
    """
    budget = budget or Budget()
    teachers = {name: checkpoint.load_module(name).eval() for name in checkpoint.policies}
    recurrent = [name for name, teacher in teachers.items() if teacher.lstm is not None]
    if recurrent:
        raise UsageError(f"distill {checkpoint.path}: {', '.join(recurrent)}: has an LSTM, and is not distilled")
    torch.manual_seed(seed)
    students = {name: _make_student(checkpoint, name, teacher, hiddens) for name, teacher in teachers.items()}
    config = checkpoint.config.model_copy(update={"seed": seed})
    plan = replace(plan_rollout(config, logs), lessons=(), reward_hook=None, recorder=None)
    with _one_thread(), _Class(plan, teachers, students, np.random.default_rng(seed)) as group:
        rounds = max(1, round(budget.agent_steps / (_DECISIONS * plan.spec.num_agents)))
        for index in range(rounds):
            seen = group.play(index)
            losses = group.learn(seen, budget.epochs, index / max(1, rounds - 1))
            steps = sum(len(observations) for observations in seen.values())
            figures = " ".join(f"{name}={loss:.4f}" for name, loss in losses.items())
            say(f"round={index + 1}/{rounds} agent_steps={steps} divergence: {figures}")
    return {name: student.eval() for name, student in students.items()}


class _Class:
    """A game that students play, and their teachers in the first round."""

    def __init__(
        self,
        plan: RolloutPlan,
        teachers: Mapping[str, ActingModule],
        students: Mapping[str, ActingModule],
        rng: np.random.Generator,
    ) -> None:
        actors = [PolicyActor(students[policy.name], policy.layout, rng) for policy in plan.policies]
        self._teachers = {
            id(actor): PolicyActor(teachers[policy.name], policy.layout, rng)
            for actor, policy in zip(actors, plan.policies, strict=True)
        }
        limits = (plan.max_lifetime_restarts, plan.restarts_rate_limit_n, plan.restarts_rate_limit_period_s)
        self._sampler = GameSampler(plan, actors, 0, 0, RestartBudget(*limits), lambda _: None)
        self._pupils = {name: _Pupil(student, teachers[name], rng) for name, student in students.items()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sampler.close()

    def play(self, index: int) -> Mapping[str, Floats]:
        """Play a round, and return what the agents of each policy decided on, [n, obs_dim]."""
        decide = self._as_teacher if index == 0 else PolicyActor.decide
        (fragment,) = play_together([self._sampler.collect(_DECISIONS, decide, index * _DECISIONS)])
        found: dict[str, list[Floats]] = {}
        for episode in fragment.episodes:
            found.setdefault(str(episode.module_id), []).append(np.asarray(episode.get_observations(slice(0, -1))))
        return {name: np.concatenate(parts).astype(np.float32) for name, parts in found.items()}

    def learn(self, seen: Mapping[str, Floats], epochs: int, share: float) -> dict[str, float]:
        """Let the students learn from it and from all before; `share` of the budget is spent. Returns divergences."""
        for name, observations in seen.items():
            self._pupils[name].see(observations)
        return {name: self._pupils[name].learn(epochs, share) for name in seen}

    def _as_teacher(self, actor: PolicyActor, observations: Floats, state: State) -> Decision:
        return self._teachers[id(actor)].decide(observations, state)


class _Pupil:
    """A student with what it has seen and what its teacher would have done there."""

    def __init__(self, student: ActingModule, teacher: ActingModule, rng: np.random.Generator) -> None:
        self._student, self._teacher, self._rng = student, teacher, rng
        self._seen = np.zeros((0, student.layout.obs_dim), np.float32)
        self._taught = np.zeros((0, 0), np.float32)
        self._optimizer = torch.optim.Adam(_acting_parameters(student), lr=_LR)

    def see(self, observations: Floats) -> None:
        with torch.no_grad():
            taught = self._teacher._forward({Columns.OBS: torch.from_numpy(observations)})[Columns.ACTION_DIST_INPUTS]
        known = self._taught if len(self._taught) else np.zeros((0, taught.shape[1]), np.float32)
        self._seen = np.concatenate([self._seen, observations])[-_KEPT:]
        self._taught = np.concatenate([known, taught.numpy()])[-_KEPT:]

    def learn(self, epochs: int, share: float) -> float:
        """Learn from everything seen; `share` is how much of the budget is spent. Returns the mean divergence."""
        for group in self._optimizer.param_groups:
            group["lr"] = _LR * (_FINAL_LR / _LR) ** share
        losses = []
        for _ in range(epochs):
            order = self._rng.permutation(len(self._seen))
            for begin in range(0, len(order), _MINIBATCH):
                rows = order[begin : begin + _MINIBATCH]
                batch = {Columns.OBS: torch.from_numpy(self._seen[rows])}
                found = self._student._forward(batch)[Columns.ACTION_DIST_INPUTS]
                loss = divergence(self._student, torch.from_numpy(self._taught[rows]), found)
                self._optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                torch.nn.utils.clip_grad_norm_(_acting_parameters(self._student), 10.0)
                self._optimizer.step()
                losses.append(float(loss.detach()))
        return float(np.mean(losses[-(len(losses) // epochs) :]))


def divergence(student: ActingModule, taught: Tensor, found: Tensor) -> Tensor:
    """The mean Kullback-Leibler divergence of the student's distribution from the teacher's, for their inputs [b, n].

    The values of DQN are no probabilities: there it is the cross-entropy of the teacher's best choice.
    """
    if isinstance(student, QModule):
        return functional.cross_entropy(found, taught.argmax(-1))
    kind = student.get_inference_action_dist_cls()
    return kind.from_logits(taught).kl(kind.from_logits(found)).mean()


def _make_student(checkpoint: Checkpoint, name: str, teacher: ActingModule, hiddens: tuple[int, ...]) -> ActingModule:
    config = checkpoint.config
    model = config.policy_model(name).model_copy(update={"hiddens": hiddens})
    student: ActingModule = make_module_spec(teacher.layout, model, config.algorithm).build()
    if student.normalizer is not None and teacher.normalizer is not None:
        student.normalizer.load_state_dict(teacher.normalizer.state_dict())
    return student


def _acting_parameters(module: ActingModule) -> list[torch.nn.Parameter]:
    """The parameters that acting needs: not those of value functions and critics."""
    others = tuple(f"{part}." for part in module.get_non_inference_attributes())
    return [
        parameter
        for name, parameter in module.named_parameters()
        if parameter.requires_grad and not f"{name}.".startswith(others)
    ]


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch compute on one thread: several wait for each other longer than such networks take."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
