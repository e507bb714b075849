"""The base of every algorithm: sampling, learning, checkpoints, and the errors that end a trial."""

from __future__ import annotations

import functools
import json
import logging
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ray
import torch
from ray.exceptions import RayError
from ray.rllib.algorithms.algorithm import Algorithm
from ray.rllib.core import ALL_MODULES
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.utils.metrics import (
    ENV_RUNNER_RESULTS,
    ENV_RUNNER_SAMPLING_TIMER,
    LEARNER_RESULTS,
    LEARNER_UPDATE_TIMER,
    NUM_AGENT_STEPS_SAMPLED,
    NUM_AGENT_STEPS_SAMPLED_LIFETIME,
    NUM_ENV_STEPS_SAMPLED_LIFETIME,
    SYNCH_WORKER_WEIGHTS_TIMER,
    TIMERS,
)
from ray.tune import Trainable

from spacetime_rl.config.league import LeagueConfig
from spacetime_rl.errors import LearnersLost, RunnersLost, SpacetimeError
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.learning.curriculum import Curriculum
from spacetime_rl.learning.failure import LostRunners, describe, is_of_constructor, read_error
from spacetime_rl.learning.imitation.teaching import IMITATION
from spacetime_rl.learning.league import League
from spacetime_rl.learning.learner import LEFT_OUT, STEPS, SpacetimeLearner
from spacetime_rl.learning.learners import Results, learner_threads, on_all, replaced, update
from spacetime_rl.learning.other_trials import OtherTrials
from spacetime_rl.learning.snapshots import load_snapshot, save_snapshot
from spacetime_rl.learning.step_watch import StepWatch
from spacetime_rl.learning.warm_start import INITIAL, Initial
from spacetime_rl.modules.growing import grow
from spacetime_rl.notices import Notice, collect_warnings
from spacetime_rl.rollout.directive import PLAIN, Directive, Played
from spacetime_rl.rollout.driver_liveness import end_with_driver
from spacetime_rl.rollout.lesson import LessonOutcome
from spacetime_rl.rollout.metrics import lesson_outcomes
from spacetime_rl.rollout.plan import PLAN, RolloutPlan
from spacetime_rl.rollout.runner import GameEnvRunner
from spacetime_rl.rollout.seeding import seed_process
from spacetime_rl.runs.checkpoint import METADATA, CheckpointMetadata
from spacetime_rl.runs.layout import CURRICULUM, LEAGUE_STATE, LEAGUE_TABLE

logger = logging.getLogger(__name__)

# Longest wait for a new env runner when all have died.
REVIVE_TIMEOUT_S = 120.0
_REPLACEMENTS = 2  # of learners that die over the same batch
_PING_S = 10.0  # longest wait for a runner's answer
PLAY = "play"
LEAGUE = "league"  # the key of RLlib's `config.env_config` under which the algorithm finds the league's settings
NETWORKS = "networks"  # the key of what other trials need to play against this one's policies, if trials meet


