"""The guide's scripts for continuous integration: names, flags, defaults, what they print, exit codes."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.screen import missing, open_screen

from spacetime_rl.compat.install import SCRIPTS, install
from spacetime_rl.compat.rl_training import check_regression, generate_report, validate_training_metrics
from spacetime_rl.compat.rl_training.check_regression import change_of
from spacetime_rl.compat.rl_training.places import model_folder

TEST = "rl_training/test_vr_locomotion.py"
TRAIN, VALIDATE = "rl_training/train_vr_locomotion.py", "rl_training/validate_training_metrics.py"
EVALUATE, CHECK, REPORT = (
    f"rl_training/{name}.py" for name in ("evaluate_model", "check_regression", "generate_report")
)
NEEDED = {
    TEST: [],
    TRAIN: [],
    VALIDATE: ["--experiment", "ci"],
    EVALUATE: ["--model", "m", "--output", "o.json"],
    CHECK: ["--current", "c.json", "--baseline", "b.json"],
    REPORT: ["--metrics", "m.json", "--output", "o.md"],
}
# Script, flag, default, a value that is taken, one that is refused (None: every text is taken).
FLAGS = [
    (TRAIN, "--timesteps", 100_000, "1000", "0"),
    (TRAIN, "--num_envs", 4, "8", "0"),
    (TRAIN, "--save_frequency", 10_000, "5000", "x"),
    (TRAIN, "--experiment_name", "vr_locomotion_v1", "ci_smoke_test", None),
    (VALIDATE, "--min_reward", -10.0, "-5.0", "x"),
    (VALIDATE, "--max_physics_time", 15.0, "11.0", "x"),
    (TEST, "--episodes", 10, "5", "0"),
    (EVALUATE, "--episodes", 10, "100", "0"),
    (CHECK, "--tolerance", 0.1, "0.2", "-0.1"),
]


def parser_of(name: str) -> argparse.ArgumentParser:
    (script,) = [script for script in SCRIPTS if script.path == name]
    parser: argparse.ArgumentParser = importlib.import_module(f"spacetime_rl.compat.{script.module}").make_parser()
    return parser


@pytest.mark.parametrize(("name", "flag", "default", "good", "bad"), FLAGS)
def test_every_flag_has_its_name_default_and_range(
    name: str, flag: str, default: object, good: str, bad: str | None
) -> None:
    parser = parser_of(name)
    key = flag.removeprefix("--")

    assert getattr(parser.parse_args(NEEDED[name]), key) == default
    assert str(getattr(parser.parse_args([*NEEDED[name], flag, good]), key)) == good
    if bad is not None:
        with pytest.raises(SystemExit) as end:
            parser.parse_args([*NEEDED[name], flag, bad])
        assert end.value.code == 2


@pytest.mark.parametrize("name", [VALIDATE, EVALUATE, CHECK, REPORT])
def test_a_script_without_what_it_needs_is_a_wrong_command(name: str) -> None:
    with pytest.raises(SystemExit) as end:
        parser_of(name).parse_args([])

    assert end.value.code == 2


def figures(reward: float = 10.0, length: float = 100.0, success: float = 0.8) -> dict[str, float]:
    return {"mean_reward": reward, "mean_episode_length": length, "success_rate": success}


@pytest.mark.parametrize(
    ("now", "before", "code", "said"),
    [
        (figures(), figures(), 0, "[PASS] No regressions detected"),
        (figures(reward=9.1), figures(), 0, "  Change:   -9.00%"),
        (figures(reward=8.9), figures(), 1, "[FAIL] Regressions detected in: mean_reward"),
        (figures(length=80.0, success=0.4), figures(), 1, "in: mean_episode_length, success_rate"),
        (figures(reward=-12.0), figures(reward=-10.0), 1, "[REGRESSION DETECTED] Performance dropped by 20.00%"),
        (figures(reward=-8.0), figures(reward=-10.0), 0, "  Change:   +20.00%"),
        (figures(reward=-5.0), figures(reward=0.0), 0, "  Change:   +0.00%"),
    ],
)
def test_a_drop_by_more_than_the_tolerance_is_a_regression(
    now: dict[str, float],
    before: dict[str, float],
    code: int,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, data in (("now", now), ("before", before)):
        (tmp_path / name).write_text(json.dumps(data))

    assert check_regression.main(["--current", str(tmp_path / "now"), "--baseline", str(tmp_path / "before")]) == code
    assert said in capsys.readouterr().out


def test_the_change_is_over_the_size_of_the_baseline() -> None:
    assert (change_of(-12.0, -10.0), change_of(12.0, 10.0), change_of(3.0, 0.0)) == (-0.2, 0.2, 0.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[1]", "expected a JSON object"),
        ('{"return": 1}', "none of mean_reward, mean_episode_length, success_rate is in it"),
        ('{"mean_reward": NaN}', "mean_reward: expected a finite number"),
        ('{"mean_reward": "9"}', "none of mean_reward"),
    ],
)
def test_a_file_without_figures_is_an_error(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "figures.json"
    file.write_text(text)

    assert check_regression.main(["--current", str(file), "--baseline", str(file)]) == 1
    shown = capsys.readouterr()
    assert (shown.out, shown.err.startswith(f"ERROR: {file}: {said}")) == ("", True)


@pytest.mark.parametrize(
    ("results", "code", "said"),
    [
        ([(-20.0, 0.5), (-3.0, 1.2)], 0, "[PASS] All validation checks passed"),
        ([(-3.0, 0.5), (-20.0, 0.5)], 1, "[FAIL] Reward below threshold!"),
        ([(0.0, 1.5), (0.0, 0.5)], 1, "[FAIL] Physics time exceeded threshold!"),
        ([(0.0, 1.5), (0.0, 0.5)], 1, "[Validation] Max physics time: 16.66 ms (threshold: 15.00 ms)"),
        ([(0.0, None)], 0, "[Validation] Final reward: 0.00 (threshold: -10.00)"),
        ([(None, None)], 1, "[Validation] Final reward: -inf"),
    ],
)
def test_the_last_return_and_the_longest_frame_time_have_bounds(
    results: list[tuple[float | None, float | None]],
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "rl_training/logs/ci"
    folder.mkdir(parents=True)
    names = ("scenario/return_mean", "performance/physics_frame_time_ratio")
    lines = [
        {"trial_id": "t", "training_iteration": number, "agent_steps": number, "time_total_s": 1.0}
        | {name: value for name, value in zip(names, result, strict=True) if value is not None}
        for number, result in enumerate(results, 1)
    ]
    (folder / "progress.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    assert validate_training_metrics.main(["--experiment", "ci"]) == code
    assert said in capsys.readouterr().out


def test_a_training_that_is_not_there_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rl_training/logs/empty").mkdir(parents=True)

    assert validate_training_metrics.main(["--experiment", "ci"]) == 1
    assert "ERROR: rl_training/logs/ci: no such training" in capsys.readouterr().err
    assert validate_training_metrics.main(["--experiment", "empty"]) == 1
    assert "rl_training/logs/empty/progress.jsonl: no result yet" in capsys.readouterr().err


def test_the_report_has_every_figure(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text(json.dumps({**figures(), "note": "not a number"}))

    page = tmp_path / "pages/RL_NIGHTLY_REPORT.md"
    assert generate_report.main(["--metrics", str(tmp_path / "metrics.json"), "--output", str(page)]) == 0

    assert [line for line in page.read_text().splitlines() if line.startswith("|")] == [
        "| figure | value |",
        "|---|---:|",
        "| mean\\_reward | 10 |",
        "| mean\\_episode\\_length | 100 |",
        "| success\\_rate | 0.8 |",
    ]


def test_a_model_may_be_named_as_the_file_that_the_guide_has(tmp_path: Path) -> None:
    folder = tmp_path / "ci_final"
    folder.mkdir()

    assert model_folder(tmp_path / "ci_final.zip") == folder
    assert model_folder(folder) == folder
    assert model_folder(tmp_path / "other.zip") == tmp_path / "other.zip"


@pytest.mark.skipif(bool(missing()), reason=missing())
@pytest.mark.slow  # a training, an evaluation and a window, in processes of their own
def test_the_guides_commands_run_one_after_the_other(godot_bin: Path, tmp_path: Path) -> None:
    install(tmp_path)
    model = "rl_training/models/ci_final.zip"
    for words in (
        f"{TRAIN} --timesteps 1000 --num_envs 1 --experiment_name ci",
        f"{VALIDATE} --experiment ci --min_reward -1000.0 --max_physics_time 10000.0",
        f"{EVALUATE} --model {model} --episodes 2 --output report.json",
        f"{CHECK} --current report.json --baseline report.json --tolerance 0.1",
        f"{REPORT} --metrics report.json --output RL_NIGHTLY_REPORT.md",
    ):
        done = subprocess.run(
            [sys.executable, *words.split()], cwd=tmp_path, capture_output=True, text=True, timeout=280, check=False
        )
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"

    with open_screen(tmp_path) as screen:
        watched = subprocess.run(
            [sys.executable, TEST, "--episodes", "1", "--model", model, "--speed", "max"],
            cwd=tmp_path,
            env={**os.environ, "DISPLAY": screen.display},
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )

    assert json.loads((tmp_path / "report.json").read_text())["episodes"] == 2
    assert re.search(
        r"^\[Episode 1\] Finished: Reward=-?\d+\.\d\d, Steps=\d+\n\[Test\] Complete\.$", watched.stdout, re.M
    )
    assert list((tmp_path / "rl_training/logs/ci/tensorboard").rglob("events.out.tfevents.*"))
