"""Source document 004, the controller's reference, row by row: names, flags, defaults, ranges, output, exit codes."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from stable_baselines3 import PPO
from support.controller_lines import FIELDS, read_metrics
from support.foreign_policies import make_module

from spacetime_rl.compat import convert_rllib, convert_sb3
from spacetime_rl.compat.install import MARK, SCRIPTS, install
from spacetime_rl.errors import UsageError
from spacetime_rl.formats import controller

SB3, RLLIB = "stable_baselines3_training_script.py", "rllib_training_script.py"
CONVERT_SB3, CONVERT_RLLIB = "convert_sb3_to_onnx.py", "convert_rllib_to_onnx.py"

# Script, flag, default, a value that is taken, and one that is refused (None: every text is taken).
FLAGS = [
    (SB3, "--env_path", None, "BallChase.x86_64", None),
    (SB3, "--speedup", 1, "100", "101"),
    (SB3, "--n_parallel", 1, "64", "65"),
    (SB3, "--viz", False, None, "x"),
    (SB3, "--timesteps", 1_000_000, "5000000", "0"),
    (SB3, "--experiment_dir", Path("logs/sb3"), "my_logs", None),
    (SB3, "--experiment_name", "experiment", "pong_v1", None),
    (SB3, "--seed", 0, "42", "-1"),
    (SB3, "--resume_model_path", None, "models/checkpoint.zip", None),
    (SB3, "--save_model_path", None, "final_model.zip", None),
    (SB3, "--save_checkpoint_frequency", None, "100000", "0"),
    (SB3, "--onnx_export_path", None, "model.onnx", None),
    (SB3, "--inference", False, None, "x"),
    (SB3, "--linear_lr_schedule", False, None, "x"),
    (RLLIB, "--config_file", Path("rllib_config.yaml"), ".rlcontroller/rllib_config.yaml", None),
    (RLLIB, "--experiment_dir", Path("logs/rllib"), "rllib_results", None),
    (CONVERT_SB3, "-o", None, "exported.onnx", None),
    (CONVERT_SB3, "--output", None, "exported.onnx", None),
    (CONVERT_SB3, "--algo", None, "td3", "trpo"),
    (CONVERT_SB3, "--opset", 13, "17", "18"),
    (CONVERT_SB3, "--ir-version", 9, "9", "x"),
    (CONVERT_SB3, "--no-verify", False, None, "x"),
    (CONVERT_SB3, "--use-obs-array", False, None, "x"),
    (CONVERT_RLLIB, "-o", Path("onnx_exports"), "models", None),
    (CONVERT_RLLIB, "--output-dir", Path("onnx_exports"), "models", None),
    (CONVERT_RLLIB, "--policy", None, "left_policy", None),
    (CONVERT_RLLIB, "--checkpoint-number", None, "10", "-1"),
    (CONVERT_RLLIB, "--opset", 13, "9", "8"),
    (CONVERT_RLLIB, "--ir-version", 9, "9", "x"),
]
POSITIONAL = {CONVERT_SB3: ["model.zip"], CONVERT_RLLIB: ["checkpoint_000010"]}

KEYS = ("sb3_available", "rllib_available", "godot_rl_available", "torch_available", "onnx_available")


def parser_of(name: str) -> argparse.ArgumentParser:
    (script,) = [script for script in SCRIPTS if script.path == name]
    parser: argparse.ArgumentParser = importlib.import_module(f"spacetime_rl.compat.{script.module}").make_parser()
    return parser


@pytest.mark.parametrize(("name", "flag", "default", "good", "bad"), FLAGS)
def test_every_flag_has_its_name_default_and_range(
    name: str, flag: str, default: object, good: str | None, bad: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    parser, words = parser_of(name), POSITIONAL.get(name, [])
    (action,) = [action for action in parser._actions if flag in action.option_strings]
    assert getattr(parser.parse_args(words), action.dest) == default
    given = parser.parse_args([*words, flag, *([good] if good is not None else [])])
    assert str(getattr(given, action.dest)) == (good if good is not None else "True")
    if bad is not None:
        with pytest.raises(SystemExit) as end:
            parser.parse_args([*words, flag, bad])
        assert end.value.code == 2
        assert "error:" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", [script.path for script in SCRIPTS if script.module not in ("check_py_env", "vr_config")]
)
def test_every_script_has_a_help_with_an_example(name: str) -> None:
    parser = parser_of(name)
    assert parser.prog in (name, Path(name).name)
    assert f"example: python {parser.prog} " in parser.format_help()


def test_controller_installs_thin_scripts_and_a_second_time_replaces_them(tmp_path: Path) -> None:
    written = install(tmp_path)
    assert [str(file.relative_to(tmp_path)) for file in written] == [script.path for script in SCRIPTS]
    assert all(MARK in file.read_text() and os.access(file, os.X_OK) for file in written)
    assert install(tmp_path) == written


def test_controller_leaves_files_of_others_alone_unless_forced(tmp_path: Path) -> None:
    (tmp_path / "demo.py").write_text("print('mine')\n")
    with pytest.raises(UsageError, match=r"demo\.py; move them, or replace them with --force"):
        install(tmp_path)
    assert not (tmp_path / "check_py_env.py").exists()
    install(tmp_path, force=True)
    assert MARK in (tmp_path / "demo.py").read_text()


def test_check_py_env_has_five_keys_and_exit_code_0_where_all_is_installed(tmp_path: Path) -> None:
    install(tmp_path)
    done = subprocess.run([sys.executable, str(tmp_path / "check_py_env.py")], capture_output=True, text=True)
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (0, dict.fromkeys(KEYS, True), "")


def test_check_py_env_has_exit_code_1_in_a_python_without_packages(tmp_path: Path) -> None:
    install(tmp_path)
    command = [sys.executable, "-I", "-S", str(tmp_path / "check_py_env.py")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (1, dict.fromkeys(KEYS, False), "")


@pytest.mark.parametrize("script", [script.path for script in SCRIPTS if script.module != "check_py_env"])
def test_a_script_in_a_python_without_the_package_says_what_to_do(script: str, tmp_path: Path) -> None:
    install(tmp_path)
    bare = [sys.executable, "-I", "-S", str(tmp_path / script)]  # without site-packages
    done = subprocess.run(bare, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"ERROR: {sys.executable} has no spacetime_rl: start this script with the Python")


def test_demo_prints_messages_and_sample_metrics(tmp_path: Path) -> None:
    install(tmp_path)
    command = [sys.executable, str(tmp_path / "demo.py"), "--iterations", "2", "--pause", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert [record["training_iteration"] for record in read_metrics(done.stdout)] == [1, 2]
    assert "Total timesteps: 1000" in done.stdout
    assert done.stderr == ""


def test_a_line_has_null_for_what_is_not_known_and_not_finite() -> None:
    policy = controller.PolicyFigures(learner_stats={"kl": float("inf")})
    one = controller.Iteration(
        1, 8, 0, 0, None, None, None, float("nan"), 1.0, 1.0, 8, 8.0, 8, 8, 8, 8, {}, {"p": policy}, 0
    )
    record = json.loads(controller.metric_line(one, trial="00001").removeprefix(controller.PREFIX))
    assert list(record) == [*FIELDS, "trial"]
    assert record["episode_reward_mean"] is record["episode_len_mean"] is None
    assert record["policies"]["p"]["learner_stats"] == dict.fromkeys(("policy_loss", "vf_loss", "entropy", "kl"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([CONVERT_SB3, "model.zip"], "ERROR: model.zip"),
        ([CONVERT_RLLIB, "run"], "ERROR: No checkpoints found: there is no folder run"),
    ],
)
def test_errors_are_one_line_on_stderr_and_exit_code_1(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    name, *rest = arguments
    (script,) = [script for script in SCRIPTS if script.path == name]
    assert importlib.import_module(f"spacetime_rl.compat.{script.module}").main(rest) == 1
    shown = capsys.readouterr()
    assert (shown.out, shown.err.startswith(message), shown.err.count("\n")) == ("", True, 1)


def test_convert_sb3_writes_what_the_reference_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    PPO("MlpPolicy", "Pendulum-v1", policy_kwargs={"net_arch": [8]}, device="cpu").save(tmp_path / "model.zip")
    assert convert_sb3.main([str(tmp_path / "model.zip")]) == 0
    assert f"Exported: {tmp_path / 'model.onnx'}" in capsys.readouterr().out
    made = onnx.load(tmp_path / "model.onnx")
    assert (made.opset_import[0].version, made.ir_version) == (13, 9)
    assert convert_sb3.main([str(tmp_path / "model.zip"), "-o", str(tmp_path / "b.onnx"), "--opset", "11"]) == 0
    assert onnx.load(tmp_path / "b.onnx").opset_import[0].version == 11


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two checkpoints of RLlib, each of two policies; the present folder is empty."""
    run = tmp_path / "logs" / "PPO_2025-11-05" / "PPO_godot_abc123"
    for number in (1, 10):
        for policy in ("left_policy", "right_policy"):
            folder = run / f"checkpoint_{number:06}" / "learner_group" / "learner" / "rl_module" / policy
            make_module("PPO, discrete").save_to_path(folder)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return run


def test_convert_rllib_writes_a_file_for_each_policy_of_the_latest_checkpoint(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert convert_rllib.main([str(trained)]) == 0
    assert "checkpoint_000010" in capsys.readouterr().out
    assert sorted(file.name for file in Path("onnx_exports").glob("*.onnx")) == [
        "left_policy.onnx",
        "right_policy.onnx",
    ]
    made = onnx.load("onnx_exports/left_policy.onnx")
    assert (made.opset_import[0].version, made.ir_version) == (13, 9)


def test_convert_rllib_takes_one_policy_of_a_checkpoint_by_its_number(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--checkpoint-number", "1", "--policy", "left_policy", "-o", "models", "--opset", "15"]
    assert convert_rllib.main([str(trained), *words]) == 0
    assert "checkpoint_000001" in capsys.readouterr().out
    assert [file.name for file in Path("models").glob("*.onnx")] == ["left_policy.onnx"]
    assert convert_rllib.main([str(trained), "--policy", "middle_policy"]) == 1
    assert capsys.readouterr().err.startswith("ERROR: ")


def test_no_checkpoints_are_an_error_that_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert convert_rllib.main([str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("ERROR: No checkpoints found: ")
