"""A run's learners, as its training process sees them: one in this process, or several Ray actors."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import ray
from ray.exceptions import RayActorError
from ray.rllib.core.learner.learner_group import LearnerGroup
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.env.single_agent_episode import SingleAgentEpisode

from spacetime_rl.errors import LearnersLost
from spacetime_rl.host.system import cores

logger = logging.getLogger(__name__)

Results = Sequence[dict[str, Any]]


def learner_threads() -> int:
    """Torch's threads of a learner inside the training process.

    Half of the cores: if another program keeps one core busy, OpenMP's other threads spin while they wait for it, which
    made an update on both of two cores ten times slower.
    """
    return max(1, cores() // 2)


def update(group: LearnerGroup, episodes: list[SingleAgentEpisode], **settings: Any) -> Results:
    """Learn from episodes; the metrics of the first learner, because all learners compute the same.

    Several learners all read the same episodes, which lie in Ray's object store once a node. Raises LearnersLost if one
    of them has died; the others have then ended the update early, after the same gradient steps.
    """
    if group.is_local:
        return group.update(episodes=episodes, **settings)  # type: ignore[no-any-return]
    manager = group._worker_manager
    if manager.num_healthy_actors() < len(group):
        raise LearnersLost("a learner has died")
    shared = ray.put(episodes)
    each = [{"training_data": TrainingData(episodes_refs=[shared]), **settings} for _ in range(len(group))]
    answers = list(manager.foreach_actor("update", kwargs=each))
    lost = [answer.get() for answer in answers if isinstance(answer.get(), RayActorError)]
    if lost or len(answers) < len(group):
        raise LearnersLost(
            f"a learner died during an update: {' '.join(str(lost[0]).split()) if lost else 'no answer'}"
        )
    return [_value(min(answers, key=lambda answer: answer.actor_id))]


def on_all(group: LearnerGroup, what: Callable[[Any], Any]) -> Any:
    """Call a function with every learner; returns what it returned for the first one. Raises its error."""
    answers = list(group.foreach_learner(what))
    values = [_value(answer) for answer in answers]
    return values[0]


def on_first(group: LearnerGroup, what: Callable[[Any], Any]) -> Any:
    """Call a function with one learner, and return what it returned. Raises its error."""
    ids = None if group.is_local else group._worker_manager.healthy_actor_ids()[:1]
    (answer,) = group.foreach_learner(what, remote_actor_ids=ids)
    return _value(answer)


def replaced(group: LearnerGroup) -> LearnerGroup:
    """New learners that go on from the state of one that survived. Raises LearnersLost if none did.

    All are new, because those that survived belong to a process group that a new one cannot join.
    """
    # Those that lost another one in the middle of an update raised an error, which RLlib takes for their end.
    answers = group._worker_manager.foreach_actor(lambda learner: learner.get_state(), healthy_only=False)
    states = [answer.get() for answer in answers if answer.ok]
    if not states:
        raise LearnersLost("all learners have died")
    group.shutdown()
    again = LearnerGroup(config=group.config, module_spec=group._module_spec)
    again.set_state({"learner": states[0]})
    return again


def _value(answer: Any) -> Any:
    if not answer.ok:
        raise answer.get()
    return answer.get()
