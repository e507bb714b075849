"""`rllib_training_script.py`: the reference's YAML file, the controller's JSON on top, and a mapping that is code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.controller_lines import read_metrics

from spacetime_rl.compat import rllib_training
from spacetime_rl.compat.mapping import map_agents
from spacetime_rl.compat.rllib_file import read_rllib_file
from spacetime_rl.config import RunConfig
from spacetime_rl.errors import ConfigError
from spacetime_rl.formats import controller

# The file of the reference, with smaller sizes.
REFERENCE = """
env: godot

env_config:
  env_path: "GAME"
  show_window: false
  seed: 7
  speedup: 100

multiagent:
  policies:
    policy_1:
      lr: 0.001
    policy_2:

  policy_mapping_fn: |
    def policy_mapping_fn(agent_id, episode, worker, **kwargs):
        return "policy_1" if agent_id == 0 else "policy_2"

  policies_to_train:
    - policy_1
    - policy_2

train_batch_size: 400
sgd_minibatch_size: 128
num_sgd_iter: 3
lr: 0.0003
gamma: 0.98
lambda: 0.9
"""

# A key of the file, its value, and what becomes of it.
KEYS: list[tuple[str, Any, dict[str, Any]]] = [
    ("env", "godot", {}),
    ("env_config.show_window", True, {"game.viz": True}),
    ("env_config.seed", 3, {"seed": 3}),
    ("env_config.speedup", 1, {"game.speed": 1}),
    ("env_config.action_repeat", 4, {"game.action_repeat": 4}),
    ("multiagent.policies_to_train", ["policy_1"], {"policies_to_train": ["policy_1"]}),
    ("train_batch_size", 4000, {"training.train_batch_size": 4000}),
    ("sgd_minibatch_size", 128, {"training.minibatch_size": 128}),
    ("num_sgd_iter", 30, {"training.num_epochs": 30}),
    ("lr", 0.0003, {"training.lr": 0.0003}),
    ("lr_schedule", [[0, 1e-3], [100, 1e-4]], {"training.lr": 1e-3, "training.final_lr": 1e-4}),
    ("gamma", 0.99, {"training.gamma": 0.99}),
    ("lambda", 0.95, {"training.lambda_": 0.95}),
    ("kl_coeff", 0.0, {"training.use_kl_loss": False}),
    ("kl_coeff", 0.3, {"training.use_kl_loss": True, "training.kl_coeff": 0.3}),
    ("model.fcnet_hiddens", [64, 64], {"model.hiddens": [64, 64]}),
    ("model.fcnet_activation", "swish", {"model.activation": "silu"}),
    ("model.use_lstm", True, {"model.lstm": {}}),
    ("model.lstm_cell_size", 32, {}),
    ("model.conv_filters", [[16, [8, 8], 4]], {"model.cnn.filters": [[16, 8, 4]]}),
    ("observation_filter", "NoFilter", {"model.normalize_observations": False}),
    ("num_workers", 2, {"rollout.runners": 2}),
    ("num_envs_per_worker", 2, {"rollout.games_per_runner": 2}),
    ("rollout_fragment_length", "auto", {}),
    ("num_gpus", 0, {"resources.gpus": 0}),
    ("framework", "torch", {}),
    ("config.gamma", 0.9, {"training.gamma": 0.9}),
    ("stop.training_iteration", 5, {"stop.iterations": 5, "stop.agent_steps": None}),
    ("stop.timesteps_total", 500, {"stop.agent_steps": 500}),
    ("checkpoint_freq", 2, {"checkpoint.every_iterations": 2}),
]

# A key, a value that is refused, and the reason.
REFUSED: list[tuple[str, Any, str]] = [
    ("env", "CartPole-v1", "the environment is the game, `godot`"),
    ("framework", "tf2", "networks are torch's"),
    ("batch_mode", "complete_episodes", "episodes continue in the next batch"),
    ("model.use_attention", True, "policies here have an LSTM, or no memory"),
    ("model.fcnet_activation", "linear", "networks here have one of elu, relu, silu"),
    ("env_config.port", 11008, "games connect to a free port by themselves"),
    ("lr_schedule", [[0, 1.0], [5, 0.5], [9, 0.1]], "only a line from step 0"),
    ("callbacks", "mine.Callbacks", "`spacetime-rl train`"),
    ("num_gpus", 0.5, "a learner takes whole GPUs"),
    ("trian_batch_size", 4000, "unknown key; did you mean 'train_batch_size'?"),
    ("model", 3, "unknown key"),
]


def write(folder: Path, data: dict[str, Any]) -> Path:
    file = folder / "rllib_config.yaml"
    file.write_text(yaml.safe_dump(data))
    return file


def nested(key: str, value: Any) -> dict[str, Any]:
    for part in reversed(key.split(".")):
        value = {part: value}
    return value  # type: ignore[no-any-return]


@pytest.mark.parametrize(("key", "value", "ours"), KEYS)
def test_every_key_of_the_file_is_translated(key: str, value: Any, ours: dict[str, Any], tmp_path: Path) -> None:
    said = read_rllib_file(write(tmp_path, nested(key, value)))
    assert said.settings.settings == ours
    RunConfig.model_validate({**said.settings.document().data, "scenario": {"name": "tag"}})


@pytest.mark.parametrize(("key", "value", "reason"), REFUSED)
def test_what_has_no_counterpart_is_refused_with_the_reason(key: str, value: Any, reason: str, tmp_path: Path) -> None:
    file = write(tmp_path, nested(key, value))
    with pytest.raises(ConfigError) as error:
        read_rllib_file(file)
    (problem,) = error.value.problems
    assert problem.startswith(f"{file}: {key}: ")
    assert reason in problem


def test_a_policy_has_settings_of_its_own(tmp_path: Path) -> None:
    data = {"multiagent": {"policies": {"a": {"lr": 0.01, "model": {"fcnet_hiddens": [8]}}, "b": None}}}
    said = read_rllib_file(write(tmp_path, data))
    config = RunConfig.model_validate({**said.settings.document().data, "scenario": {"name": "tag"}})
    assert said.policies == ("a", "b")
    assert (config.policy_training("a").lr, config.policy_model("a").hiddens) == (0.01, (8,))
    assert config.policy_training("b").lr == config.training.lr


def test_the_file_that_the_page_shows_is_one_that_is_read(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "controller.md").read_text()
    (shown,) = re.findall(r"^```\n(env: godot\n.*?)^```", page, re.DOTALL | re.MULTILINE)
    (tmp_path / "rllib_config.yaml").write_text(shown)
    said = read_rllib_file(tmp_path / "rllib_config.yaml")
    assert said.policies == ("left_policy", "right_policy")
    assert said.mapping is not None
    rules = map_agents(said.mapping, ["a_0", "a_1"], said.policies, "page")
    assert [rule["policy"] for rule in rules] == ["left_policy", "right_policy"]


@pytest.mark.parametrize("where", [".", ".rlcontroller"])
def test_the_controllers_file_is_laid_on_top(where: str, tmp_path: Path) -> None:
    (tmp_path / ".rlcontroller").mkdir()
    over = {"lr": 0.5, "env_config": {"seed": 9}, "timesteps": 1000, "n_parallel": 3, "theme": {"dark": True}}
    (tmp_path / ".rlcontroller" / "training_config.json").write_text(json.dumps(over))
    said = read_rllib_file(write(tmp_path / where, {"lr": 0.1, "gamma": 0.9, "seed": 1}))
    assert said.settings.settings == {
        "training.lr": 0.5, "training.gamma": 0.9, "seed": 9, "stop.agent_steps": 1000,
        "rollout.runners": 3, "rollout.games_per_runner": 1,
    }  # fmt: skip
    assert [sentence.partition(": ")[2] for sentence in said.left_out] == ["theme.dark: unknown key"]


@pytest.mark.parametrize("text", ["{", "[1]", "3"])
def test_a_controllers_file_that_is_no_object_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / ".rlcontroller").mkdir()
    (tmp_path / ".rlcontroller" / "training_config.json").write_text(text)
    with pytest.raises(ConfigError, match=r"training_config\.json: (not valid JSON|expected keys and values)"):
        read_rllib_file(write(tmp_path, {"lr": 0.1}))


@pytest.mark.parametrize(
    ("source", "policies"),
    [
        ("def policy_mapping_fn(agent_id, episode, worker, **kwargs):\n    return 'ab'[agent_id]", ["a", "b"]),
        ("def policy_mapping_fn(agent_id, episode=None, **kwargs):\n    return agent_id.split('_')[0]", ["a", "b"]),
        ("def policy_mapping_fn(agent_id):\n    return 'a'", ["a", "a"]),
        ("lambda agent_id, *args, **kwargs: 'b'", ["b", "b"]),
    ],
)
def test_a_mapping_function_gets_numbers_or_names(source: str, policies: list[str]) -> None:
    rules = map_agents(source, ["a_0", "b_0"], ["a", "b"], "file")
    assert [rule["policy"] for rule in rules] == policies
    assert [rule["agents"] for rule in rules] == ["a_0", "b_0"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def policy_mapping_fn(:", "is not Python that runs"),
        ("policy = 'a'", "expected `def policy_mapping_fn"),
        ("def policy_mapping_fn(agent_id):\n    return 'c'", "returned 'c' for agent 0 (a_0), expected one of a, b"),
        ("def policy_mapping_fn(agent_id):\n    return 1 / 0", "failed for agent 0 (a_0): ZeroDivisionError"),
    ],
)
def test_a_mapping_function_that_fails_is_named(source: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        map_agents(source, ["a_0"], ["a", "b"], "file: policy_mapping_fn")
    assert message in str(error.value)


def test_without_a_program_the_editor_is_waited_for(tmp_path: Path) -> None:
    said = read_rllib_file(write(tmp_path, {"lr": 0.1, "env_config": {"env_path": None}}))
    config = rllib_training.configuration(said, tmp_path)
    assert (config.game.attach, config.game.env_path) == (11008, None)


def test_a_mapping_needs_a_game_that_can_be_asked_first(tmp_path: Path) -> None:
    data = {"multiagent": {"policies": ["a"], "policy_mapping_fn": "lambda agent_id: 'a'"}}
    with pytest.raises(ConfigError, match="is asked before the training, for a game that env_path names"):
        rllib_training.configuration(read_rllib_file(write(tmp_path, data)), tmp_path)


@pytest.mark.slow  # starts Ray
@pytest.mark.usefixtures("ray_cluster")
def test_the_file_of_the_reference_trains(
    walkers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(controller.VARIABLE, "controller")
    monkeypatch.setenv("SPACETIME_PROGRESS", "")  # put back afterwards: the script sets it
    file = tmp_path / "rllib_config.yaml"
    more = "num_workers: 0\nmodel: {fcnet_hiddens: [16]}\nstop: {training_iteration: 2}\ncheckpoint_freq: 1\n"
    file.write_text(REFERENCE.replace("GAME", str(walkers)) + more)
    assert rllib_training.main(["--config_file", str(file), "--experiment_dir", str(tmp_path / "out")]) == 0
    shown = capfd.readouterr()
    lines = read_metrics(shown.out)
    assert [line["training_iteration"] for line in lines] == [1, 2]
    assert lines[1]["policies"].keys() == {"policy_1", "policy_2"}
    assert lines[1]["checkpoints"] == 1
    assert "== Status ==" in shown.out
    assert "Training iteration: 2" in shown.out
    assert shown.err.startswith(f"WARNING: {file}: policy_mapping_fn is Python code from this file, and is run now\n")
    (run,) = (tmp_path / "out").glob("run-*")
    assert sorted(path.name for path in (run / "onnx").glob("*.onnx")) == ["policy_1.onnx", "policy_2.onnx"]
