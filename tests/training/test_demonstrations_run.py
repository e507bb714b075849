"""Runs that learn from recorded scripted episodes, as a user has them: the real commands on the real engine."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.command import Done, run_command
from support.touch_run import RUN

pytestmark = [pytest.mark.usefixtures("godot_bin"), pytest.mark.timeout(600)]


def results_of(folder: Path, run: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "results" / run / "progress.jsonl").read_text().splitlines()]


def return_of(folder: Path, run: str, player: str) -> float:
    reports = json.loads((folder / "results" / run / "report" / "evaluation.json").read_text())
    return float(reports[player]["overall"]["return_mean"])


@pytest.mark.slow  # two trainings and their evaluations
def test_a_scripts_episodes_teach_a_run_before_it_plays_and_another_one_that_never_plays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(*words: str) -> Done:
        done = run_command(*words, monkeypatch=monkeypatch, capsys=capsys)
        assert done.code == 0, done.err
        return done

    monkeypatch.chdir(tmp_path)
    Path("touch.yaml").write_text(yaml.safe_dump(RUN))
    command("eval", "heuristic", "--config", "touch.yaml", "--episodes", "20", "--record-to", "shown")

    script = ("--set", "imitation.from=heuristic", "--set", "imitation.episodes=20")
    command("train", "touch.yaml", *script, "--run-id", "one", "--set", "stop.agent_steps=600")
    kept = json.loads(Path("results/one/demonstrations/demonstrations.json").read_text())
    assert kept["from"] == ["heuristic"]
    assert {name: count["episodes"] for name, count in kept["policies"].items()} == {"walker": 40, "jumper": 20}
    first, *_, last = results_of(tmp_path, "one")
    told = re.search(r"walker: pre-trained on \d+ decisions; the loss .*? fell from (\S+) to (\S+) in pass", str(first))
    assert told is not None
    assert first["policy/walker/imitation_validation_loss"] == pytest.approx(float(told[2]), rel=0.01)
    assert float(told[2]) < float(told[1]) - 0.2
    assert last["policy/walker/imitation_weight"] < 0.1

    longer = (
        "training.train_batch_size=20000",
        "training.lr=3e-3",
        "stop.agent_steps=300000",
        "evaluation.episodes=40",
    )
    settings = [word for setting in longer for word in ("--set", setting)]
    command("train", "touch.yaml", "--offline", "--set", "imitation.from=shown", "--run-id", "two", *settings)
    shutil.rmtree("shown")
    results = results_of(tmp_path, "two")
    assert results[-1]["episodes"] == 0
    assert results[-1]["agent_steps"] >= 300000
    assert not list(Path("results/two/logs").rglob("runner*"))  # no game of a runner ever wrote a log
    assert Path("results/two/onnx/walker.onnx").is_file()
    assert return_of(tmp_path, "two", "trained") > return_of(tmp_path, "two", "random")
