"""The settings of an RLlib YAML file, as controllers and Godot RL Agents write it, and what they are called here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from spacetime_rl import metrics
from spacetime_rl.compat.game_path import find_program
from spacetime_rl.compat.translate import Refusal, Rule, Table, nothing, only, refused, to

_ACTIVATIONS = {"tanh": "tanh", "relu": "relu", "elu": "elu", "swish": "silu", "silu": "silu"}
_ALGORITHMS = ("PPO", "APPO", "IMPALA", "SAC", "DQN")


def _activation(value: str) -> str:
    if str(value).lower() not in _ACTIVATIONS:
        raise Refusal(f"{value!r}: networks here have one of {', '.join(sorted(set(_ACTIVATIONS)))}")
    return _ACTIVATIONS[str(value).lower()]


def _algorithm(value: str) -> str:
    if str(value).upper() not in _ALGORITHMS:
        raise Refusal(f"{value!r}: the algorithms here are {', '.join(_ALGORITHMS)}")
    return str(value).upper()


def _schedule(key: str) -> Rule:
    """A schedule of two points, `[[0, first], [steps, last]]`."""

    def read(value: Sequence[Sequence[float]] | None) -> Mapping[str, Any]:
        if value is None:
            return {}
        if len(value) != 2 or value[0][0] != 0:
            raise Refusal("only a line from step 0 to the end of the run is followed: [[0, first], [steps, last]]")
        return {key: value[0][1], f"{key.rpartition('.')[0]}.final_{key.rpartition('.')[2]}": value[1][1]}

    return read


def _kl_coeff(value: float) -> Mapping[str, Any]:
    return {"training.use_kl_loss": bool(value), **({"training.kl_coeff": value} if value else {})}


def _lstm(value: bool) -> Mapping[str, Any]:
    return {"model.lstm": {}} if value else {}


def _filters(value: Sequence[Sequence[Any]] | None) -> Mapping[str, Any]:
    """`[channels, [height, width], stride]` each, with square kernels."""
    if value is None:
        return {}
    filters = []
    for channels, kernel, stride in value:
        sides = [kernel] if isinstance(kernel, int) else list(kernel)
        if len(set(sides)) != 1:
            raise Refusal(f"{value!r}: kernels here are square")
        filters.append([channels, sides[0], stride])
    return {"model.cnn.filters": filters}


def _fragment(value: int | str) -> Mapping[str, Any]:
    return {} if value == "auto" else {"rollout.fragment_length": value}


def _gpus(value: float) -> Mapping[str, Any]:
    if value != int(value):
        raise Refusal(f"{value!r}: a learner takes whole GPUs")
    return {"resources.gpus": int(value)}


def _parallel(value: int) -> Mapping[str, Any]:
    return {"rollout.runners": value, "rollout.games_per_runner": 1}


def _program(value: str | None) -> Mapping[str, Any]:
    return {"game.env_path": str(find_program(value))} if value else {}


_TRAINING: Table = {
    "lr": to("training.lr"),
    "lr_schedule": _schedule("training.lr"),
    "gamma": to("training.gamma"),
    "lambda": to("training.lambda_"),
    "lambda_": to("training.lambda_"),
    "clip_param": to("training.clip_param"),
    "entropy_coeff": to("training.entropy_coeff"),
    "entropy_coeff_schedule": _schedule("training.entropy_coeff"),
    "vf_loss_coeff": to("training.vf_loss_coeff"),
    "vf_clip_param": to("training.vf_clip_param"),
    "use_kl_loss": to("training.use_kl_loss"),
    "kl_coeff": _kl_coeff,
    "kl_target": to("training.kl_target"),
    "grad_clip": to("training.grad_clip"),
    "n_step": to("training.n_step"),
    "tau": to("training.tau"),
    "target_entropy": to("training.target_entropy", lambda value: None if value == "auto" else value),
}
_MODEL: Table = {
    "model.fcnet_hiddens": to("model.hiddens"),
    "model.fcnet_activation": to("model.activation", _activation),
    "model.use_lstm": _lstm,
    "model.lstm_cell_size": to("model.lstm.cell_size"),
    "model.max_seq_len": to("model.lstm.max_seq_len"),
    "model.vf_share_layers": to("model.share_trunk"),
    "model.conv_filters": _filters,
    "model.conv_activation": refused("a CNN has the activation of the whole network, model.fcnet_activation"),
    "model.use_attention": only(False, reason="policies here have an LSTM, or no memory"),
    "model.framestack": only(False, 0, reason="frames are not stacked; model.use_lstm gives a policy a memory"),
    "model.free_log_std": nothing,
    "model.custom_model": only(None, reason="networks of one's own are not taken"),
}
# What one policy may have for itself.
POLICY: Table = {**_TRAINING, **_MODEL}

KEYS: Table = {
    **_TRAINING,
    **_MODEL,
    "env": only("godot", reason="the environment is the game, `godot`"),
    "env_config.env_path": _program,
    "env_config.show_window": to("game.viz", bool),
    "env_config.seed": to("seed"),
    "env_config.speedup": to("game.speed"),
    "env_config.action_repeat": to("game.action_repeat"),
    "env_config.framerate": nothing,  # frames follow the physics
    "env_config.env_is_multiagent": nothing,  # the game says so itself
    "env_config.port": refused("games connect to a free port by themselves; leave it out"),
    "algorithm": to("algorithm", _algorithm),
    "algo": to("algorithm", _algorithm),
    "run": to("algorithm", _algorithm),
    "name": to("name"),
    "experiment_name": to("name"),
    "framework": only("torch", reason="networks are torch's"),
    "seed": to("seed"),
    "train_batch_size": to("training.train_batch_size"),
    "train_batch_size_per_learner": to("training.train_batch_size"),
    "sgd_minibatch_size": to("training.minibatch_size"),
    "minibatch_size": to("training.minibatch_size"),
    "num_sgd_iter": to("training.num_epochs"),
    "num_epochs": to("training.num_epochs"),
    "shuffle_sequences": nothing,
    "use_gae": only(True, reason="advantages are always generalised ones"),
    "use_critic": only(True, reason="PPO always has a value function"),
    "initial_alpha": to("training.initial_alpha"),
    "training_intensity": to("training.training_intensity"),
    "num_steps_sampled_before_learning_starts": to("training.warmup_steps"),
    "replay_buffer_config.capacity": to("training.replay_capacity"),
    "replay_buffer_config.type": nothing,
    "observation_filter": to("model.normalize_observations", {"NoFilter": False, "MeanStdFilter": True}.__getitem__),
    "num_workers": to("rollout.runners"),
    "num_rollout_workers": to("rollout.runners"),
    "num_env_runners": to("rollout.runners"),
    "num_envs_per_worker": to("rollout.games_per_runner"),
    "num_envs_per_env_runner": to("rollout.games_per_runner"),
    "rollout_fragment_length": _fragment,
    "batch_mode": only(
        "truncate_episodes", reason="episodes continue in the next batch; complete ones are not awaited"
    ),
    "horizon": to("game.episode_steps"),
    "num_gpus": _gpus,
    "num_gpus_per_learner": _gpus,
    "num_learners": to("resources.learners"),
    "num_cpus_per_worker": to("resources.cpus_per_runner"),
    "num_cpus_per_env_runner": to("resources.cpus_per_runner"),
    "normalize_actions": only(True, reason="actions are always in [-1, 1]"),
    "clip_actions": nothing,  # a game never receives a number outside [-1, 1]
    "callbacks": refused("callbacks of one's own are `callbacks` of `spacetime-rl train` (docs/training.md)"),
    "stop.timesteps_total": to("stop.agent_steps"),
    "stop.num_env_steps_sampled_lifetime": to("stop.agent_steps"),
    "stop.training_iteration": to("stop.iterations"),
    "stop.time_total_s": to("stop.time_s"),
    "stop.episode_reward_mean": lambda value: {"stop.metrics": {metrics.SCENARIO_RETURN: value}},
    "checkpoint_freq": to("checkpoint.every_iterations"),
    "checkpoint_frequency": to("checkpoint.every_iterations"),
    "checkpoint_config.checkpoint_frequency": to("checkpoint.every_iterations"),
    "checkpoint_config.num_to_keep": to("checkpoint.keep"),
    "keep_checkpoints_num": to("checkpoint.keep"),
    "checkpoint_at_end": only(True, reason="a checkpoint is always saved at the end"),
    "checkpoint_config.checkpoint_at_end": only(True, reason="a checkpoint is always saved at the end"),
    "log_level": nothing,
    "disable_env_checking": nothing,
    "ignore_worker_failures": nothing,  # games and runners that fail are always replaced
    "restart_failed_env_runners": nothing,
    "recreate_failed_workers": nothing,
    "create_env_on_driver": nothing,
    "create_env_on_local_worker": nothing,
    "num_cpus_for_main_process": nothing,
    "multiagent.policies_to_train": to("policies_to_train"),
}

# A controller's training_config.json may say the same without sections, and in the words of the other script.
FLAT: Table = {
    **KEYS,
    "env_path": _program,
    "show_window": to("game.viz", bool),
    "viz": to("game.viz", bool),
    "speedup": to("game.speed"),
    "action_repeat": to("game.action_repeat"),
    "n_parallel": _parallel,
    "timesteps": to("stop.agent_steps"),
    "timesteps_total": to("stop.agent_steps"),
    "total_timesteps": to("stop.agent_steps"),
    "training_iteration": to("stop.iterations"),
    "time_total_s": to("stop.time_s"),
    "learning_rate": to("training.lr"),
    "batch_size": to("training.train_batch_size"),
    "policies_to_train": to("policies_to_train"),
}
