"""Builds RLlib's AlgorithmConfig from a run's configuration and its game's spec."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.callbacks.callbacks import RLlibCallback
from ray.rllib.core.rl_module.multi_rl_module import MultiRLModuleSpec

from spacetime_rl.config import PolicyTrainingConfig, RunConfig
from spacetime_rl.config.algorithms import ON_POLICY, REPLAYING, Algorithm, readers, scheduled
from spacetime_rl.config.user_code import load_classes
from spacetime_rl.envs.rllib import GameMultiAgentEnv
from spacetime_rl.learning.algorithm import LEAGUE, NETWORKS, SpacetimeAlgorithm
from spacetime_rl.learning.asynchronous import AHEAD
from spacetime_rl.learning.critics import make_critic
from spacetime_rl.learning.curiosity import CURIOSITY
from spacetime_rl.learning.imitation.offline import OfflineTraining
from spacetime_rl.learning.imitation.teaching import IMITATION, ImitationPlan
from spacetime_rl.learning.impala import APPOLearner, IMPALALearner, SpacetimeAPPO, SpacetimeIMPALA
from spacetime_rl.learning.learner import SpacetimeLearner
from spacetime_rl.learning.metrics import PublicMetrics
from spacetime_rl.learning.off_policy import DQNLearner, SACLearner, SpacetimeDQN, SpacetimeSAC
from spacetime_rl.learning.older_experience import OlderExperienceLearner
from spacetime_rl.learning.ppo import OverlappingPPO, SpacetimePPO
from spacetime_rl.learning.ppo_learner import SpacetimePPOLearner
from spacetime_rl.learning.warm_start import INITIAL, initial_weights
from spacetime_rl.modules.network_plan import NetworkPlan
from spacetime_rl.modules.spec import make_module_spec
from spacetime_rl.rollout.plan import MAIN_PROCESS_CPUS, PLAN, RolloutPlan
from spacetime_rl.rollout.runner import GameEnvRunner
from spacetime_rl.runs.checkpoint import METADATA, CheckpointMetadata
from spacetime_rl.runs.layout import RunPaths

_CLASSES: dict[Algorithm, tuple[type[SpacetimeAlgorithm], type[SpacetimeLearner]]] = {
    "PPO": (SpacetimePPO, SpacetimePPOLearner),
    "APPO": (SpacetimeAPPO, APPOLearner),
    "IMPALA": (SpacetimeIMPALA, IMPALALearner),
    "SAC": (SpacetimeSAC, SACLearner),
    "DQN": (SpacetimeDQN, DQNLearner),
}


def make_algorithm_config(
    config: RunConfig, plan: RolloutPlan, metadata: CheckpointMetadata, gpus: int = 0, home: Path | None = None
) -> AlgorithmConfig:
    """The AlgorithmConfig of a run. Calls only typed methods, because `update_from_dict` would swallow unknown keys.

    PPO's sizes that are still `auto` become the `UNMEASURED` ones. The user's classes are imported from `home`, the
    folder that the user started in (default: this process's working folder).
    """
    config = config.sized()
    learners = 0 if config.resources.learners == "auto" else config.resources.learners
    names = [policy.name for policy in plan.policies]
    algorithm_class, learner_class = _CLASSES[config.algorithm]
    if config.overlaps and plan.runners:
        algorithm_class, learner_class = OverlappingPPO, OlderExperienceLearner
    if config.imitation.offline:
        algorithm_class, learner_class = OfflineTraining, SpacetimePPOLearner
    if plan.visitors is not None:
        algorithm_class, learner_class = plan.visitors.algorithm, OlderExperienceLearner
    algorithm = algorithm_class.get_default_config()
    settings = {PLAN: plan, METADATA: metadata, INITIAL: initial_weights(config, plan.policies), LEAGUE: config.league}
    if config.league and config.league.across_trials:
        settings[NETWORKS] = {
            policy.name: NetworkPlan(config.algorithm, config.policy_model(policy.name), policy.layout)
            for policy in plan.policies
        }
    if config.curiosity.weight:
        settings[CURIOSITY] = config.curiosity
    if config.imitation.is_on:
        folder = RunPaths(config.results.absolute() / metadata.run_id).demonstrations
        settings[IMITATION] = ImitationPlan(config.imitation, folder, plan.seed)
    algorithm.environment(env=GameMultiAgentEnv, env_config=settings, disable_env_checking=True)
    algorithm.env_runners(
        env_runner_cls=plan.visitors.runner if plan.visitors else GameEnvRunner,
        num_env_runners=plan.runners,
        num_cpus_per_env_runner=plan.cpus_per_runner,
        rollout_fragment_length=fragment_agent_steps(config, plan),
        batch_mode="truncate_episodes",
        max_requests_in_flight_per_env_runner=AHEAD,
        sample_timeout_s=None,  # the game client has a deadline for every step, and reports what is wrong
        add_default_connectors_to_env_to_module_pipeline=False,
        add_default_connectors_to_module_to_env_pipeline=False,
    )
    algorithm.multi_agent(
        policies=set(names),
        policy_mapping_fn=plan.policy_of,
        policies_to_train=[policy.name for policy in plan.policies if policy.trained],
        count_steps_by="agent_steps",
    )
    algorithm.rl_module(
        algorithm_config_overrides_per_module={name: _overrides(config, name) for name in names},
        rl_module_spec=MultiRLModuleSpec(
            rl_module_specs={
                policy.name: make_module_spec(
                    policy.layout,
                    config.policy_model(policy.name),
                    config.algorithm,
                    critic=make_critic(config, plan, policy.name),
                )
                for policy in plan.policies
            }
        ),
    )
    batch_size = train_batch_size(config, plan)
    algorithm.training(
        train_batch_size=batch_size,
        train_batch_size_per_learner=batch_size,  # all learners see all of it
        grad_clip_by="global_norm",
        **_shared_settings(config),
        **_settings(config, config.training),
    )
    algorithm.learners(
        learner_class=learner_class,
        num_learners=learners if learners > 1 else 0,
        num_gpus_per_learner=gpus // max(1, learners),
        num_cpus_per_learner=MAIN_PROCESS_CPUS,
        add_default_connectors_to_learner_pipeline=False,
    )
    algorithm.resources(num_cpus_for_main_process=MAIN_PROCESS_CPUS)
    algorithm.fault_tolerance(
        restart_failed_env_runners=True,
        delay_between_env_runner_restarts_s=0.0,  # RLlib's default is 60 s
        env_runner_health_probe_timeout_s=10.0,
    )
    algorithm.callbacks(
        [PublicMetrics, *load_classes("callbacks", config.callbacks, RLlibCallback, home or Path.cwd())]
    )
    algorithm.debugging(log_level="WARN")
    algorithm.reporting(min_time_s_per_iteration=0)
    return algorithm


def fragment_agent_steps(config: RunConfig, plan: RolloutPlan) -> int:
    """Agent steps of a runner's fragment in one round, which RLlib calls the rollout fragment length."""
    per_decision = plan.spec.num_agents * plan.games
    if config.rollout.fragment_length is not None:
        return config.rollout.fragment_length * per_decision
    runners = max(1, plan.runners)
    return math.ceil(_wanted_batch(config) / (per_decision * runners)) * per_decision


def train_batch_size(config: RunConfig, plan: RolloutPlan) -> int:
    """`training.train_batch_size` rounded up to whole fragments of all runners, as RLlib requires."""
    per_round = fragment_agent_steps(config, plan) * max(1, plan.runners)
    return math.ceil(_wanted_batch(config) / per_round) * per_round


def _wanted_batch(config: RunConfig) -> int:
    batch = config.sized().training.train_batch_size
    assert batch != "auto"
    return batch


def _settings(config: RunConfig, training: PolicyTrainingConfig) -> dict[str, Any]:
    """The settings of one policy that its algorithm's family reads, under RLlib's names (which equal ours)."""
    kin = REPLAYING if config.algorithm in REPLAYING else ON_POLICY
    fields = [key for key in PolicyTrainingConfig.model_fields if key != "critic"]  # which is a part of the networks
    keys = [key for key in fields if {*kin} & {*readers(PolicyTrainingConfig, key)}]
    settings = {key: getattr(training, key) for key in keys}
    for key, final_key in scheduled(PolicyTrainingConfig).items():
        final = settings.pop(final_key, None)
        if final is not None:
            settings[key] = [[0, settings[key]], [config.stop.agent_steps, final]]
    return settings


def _shared_settings(config: RunConfig) -> dict[str, Any]:
    """The settings that are the same for all policies."""
    keys = ["minibatch_size", "num_epochs"]
    if config.algorithm in REPLAYING:
        keys = ["minibatch_size", "training_intensity", "warmup_steps", "replay_capacity"]
    return {key: getattr(config.training, key) for key in keys}


def _overrides(config: RunConfig, policy: str) -> Mapping[str, Any]:
    """The settings that a policy overrides. The others stay the algorithm's, where a search may change them."""
    common, own = _settings(config, config.training), _settings(config, config.policy_training(policy))
    make = type(_CLASSES[config.algorithm][0].get_default_config()).overrides
    return make(**{key: own[key] for key in own if own[key] != common[key]})  # type: ignore[no-any-return]
