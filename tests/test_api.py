"""What a Python program calls."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spacetime_rl
from spacetime_rl.api import load_config, overrides_of
from spacetime_rl.errors import ConfigError, UsageError
from spacetime_rl.runs.shipped import BASELINES, read_baseline

SHIPPED = "baseline:vr_navigation"
PAGE = (Path(__file__).parents[1] / "docs" / "api.md").read_text(encoding="utf-8")
WITHOUT_TRAINING, WITH_TRAINING = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_examples_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(WITHOUT_TRAINING, "docs/api.md", "exec"), {})


@pytest.mark.slow  # it trains
def test_the_example_that_trains_runs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITH_TRAINING], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "results" / "from-python" / "onnx").is_dir()


def test_settings_are_given_by_section_or_by_dotted_key_and_leave_the_rest_as_it_is() -> None:
    config = load_config("vr_navigation", overrides_of({"stop": {"agent_steps": 1000}, "training.lr": 1e-3, "seed": 4}))
    packaged = spacetime_rl.load("vr_navigation")

    assert (config.stop.agent_steps, config.training.lr, config.seed) == (1000, 1e-3, 4)
    assert config.stop.success_rate == packaged.stop.success_rate
    assert config.training.gamma == packaged.training.gamma


def test_a_configuration_that_is_a_value_is_changed_and_checked_like_one_from_a_file() -> None:
    config = spacetime_rl.load("vr_navigation")

    assert load_config(config, overrides_of({"evaluation": {"episodes": 3}})).evaluation.episodes == 3
    with pytest.raises(ConfigError, match="did you mean 'episodes'"):
        load_config(config, overrides_of({"evaluation": {"episods": 3}}))


def test_a_shipped_policy_acts_for_one_observation_and_for_many() -> None:
    policy = spacetime_rl.load_policy(SHIPPED)
    rows = np.random.default_rng(0).normal(size=(5, policy.observation_size)).astype(np.float32)

    together = policy.act(rows)

    assert together.shape == (5, policy.action_size)
    np.testing.assert_allclose(policy.act(rows[2]), together[2], atol=1e-6)


def test_a_policy_is_found_in_its_folder_and_by_its_name() -> None:
    folder = BASELINES / "vr_interaction"

    assert spacetime_rl.load_policy(folder, "giver").name == "giver"
    with pytest.raises(UsageError, match="several policies; name one; it has giver, taker"):
        spacetime_rl.load_policy(folder)


def test_observations_of_another_size_are_refused() -> None:
    with pytest.raises(UsageError, match=r"navigator: expected observations \[n, \d+\], found \[3\]"):
        spacetime_rl.load_policy(SHIPPED).act([1.0, 2.0, 3.0])


def test_an_evaluation_from_python_is_the_one_of_the_command_line() -> None:
    report = spacetime_rl.evaluate("vr_navigation", "baseline", episodes=4, seed=11)
    again = spacetime_rl.evaluate(
        read_baseline("vr_navigation").config, BASELINES / "vr_navigation", episodes=4, seed=11
    )

    assert report.episodes == 4
    assert report.overall.return_mean == again.overall.return_mean


def test_the_best_checkpoint_of_a_run_that_evaluated_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(UsageError, match="every_agent_steps"):
        spacetime_rl.evaluate(None, "mine", results=tmp_path, best=True)


def test_a_run_from_python_answers_as_a_job_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Any] = []

    def begin(config: Any, *_: Any, **__: Any) -> Any:
        from types import SimpleNamespace

        begun.append(config)
        summary = SimpleNamespace(run_id="one", folder=tmp_path, stopped=False, to_dict=lambda: {"run_id": "one"})
        return SimpleNamespace(summary=summary)

    monkeypatch.setattr("spacetime_rl.training.run.begin", begin)
    run = spacetime_rl.train("vr_navigation", seed=3)

    assert (begun[0].base.seed, begun[0].is_search) == (3, False)
    assert (run.id, run.status(), run.done(), run.result()) == ("one", "succeeded", True, {"run_id": "one"})
    assert {name for name in dir(spacetime_rl.Job) if not name.startswith("_")} - set(dir(run)) == {
        "cancel", "client", "describe", "find", "follow", "logs",
    }  # fmt: skip
