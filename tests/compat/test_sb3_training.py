"""`stable_baselines3_training_script.py` trains, saves, resumes, plays and exports with Stable-Baselines3 itself."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from stable_baselines3 import PPO
from support.controller_lines import read_metrics
from support.ports import free_port

from spacetime_rl.compat import sb3_training
from spacetime_rl.compat.install import install
from spacetime_rl.evaluation.policies import OnnxActor
from spacetime_rl.export.schema import read_schema
from spacetime_rl.formats import controller
from spacetime_rl.game.attach_door import Attach
from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.process import GameProcess
from spacetime_rl.game.project import OWN_PROJECT, import_project


def test_a_stock_game_trains_and_its_policy_is_saved_and_exported(
    walkers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(controller.VARIABLE, "controller")
    logs = tmp_path / "logs"
    words = ["--env_path", str(walkers.with_suffix("")), "--speedup", "100", "--timesteps", "128", "--seed", "3"]
    words += ["--experiment_dir", str(logs), "--save_checkpoint_frequency", "64", "--linear_lr_schedule"]
    words += ["--save_model_path", str(tmp_path / "walker"), "--onnx_export_path", str(tmp_path / "walker.onnx")]
    assert sb3_training.main(words) == 0

    shown = capsys.readouterr().out
    (line,) = read_metrics(shown)
    assert (line["timesteps_total"], line["episodes_total"], line["checkpoints"]) == (128, 6, 2)
    assert line["episode_len_mean"] == 20.0
    assert line["policies"]["walker"]["custom_metrics"].keys() == {"goals_scored", "distance_travelled"}
    assert all(np.isfinite(line["policies"]["walker"]["learner_stats"][name]) for name in ("policy_loss", "vf_loss"))
    assert "Total timesteps: 128" in shown
    assert sorted(file.name for file in logs.glob("*.zip")) == ["rl_model_128_steps.zip", "rl_model_64_steps.zip"]

    model = PPO.load(tmp_path / "walker.zip")
    exported = onnx.load(tmp_path / "walker.onnx")
    assert (exported.opset_import[0].version, exported.ir_version) == (13, 9)
    seen = np.random.default_rng(0).uniform(-1, 1, (8, 2)).astype(np.float32)
    schema = read_schema(tmp_path / "walker.schema.json")
    assert [(field.name, field.size) for field in schema.layout.fields] == [("obs", 2)]
    assert [action.name for action in schema.layout.actions] == ["move"]
    ours = OnnxActor(tmp_path / "walker.onnx", schema, len(seen)).act(seen)
    np.testing.assert_allclose(ours, model.predict({"obs": seen}, deterministic=True)[0], atol=1e-5)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--inference"], "--inference plays a trained model: add --resume_model_path"),
        (["--n_parallel", "2"], "--n_parallel: the editor plays one game; add --env_path"),
    ],
)
def test_arguments_that_contradict_each_other_are_refused(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        sb3_training.main(words)
    assert end.value.code == 2
    assert message in capsys.readouterr().err


def test_a_game_that_is_not_there_is_an_error_of_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sb3_training.main(["--env_path", str(tmp_path / "none")]) == 1
    shown = capsys.readouterr()
    assert shown.err.startswith("ERROR: game.env_path: ")
    assert (shown.out, shown.err.count("\n")) == ("", 1)


def test_without_a_program_a_game_that_the_user_starts_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Attach(free_port())
    monkeypatch.setattr(sb3_training, "EDITOR", place)
    godot = find_godot()
    scene = ["--path", str(import_project(OWN_PROJECT, godot)), "res://scenarios/vr_navigation/vr_navigation.tscn"]
    command = [str(godot.path), "--headless", *scene, "--", f"--attach={place.port}"]
    words = ["--timesteps", "64", "--speedup", "100", "--experiment_dir", str(tmp_path)]
    with GameProcess(command, name="by-hand", log_dir=tmp_path):
        assert sb3_training.main([*words, "--save_model_path", str(tmp_path / "model.zip")]) == 0
    shown = capsys.readouterr().out
    assert f"waiting on 127.0.0.1:{place.port} for a game that you start" in shown
    assert "Total timesteps: 64" in shown
    assert PPO.load(tmp_path / "model.zip").num_timesteps == 64


@pytest.mark.parametrize(
    ("agents", "timesteps", "sizes"),
    [(1, 10**6, (2048, 64)), (2, 10**6, (1024, 64)), (3, 10**6, (704, 64)), (100, 10**6, (32, 64)), (2, 50, (25, 50))],
)
def test_minibatches_divide_an_iteration_which_is_not_longer_than_the_training(
    agents: int, timesteps: int, sizes: tuple[int, int]
) -> None:
    steps, batch = sb3_training.sizes_for(agents, timesteps)
    assert (steps, batch) == sizes
    assert steps * agents % batch == 0


def test_the_usual_port_is_that_of_the_plugin() -> None:
    assert (sb3_training.EDITOR.port, sb3_training.EDITOR.is_local) == (11008, True)


def test_a_game_that_dies_ends_the_training_and_what_was_learned_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    game = tmp_path / "game.x86_64"
    fake = Path(__file__).parents[1] / "support" / "fake_stock_game.py"
    game.write_text(f'#!/bin/sh\nexec {sys.executable} {fake} "$@" --crash-above 1.5\n')
    game.chmod(0o755)
    words = [
        "--env_path",
        str(game),
        "--experiment_dir",
        str(tmp_path),
        "--save_model_path",
        str(tmp_path / "kept.zip"),
    ]
    assert sb3_training.main(words) == 1
    shown = capsys.readouterr()
    assert shown.err.startswith(f"ERROR: {game}: the connection ended at step (killed by SIGSEGV)")
    assert f"Saved: {tmp_path / 'kept.zip'}" in shown.out
    assert PPO.load(tmp_path / "kept.zip").policy is not None


@pytest.mark.slow  # a process of its own
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_ends_the_training_and_what_was_learned_is_kept(
    number: signal.Signals, code: int, walkers: Path, tmp_path: Path
) -> None:
    install(tmp_path)
    words = ["--env_path", str(walkers), "--speedup", "100", "--save_model_path", "kept.zip"]
    command = [sys.executable, "stable_baselines3_training_script.py", *words]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert next(line for line in process.stdout if line.startswith("Total timesteps: "))
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Saved: kept.zip" in out
    assert err.endswith(f"WARNING: stopped by {'Ctrl-C' if number is signal.SIGINT else 'SIGTERM'}\n")
    assert PPO.load(tmp_path / "kept.zip").num_timesteps > 0


@pytest.mark.slow  # trains three times
def test_a_training_goes_on_from_a_checkpoint_and_a_model_plays(
    walkers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    game = ["--env_path", str(walkers), "--speedup", "100", "--experiment_dir", str(tmp_path)]
    assert sb3_training.main([*game, "--timesteps", "512", "--save_checkpoint_frequency", "256"]) == 0
    checkpoint = tmp_path / "rl_model_512_steps.zip"
    assert checkpoint.is_file()
    more = ["--resume_model_path", str(checkpoint), "--timesteps", "512", "--n_parallel", "1"]
    assert sb3_training.main([*game, *more, "--save_model_path", str(tmp_path / "more.zip")]) == 0
    assert "Total timesteps: 1024" in capsys.readouterr().out
    assert PPO.load(tmp_path / "more.zip").num_timesteps == 1024
    play = ["--inference", "--resume_model_path", str(tmp_path / "more.zip"), "--timesteps", "60"]
    assert sb3_training.main([*game, *play]) == 0
    assert "Episode 6: reward=" in capsys.readouterr().out


@pytest.mark.slow  # learns for 60,000 steps
def test_it_learns(
    walkers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(controller.VARIABLE, "1")
    words = ["--env_path", str(walkers), "--speedup", "100", "--n_parallel", "4", "--experiment_dir", str(tmp_path)]
    assert sb3_training.main([*words, "--timesteps", "60000"]) == 0
    lines = read_metrics(capsys.readouterr().out)
    assert lines[-1]["episode_reward_mean"] > lines[0]["episode_reward_mean"] + 4
