"""The keys of `rl_config.py`'s JSON file, and what they are called in the configuration of `vr_navigation`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from spacetime_rl.compat.translate import Refusal, Table, nothing, only, refused, to

_PARAMS = "scenario.params"
_ACTIVATIONS = {"tanh": "tanh", "relu": "relu", "elu": "elu", "silu": "silu", "swish": "silu"}
_SCENES = ("res://scenes/features/vr_locomotion_test.tscn", "vr_locomotion_test", "vr_navigation")
_OVER_HTTP = (
    "the training starts its own games and talks to them directly; `spacetime-rl train --via-http` is that door"
)
STEPS_OF_ONE = "steps_of_one_environment"  # multiplied by the number of environments before it becomes a setting


def _activation(value: str) -> str:
    if str(value).lower() not in _ACTIVATIONS:
        raise Refusal(f"{value!r}: networks here have one of {', '.join(sorted(set(_ACTIVATIONS)))}")
    return _ACTIVATIONS[str(value).lower()]


def _layers(value: Sequence[int] | Mapping[str, Sequence[int]]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        return {"model.hiddens": list(value)}
    if set(value) != {"pi", "vf"} or list(value["pi"]) != list(value["vf"]):
        raise Refusal(f"{value!r}: policy and value function have the same layers here")
    return {"model.hiddens": list(value["pi"])}


def _constant_rate(value: float) -> Mapping[str, Any]:
    return {"training.lr": value, "training.final_lr": None}


def _smoothing(value: float) -> float:
    """Theirs is the share of the old action that is kept, ours that of the new one that is taken over."""
    if not 0 <= value < 1:
        raise Refusal(f"{value!r}: expected a share from 0 to less than 1")
    return round(1.0 - value, 6)


def _collision(value: float) -> Mapping[str, Any]:
    """The lessons of vr_navigation's own file set this reward, so that they are left out."""
    return {f"{_PARAMS}.reward_collision": value, "curriculum": []}


def _curriculum(value: bool) -> Mapping[str, Any]:
    return {"curriculum": "scenario" if value else []}


