"""Source document 001, the VR training scripts, row by row: flags, presets, JSON keys, and the task's numbers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from spacetime_rl.compat import vr_config, vr_training
from spacetime_rl.compat.install import install
from spacetime_rl.compat.translate import Translation
from spacetime_rl.compat.vr_config import PRESETS, read_vr_config, vr_run
from spacetime_rl.compat.vr_keys import EXAMPLE, KEYS
from spacetime_rl.config import RunConfig
from spacetime_rl.errors import ConfigError
from spacetime_rl.export.schema import read_schema
from spacetime_rl.game.project import OWN_PROJECT
from spacetime_rl.runs.layout import schema_file
from spacetime_rl.runs.shipped import read_baseline

FLAGS = [
    ("--preset", None, "comfort_optimized", "comfort"),
    ("--config", None, "tuned_config.json", None),
    ("--resume", None, "user://ml_training/checkpoints/vr_nav_model_100000_steps.zip", None),
    ("--eval", None, "user://ml_training/best_models/best_model.zip", None),
    ("--episodes", 20, "50", "0"),
    ("--timesteps", None, "1000000", "-1"),
    ("--verbose", False, None, "x"),
]

# Name, agent steps, decisions of an episode (None: the scenario's own), lessons.
PRESET_ROWS = [
    ("quick_test", 10_000, 200, 2),
    ("full_training", 5_000_000, 1000, 2),
    ("curriculum_learning", 3_000_000, None, 3),
    ("comfort_optimized", 1_000_000, None, 0),
]

OBSERVED = {"head": 13, "rays": 16, "hands": 12, "goal": 7}
# The parameters of the scene, with the numbers of the document's tables.
NUMBERS = [
    ("reward_goal", 100.0), ("reward_progress", 1.0), ("reward_low_acceleration", 0.1), ("reward_comfort", 2.0),
    ("reward_collision", -10.0), ("reward_fall", -50.0), ("reward_timeout", -20.0), ("reward_teleport", -1.0),
    ("max_speed", 2.0), ("max_turn_deg", 90.0), ("comfort_turn_share", 0.7), ("comfort_turn_cost", 0.3),
    ("comfort_speed_share", 0.8), ("comfort_speed_cost", 0.2), ("comfort_roll_limit", 0.3), ("comfort_roll_cost", 0.2),
]  # fmt: skip
STAGES = [
    {"name": "easy", "max_goal_distance": 10.0, "timesteps": 500_000},
    {"name": "medium", "max_goal_distance": 20.0, "timesteps": 1_000_000},
    {"name": "hard", "max_goal_distance": 30.0, "timesteps": 1_500_000},
]

# A key of the JSON file, its value, the setting that it becomes, and that setting's value.
JSON_KEYS: list[tuple[str, Any, str, Any]] = [
    ("network.net_arch", [256, 256], "model.hiddens", (256, 256)),
    ("network.net_arch", {"pi": [64], "vf": [64]}, "model.hiddens", (64,)),
    ("network.activation_fn", "relu", "model.activation", "relu"),
    ("ppo.learning_rate", 0.0003, "training.lr", 0.0003),
    ("ppo.learning_rate", 0.0003, "training.final_lr", None),
    ("ppo.batch_size", 64, "training.minibatch_size", 64),
    ("ppo.n_epochs", 10, "training.num_epochs", 10),
    ("ppo.gamma", 0.98, "training.gamma", 0.98),
    ("ppo.gae_lambda", 0.9, "training.lambda_", 0.9),
    ("ppo.clip_range", 0.1, "training.clip_param", 0.1),
    ("ppo.ent_coef", 0.01, "training.entropy_coeff", 0.01),
    ("ppo.vf_coef", 0.4, "training.vf_loss_coeff", 0.4),
    ("ppo.max_grad_norm", 1.0, "training.grad_clip", 1.0),
    ("rewards.goal_reached", 90.0, "scenario.params.reward_goal", 90.0),
    ("rewards.collision_penalty", -12.0, "scenario.params.reward_collision", -12.0),
    ("rewards.collision_penalty", -12.0, "curriculum", ()),
    ("rewards.comfort_bonus", 3.0, "scenario.params.reward_comfort", 3.0),
    ("rewards.fall_penalty", -40.0, "scenario.params.reward_fall", -40.0),
    ("rewards.timeout_penalty", -10.0, "scenario.params.reward_timeout", -10.0),
    ("rewards.teleport_penalty", -2.0, "scenario.params.reward_teleport", -2.0),
    ("training.total_timesteps", 123_000, "stop.agent_steps", 123_000),
    ("training.total_timesteps", 123_000, "stop.time_s", None),
    ("training.save_freq", 5000, "checkpoint.every_agent_steps", 5000),
    ("training.eval_freq", 5000, "evaluation.every_agent_steps", 5000),
    ("training.num_workers", 4, "rollout.runners", 4),
    ("training.use_curriculum", True, "curriculum", "scenario"),
    ("environment.num_environments", 4, "game.arenas", 4),
    ("environment.max_rotation_speed", 60.0, "scenario.params.max_turn_deg", 60.0),
    ("environment.action_smoothing", 0.4, "scenario.params.smoothing", 0.6),
]
REFUSED: list[tuple[str, Any, str]] = [
    ("network.policy", "CnnPolicy", "the network is one of layers, MlpPolicy"),
    ("network.net_arch", {"pi": [64], "vf": [32]}, "policy and value function have the same layers here"),
    ("network.activation_fn", "gelu", "networks here have one of"),
    ("ppo.target_kl", 0.01, "updates are not ended early"),
    ("ppo.use_sde", True, "exploration is not state-dependent"),
    ("environment.scene_path", "res://other.tscn", "this script trains vr_navigation"),
    ("environment.port", 8080, "`spacetime-rl train --via-http` is that door"),
    ("environment.num_rays", 32, "the player has 16 rays"),
    ("environment.action_smoothing", "much", "'much' is not a value of this setting"),
    ("training.curriculum_stages", [{"name": "x", "size": 3}], "size: a stage has name, max_goal_distance and"),
    ("rewards.goal_reach", 1.0, "unknown key; did you mean 'rewards.goal_reached'?"),
]


def write(folder: Path, document: Any) -> Path:
    file = folder / "config.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return file


def sectioned(key: str, value: Any) -> dict[str, Any]:
    section, _, name = key.partition(".")
    return {section: {name: value}}


def at(config: RunConfig, key: str) -> Any:
    found: Any = config
    for part in key.split("."):
        found = found[part] if hasattr(found, "keys") else getattr(found, part)
    return found


@pytest.mark.parametrize(("flag", "default", "good", "bad"), FLAGS)
def test_every_flag_has_its_name(
    flag: str, default: object, good: str | None, bad: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    parser, name = vr_training.make_parser(), flag.removeprefix("--")
    assert getattr(parser.parse_args([]), name) == default
    given = parser.parse_args([flag, *([good] if good else [])])
    assert str(getattr(given, name)) == (Path(good).as_posix() if name == "config" and good else good or "True")
    if bad is not None:
        with pytest.raises(SystemExit):
            parser.parse_args([flag, bad])
        assert "error:" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "steps", "episode", "lessons"), PRESET_ROWS)
def test_every_preset_has_its_steps_and_episodes(name: str, steps: int, episode: int | None, lessons: int) -> None:
    config = vr_run(name, Translation(), Path("out"), None)
    assert (config.stop.agent_steps, config.stop.time_s, config.game.episode_steps) == (steps, None, episode)
    assert len(config.curriculum) == lessons or (config.curriculum, lessons) == ("scenario", 3)
    assert tuple(row[0] for row in PRESET_ROWS) == PRESETS
    if name == "quick_test":
        assert config.checkpoint.every_agent_steps == 2000


def test_an_agent_observes_48_numbers_and_acts_by_three() -> None:
    layout = read_schema(schema_file(read_baseline("vr_navigation").folder, "navigator")).layout
    sizes: dict[str, int] = {}
    for field in layout.fields:
        group = field.name.partition("/")[0]
        sizes[group] = sizes.get(group, 0) + field.size
    assert sizes == OBSERVED
    assert (layout.vector_dim, layout.action_size) == (48, 3)
    assert all(action.kind == "continuous" for action in layout.actions)


@pytest.mark.parametrize(("name", "value"), NUMBERS)
def test_the_task_has_the_numbers_of_the_document(name: str, value: float) -> None:
    source = (OWN_PROJECT / "scenarios" / "vr_navigation" / "navigation_params.gd").read_text()
    (found,) = re.findall(rf"var {name}: float = (\S+)", source)
    assert float(found) == value


@pytest.mark.parametrize(("key", "value", "ours", "expected"), JSON_KEYS)
def test_every_json_key_becomes_a_setting(key: str, value: Any, ours: str, expected: Any, tmp_path: Path) -> None:
    said = read_vr_config(write(tmp_path, sectioned(key, value)))
    assert at(vr_run(None, said, tmp_path, None), ours) == expected


@pytest.mark.parametrize(("key", "value", "reason"), REFUSED)
def test_a_json_key_without_a_counterpart_is_refused_with_the_reason(
    key: str, value: Any, reason: str, tmp_path: Path
) -> None:
    file = write(tmp_path, sectioned(key, value))
    with pytest.raises(ConfigError) as error:
        read_vr_config(file)
    (problem,) = error.value.problems
    assert problem.startswith(f"{file}: {key}: ")
    assert reason in problem


def test_the_stages_of_a_curriculum_become_lessons(tmp_path: Path) -> None:
    file = write(tmp_path, {"training": {"curriculum_stages": STAGES, "use_curriculum": True}})
    config = vr_run(None, read_vr_config(file), tmp_path, None)
    assert [(lesson.lesson, lesson.params, lesson.agent_steps) for lesson in config.curriculum] == [  # type: ignore[union-attr]
        (stage["name"], {"goal_distance_max": stage["max_goal_distance"]}, stage["timesteps"]) for stage in STAGES
    ]
    assert config.stop.agent_steps == 3_000_000


def test_steps_of_an_environment_are_multiplied_by_their_number(tmp_path: Path) -> None:
    file = write(tmp_path, {"ppo": {"n_steps": 256}, "environment": {"num_environments": 8}})
    assert vr_run(None, read_vr_config(file), tmp_path, None).training.train_batch_size == 2048


def test_the_command_line_has_the_last_word_about_steps(tmp_path: Path) -> None:
    said = read_vr_config(write(tmp_path, {"training": {"total_timesteps": 7000}}))
    assert vr_run("quick_test", said, tmp_path, None).stop.agent_steps == 7000
    assert vr_run("quick_test", said, tmp_path, 900).stop.agent_steps == 900


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", '{"ppo": 3}', '{"ppo": {"gamma": "high"}}', '{"ppo": {"gamma": 9}}']
)
def test_a_file_that_is_no_configuration_is_an_error_of_one_line(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path, text)
    assert vr_training.main(["--config", str(file)]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith(f"ERROR: {file}: ")
    assert shown.count("\n") == 1


def test_rl_config_writes_an_example_that_is_read(tmp_path: Path) -> None:
    install(tmp_path)
    command = [sys.executable, str(tmp_path / "scripts" / "ml" / "rl_config.py")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("Wrote example_config.json\n", "")
    assert json.loads((tmp_path / "example_config.json").read_text()) == EXAMPLE
    config = vr_run(None, read_vr_config(tmp_path / "example_config.json"), tmp_path, None)
    assert config.model.hiddens == (256, 256)
    assert config.scenario.params["smoothing"] == 0.3  # the scene's own


def test_every_key_of_the_example_is_in_the_table() -> None:
    assert {f"{section}.{key}" for section, keys in EXAMPLE.items() for key in keys} <= KEYS.keys()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--resume", "x", "--preset", "quick_test"], "--resume continues a run with the settings"),
        (["--eval", "x", "--timesteps", "5"], "--eval trains nothing"),
    ],
)
def test_flags_that_contradict_each_other_are_refused(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        vr_training.main(words)
    assert end.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.slow  # trains, resumes and evaluates
@pytest.mark.usefixtures("ray_cluster")
def test_the_commands_of_the_document_work_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    small = {"environment": {"num_environments": 4}, "training": {"num_workers": 0}, "ppo": {"n_steps": 250}}
    small["training"] |= {"eval_freq": 1000, "n_eval_episodes": 2}
    words = ["--preset", "quick_test", "--config", str(write(tmp_path, small)), "--timesteps", "2000", "--verbose"]
    assert vr_training.main(words) == 0
    assert "Evaluate: python train_vr_navigation.py --eval vr_navigation-" in capfd.readouterr().out
    (run,) = (tmp_path / "ml_training").glob("vr_navigation-*")
    assert list(run.rglob("events.out.tfevents*"))
    # Their files are not here; the latest run is meant.
    assert vr_training.main(["--eval", "user://ml_training/best_models/best_model.zip", "--episodes", "2"]) == 0
    shown = capfd.readouterr().out
    assert f"not here; taking the best checkpoint of ml_training/{run.name}" in shown
    assert re.search(r"^Episodes: 2$", shown, re.MULTILINE)
    assert re.search(r"^Mean reward: -?\d", shown, re.MULTILINE)
    assert any((run / "best").iterdir())
    assert vr_training.main(["--resume", "user://ml_training/checkpoints/vr_nav_model_2000_steps.zip"]) == 1
    assert "is finished; begin another run for more" in capfd.readouterr().err


@pytest.mark.slow  # starts the game
def test_a_model_of_stable_baselines3_is_evaluated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import gymnasium as gym
    import numpy as np
    from stable_baselines3 import PPO

    class Spaces(gym.Env[Any, Any]):
        observation_space = gym.spaces.Box(-np.inf, np.inf, (48,), np.float32)
        action_space = gym.spaces.Box(-1.0, 1.0, (3,), np.float32)

    PPO("MlpPolicy", Spaces(), device="cpu").save(tmp_path / "best_model.zip")
    assert vr_training.main(["--eval", str(tmp_path / "best_model.zip"), "--episodes", "2"]) == 0
    assert "Episodes: 2" in capsys.readouterr().out


def test_the_scripts_are_where_the_document_has_them(tmp_path: Path) -> None:
    install(tmp_path)
    folder = tmp_path / "scripts" / "ml"
    assert sorted(os.listdir(folder)) == ["rl_config.py", "train_vr_navigation.py"]
    assert vr_config.FILE == "example_config.json"