class SpacetimeAlgorithm(Algorithm):  # type: ignore[misc]
    """Learns from the fragments that `GameEnvRunner`s play: sampling and learning take turns."""

    learner_group: Any  # RLlib's LearnerGroup
    learner_s = 0.0  # seconds that the latest update took
    curriculum: Curriculum | None = None
    league: League | None = None
    _is_new = True  # False once it has sampled, or was loaded from a checkpoint

    def setup(self, config: Any) -> None:
        """Set up the trial: log folder, seeds, curriculum, runners, learner, and initial weights."""
        end_with_driver()
        self.notices = collect_warnings()
        LostRunners(self.notices)
        self._watch = StepWatch()
        # `self.trial_id` is "default" under Tune, too; the folder Tune gave the trial has its name.
        env_config = self.config.env_config  # `config` is a copy that RLlib does not look into
        env_config[PLAN] = env_config[PLAN].for_trial(Path(self.logdir).name)
        seed_process(env_config[PLAN].seed)
        if env_config[PLAN].lessons:
            self.curriculum = Curriculum(env_config[PLAN].lessons)
        super().setup(config)
        self._check_constructed()
        if self.learner_group.is_local:  # Ray would give the learner one thread, however many cores there are
            torch.set_num_threads(learner_threads())
        if env_config.get(INITIAL):
            self._begin_with(env_config[INITIAL], env_config[METADATA].config["reset_exploration"])
        if env_config[PLAN].matches and env_config.get(LEAGUE):
            self.league = self._make_league(env_config[LEAGUE], env_config[PLAN])

    def _make_league(self, settings: LeagueConfig, plan: RolloutPlan) -> League:
        assert plan.matches is not None
        folder = Path(self._storage.trial_fs_path if self._storage else self.logdir)
        keep = ray.put if self.config.num_env_runners else lambda network: network
        networks = self.config.env_config.get(NETWORKS)
        others = OtherTrials(folder, networks, settings.window, keep) if networks else None
        return League(settings, plan.matches, folder, plan.seed, keep, others)

    def _begin_with(self, weights: Initial, reset_exploration: bool) -> None:
        def take_over(learner: SpacetimeLearner) -> None:
            for policy, module in loaded.items():
                grow(module, learner.module[policy], reset_exploration)
            learner.agree()  # what grows is drawn

        loaded = {policy: place.load() for policy, place in weights.items()}
        on_all(self.learner_group, take_over)
        self.env_runner_group.sync_weights(from_worker_or_learner_group=self.learner_group, inference_only=True)

    def training_step(self) -> None:
        """Sample one train batch, learn from it, send the weights to the runners; in a league, choose opponents."""
        self.begin_imitation()
        if self.league is not None and self.league.needs_snapshot(0):
            self._take_snapshot()
        with self.metrics.log_time((TIMERS, ENV_RUNNER_SAMPLING_TIMER)):
            episodes = self.sample_batch()
        learned = self.learn(episodes)
        with self.metrics.log_time((TIMERS, SYNCH_WORKER_WEIGHTS_TIMER)):
            self.env_runner_group.sync_weights(
                from_worker_or_learner_group=self.learner_group, policies=learned, inference_only=True
            )
        if self.league is not None:
            steps = self._agent_steps()
            self.league.end_iteration(self.training_iteration + 1, steps)
            if self.league.needs_snapshot(steps):
                self._take_snapshot()

    def get_auto_filled_metrics(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        """What Tune adds to a result, without the algorithm's whole configuration.

        The configuration would be sent to the driver with every result, and written with the last one and those of the
        kept checkpoints whenever Tune saves its state. Nothing reads it there.
        """
        filled: dict[str, Any] = Trainable.get_auto_filled_metrics(self, *arguments, **options)
        filled.pop("config", None)
        return filled

    def _take_snapshot(self) -> None:
        assert self.league is not None
        self.league.add_snapshot(self._agent_steps(), functools.partial(save_snapshot, self.learner_group))

    def begin_imitation(self) -> None:
        """Before the first iteration of a run, let its policies learn from the demonstrations, if there are any."""
        is_new, self._is_new = self._is_new, False
        if not is_new or IMITATION not in self.config.env_config:
            return

        trained = frozenset(self.config.env_config.get(INITIAL) or ())

        def begin(learner: SpacetimeLearner) -> list[str]:
            return learner.teaching.begin(trained) if learner.teaching is not None else []

        for sentence in on_all(self.learner_group, begin):
            self.notices.add(Notice(sentence, is_warning=False))
        self.env_runner_group.sync_weights(from_worker_or_learner_group=self.learner_group, inference_only=True)

    def learn(self, episodes: list[SingleAgentEpisode]) -> set[str]:
        """Update the policies with the sampled episodes; returns the names of the policies that changed."""
        began = time.perf_counter()
        with self.metrics.log_time((TIMERS, LEARNER_UPDATE_TIMER)):
            results = self._update(episodes)
            self.metrics.aggregate(results, key=LEARNER_RESULTS)
        self.learner_s = time.perf_counter() - began
        for notice in self._watch.after_update(self.gradient_steps(STEPS), self.gradient_steps(LEFT_OUT)):
            self.notices.add(notice)
        return set(results[0]) - {ALL_MODULES}

    def _update(self, episodes: list[SingleAgentEpisode]) -> Results:
        """The learner's metrics. Learners that die are replaced, and learn from the episodes once more."""
        settings = {
            "timesteps": self._timesteps(),
            "num_epochs": self.config.num_epochs,
            "minibatch_size": self.config.minibatch_size,
            "shuffle_batch_per_epoch": self.config.shuffle_batch_per_epoch,
        }
        for left in reversed(range(_REPLACEMENTS + 1)):
            try:
                return update(self.learner_group, episodes, **settings)
            except LearnersLost as error:
                if not left:
                    raise
                self.learner_group = replaced(self.learner_group)
                self.notices.add(Notice(f"{error}; new learners go on from the state of one that is left"))
        raise AssertionError

    def gradient_steps(self, name: str) -> dict[str, int]:
        """Gradient steps of the whole run by policy: all (`STEPS`), or only the skipped ones (`LEFT_OUT`)."""
        policies = sorted(self.config.policies)
        return {policy: int(self.metrics.peek((LEARNER_RESULTS, policy, name), default=0)) for policy in policies}

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Save RLlib's checkpoint, and beside it the metadata that explains it without the run."""
        super().save_checkpoint(checkpoint_dir)
        metadata: CheckpointMetadata = self.config.env_config[METADATA]
        metadata.write(Path(checkpoint_dir), self.training_iteration)
        if self.league is not None:
            (Path(checkpoint_dir) / LEAGUE_STATE).write_text(to_json(self.league.to_dict()), encoding="utf-8")
            self.league.save_table(Path(checkpoint_dir) / LEAGUE_TABLE)
        if self.curriculum is not None:
            (Path(checkpoint_dir) / CURRICULUM).write_text(to_json(self.curriculum.to_dict()), encoding="utf-8")

    def load_checkpoint(self, checkpoint_dir: str) -> None:
        """Load RLlib's checkpoint, and continue the curriculum from its saved state."""
        super().load_checkpoint(checkpoint_dir)
        self._is_new = False
        self._watch.resume(self.gradient_steps(STEPS), self.gradient_steps(LEFT_OUT))
        saved = Path(checkpoint_dir) / CURRICULUM
        if self.curriculum is not None and saved.is_file():
            self.curriculum = self.curriculum.resumed(json.loads(saved.read_text(encoding="utf-8")))
        saved = Path(checkpoint_dir) / LEAGUE_STATE
        if self.league is not None and saved.is_file():
            state = json.loads(saved.read_text(encoding="utf-8"))
            load = functools.partial(load_snapshot, self.learner_group)
            self.league.resume(state, Path(checkpoint_dir) / LEAGUE_TABLE, self._agent_steps(), load)

    def _timesteps(self) -> dict[str, int]:
        """Env steps and agent steps that were sampled in the whole run."""
        return {
            NUM_ENV_STEPS_SAMPLED_LIFETIME: self.metrics.peek((ENV_RUNNER_RESULTS, NUM_ENV_STEPS_SAMPLED_LIFETIME)),
            NUM_AGENT_STEPS_SAMPLED_LIFETIME: self._agent_steps(),
        }

    def _agent_steps(self) -> int:
        steps = self.metrics.peek((ENV_RUNNER_RESULTS, NUM_AGENT_STEPS_SAMPLED_LIFETIME), default={})
        return int(sum(steps.values()))

    def sample_batch(self) -> list[SingleAgentEpisode]:
        """Sample at least `train_batch_size` agent steps. Raises RestartsExhausted when games failed too many times."""
        episodes: list[SingleAgentEpisode] = []
        wanted = self.config.train_batch_size_per_learner  # the whole batch, which every learner sees
        asked = agent_steps = 0
        while agent_steps < wanted:
            # Agents that wait for their arena's next episode yield none of the requested steps, so more are requested.
            missing = wanted - agent_steps if not agent_steps else (wanted - agent_steps) * asked / agent_steps
            per_runner = math.ceil(missing / max(1, self.config.num_env_runners))
            per_runner = min(per_runner, self.config.rollout_fragment_length)
            played = self._play_fragments(per_runner)
            asked += per_runner * len(played)
            agent_steps += agent_steps_of(played)
            episodes += self.take(played)
        return episodes

    def take(self, played: list[Played]) -> list[SingleAgentEpisode]:
        """The episodes of fragments; the fragments' metrics and notices are added to the algorithm's."""
        self.metrics.aggregate([one.metrics for one in played], key=ENV_RUNNER_RESULTS)
        for outcome in [outcome for one in played for outcome in lesson_outcomes(one.metrics)]:
            self._note_lesson(outcome)
        if self.league is not None:
            self.league.note([match for one in played for match in one.matches])
        for notice in [notice for one in played for notice in one.notices]:
            self.notices.add(notice)
        return [episode for one in played for episode in one.episodes]

    def _note_lesson(self, outcome: LessonOutcome) -> None:
        """Count a lesson's results; if they end the lesson, the next requests carry the next lesson."""
        assert self.curriculum is not None  # only runners with lessons report any
        before, self.curriculum = self.curriculum, self.curriculum.after(outcome)
        if before.lesson != self.curriculum.lesson:
            rate = self.curriculum.rates.get(before.present.name, 0.0)
            logger.info(
                "lesson %s, after %s at a success rate of %.0f %%",
                self.curriculum.present.name,
                before.present.name,
                100 * rate,
            )

    def _play_fragments(self, agent_steps: int) -> list[Played]:
        """One fragment of every runner; if no runner is left, waits for a restarted one."""
        runners = self.env_runner_group
        deadline = time.monotonic() + REVIVE_TIMEOUT_S
        while True:
            results = runners.foreach_env_runner(
                self._request(agent_steps), local_env_runner=not runners.num_remote_env_runners()
            )
            if results:
                return check_played(results)
            self.revive_runners(deadline)

    def ask_runners(self, share: float = 1.0) -> int:
        """Request a further fragment of every runner, to be fetched with the tag `PLAY`; returns how many play one.

        `share` is the share of requested agent steps that are expected to be played.
        """
        ask = self._request(math.ceil(self.config.rollout_fragment_length / share))
        return int(self.env_runner_group.foreach_env_runner_async(ask, tag=PLAY))

    def _request(self, agent_steps: int) -> Callable[[GameEnvRunner], Played | SpacetimeError]:
        """The request for a fragment of about `agent_steps` agent steps to learn from, with the present directive."""
        if self.league is not None:
            agent_steps = math.ceil(agent_steps / self.league.learning_share)
        return functools.partial(play, agent_steps=agent_steps, directive=self._directive)

    @property
    def _directive(self) -> Directive:
        return Directive(
            lesson=None if self.curriculum is None else self.curriculum.lesson,
            opponents=None if self.league is None else self.league.opponents,
        )

    def revive_runners(self, deadline: float) -> None:
        """Restart dead runners. Raises RunnersLost after the `deadline`, in seconds of the monotonic clock.

        Raises the error of a runner whose constructor failed, because a restart would only fail again.
        """
        self._check_constructed()
        if time.monotonic() > deadline:
            raise RunnersLost(f"all env runners died, and none came back within {REVIVE_TIMEOUT_S:g} s")
        self.restore_env_runners(self.env_runner_group)

    def _check_constructed(self) -> None:
        """Raise the error of a runner whose constructor failed, because RLlib would wait for that runner for ever."""
        manager = self.env_runner_group._worker_manager
        healthy = set(manager.healthy_actor_ids())
        for index, runner in manager.actors().items():
            if index not in healthy:
                try:
                    ray.get(runner.ping.remote(), timeout=_PING_S)
                except RayError as error:  # other errors pass: the runner is slow to answer or is being restarted
                    if is_of_constructor(error):
                        raise read_error(str(error)) from None


def play(runner: GameEnvRunner, agent_steps: int, directive: Directive = PLAIN) -> Played | SpacetimeError:
    """Runs on a runner. Returns errors as values: a raised error would make RLlib repeat the request for ever."""
    try:
        runner.follow(directive)
        episodes = runner.sample(num_timesteps=agent_steps)
        return Played(episodes, runner.get_metrics(), runner.notices.take(), runner.take_matches())
    except Exception as error:  # of a game that cannot be played, of the user's code, or of ours
        return describe(error)


def agent_steps_of(played: list[Played]) -> int:
    """Agent steps in fragments, over all policies."""
    return sum(int(steps) for one in played for steps in one.metrics[NUM_AGENT_STEPS_SAMPLED].values())


def check_played(results: list[Played | SpacetimeError]) -> list[Played]:
    """The fragments of runners. Raises the first error among the results."""
    for result in results:
        if isinstance(result, SpacetimeError):
            raise result
    return results  # type: ignore[return-value]