def _stages(value: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    lessons = [_lesson(stage) for stage in value]
    steps = [lesson["agent_steps"] for lesson in lessons]
    return {"curriculum": lessons, **({"stop.agent_steps": sum(steps)} if all(steps) else {})}


def _lesson(stage: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(stage) - {"name", "max_goal_distance", "timesteps"})
    if unknown:
        raise Refusal(f"{', '.join(unknown)}: a stage has name, max_goal_distance and timesteps")
    return {
        "lesson": stage["name"],
        "params": {"goal_distance_max": float(stage["max_goal_distance"])},
        "agent_steps": stage.get("timesteps"),
    }


def _device(value: str) -> Mapping[str, Any]:
    gpus = {"auto": "auto", "cpu": 0, "cuda": 1}
    if value not in gpus:
        raise Refusal(f"{value!r}: expected auto, cpu or cuda")
    return {"resources.gpus": gpus[value]}


KEYS: Table = {
    "network.policy": only("MlpPolicy", "MultiInputPolicy", reason="the network is one of layers, MlpPolicy"),
    "network.net_arch": _layers,
    "network.activation_fn": to("model.activation", _activation),
    "network.normalize_observations": to("model.normalize_observations"),
    "ppo.learning_rate": _constant_rate,
    "ppo.n_steps": to(STEPS_OF_ONE),
    "ppo.batch_size": to("training.minibatch_size"),
    "ppo.n_epochs": to("training.num_epochs"),
    "ppo.gamma": to("training.gamma"),
    "ppo.gae_lambda": to("training.lambda_"),
    "ppo.clip_range": to("training.clip_param"),
    "ppo.clip_range_vf": only(None, reason="values are not clipped; training.vf_clip_param limits their loss"),
    "ppo.ent_coef": to("training.entropy_coeff"),
    "ppo.vf_coef": to("training.vf_loss_coeff"),
    "ppo.max_grad_norm": to("training.grad_clip"),
    "ppo.target_kl": only(None, reason="updates are not ended early; training.use_kl_loss holds them back"),
    "ppo.normalize_advantage": only(True, reason="advantages are always normalised"),
    "ppo.use_sde": only(False, reason="exploration is not state-dependent"),
    "rewards.goal_reached": to(f"{_PARAMS}.reward_goal"),
    "rewards.progress": to(f"{_PARAMS}.reward_progress"),
    "rewards.progress_reward": to(f"{_PARAMS}.reward_progress"),
    "rewards.smooth_movement": to(f"{_PARAMS}.reward_low_acceleration"),
    "rewards.smooth_movement_bonus": to(f"{_PARAMS}.reward_low_acceleration"),
    "rewards.comfort_bonus": to(f"{_PARAMS}.reward_comfort"),
    "rewards.collision_penalty": _collision,
    "rewards.fall_penalty": to(f"{_PARAMS}.reward_fall"),
    "rewards.timeout_penalty": to(f"{_PARAMS}.reward_timeout"),
    "rewards.teleport_penalty": to(f"{_PARAMS}.reward_teleport"),
    "environment.num_environments": to("game.arenas"),
    "environment.scene_path": only(*_SCENES, reason="this script trains vr_navigation; `spacetime-rl train` others"),
    "environment.max_episode_steps": to("game.episode_steps"),
    "environment.max_movement_speed": to(f"{_PARAMS}.max_speed"),
    "environment.max_rotation_speed": to(f"{_PARAMS}.max_turn_deg"),
    "environment.action_smoothing": to(f"{_PARAMS}.smoothing", _smoothing),
    "environment.max_goal_distance": to(f"{_PARAMS}.goal_distance_max"),
    "environment.goal_radius": to(f"{_PARAMS}.goal_radius"),
    "environment.num_rays": only(16, reason="the player has 16 rays"),
    "environment.ray_range": only(5, 5.0, reason="the rays are 5 m long"),
    "environment.host": refused(_OVER_HTTP),
    "environment.port": refused(_OVER_HTTP),
    "environment.api_url": refused(_OVER_HTTP),
    "training.total_timesteps": lambda value: {"stop.agent_steps": value, "stop.time_s": None},
    "training.save_freq": to("checkpoint.every_agent_steps"),
    "training.num_workers": to("rollout.runners"),
    "training.eval_freq": to("evaluation.every_agent_steps"),
    "training.n_eval_episodes": to("evaluation.episodes"),
    "training.eval_episodes": to("evaluation.episodes"),
    "training.use_curriculum": _curriculum,
    "training.curriculum_stages": _stages,
    "training.seed": to("seed"),
    "training.device": _device,
    "training.log_interval": nothing,  # every iteration is recorded
    "training.verbose": nothing,  # the flag --verbose
}

# What `rl_config.py` writes: the numbers of the source, which are those of `vr_navigation`'s scene.
EXAMPLE: dict[str, dict[str, Any]] = {
    "network": {"policy": "MlpPolicy", "net_arch": [256, 256], "activation_fn": "relu"},
    "ppo": {
        "learning_rate": 0.0003,
        "batch_size": 64,
        "n_epochs": 10,
        "gamma": 0.99,
        "gae_lambda": 0.95,
        "clip_range": 0.2,
        "ent_coef": 0.0,
        "vf_coef": 0.5,
        "max_grad_norm": 0.5,
    },
    "rewards": {
        "goal_reached": 100.0,
        "progress": 1.0,
        "smooth_movement": 0.1,
        "comfort_bonus": 2.0,
        "collision_penalty": -10.0,
        "fall_penalty": -50.0,
        "timeout_penalty": -20.0,
        "teleport_penalty": -1.0,
    },
    "environment": {
        "num_environments": 16,
        "max_episode_steps": 1000,
        "max_movement_speed": 2.0,
        "max_rotation_speed": 90.0,
        "action_smoothing": 0.7,
    },
    "training": {"total_timesteps": 1_000_000, "save_freq": 10_000, "num_workers": 2, "use_curriculum": False},
}
