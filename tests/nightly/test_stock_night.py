"""A night of a game with the stock plugin, on the real engine: what its protocol does not allow is skipped and said."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import yaml
from support.command import run_command
from support.screen import missing

from spacetime_rl.nightly.report import PAGE

STOCK_GAME = Path(__file__).parent.parent / "fixtures" / "stock_game"
CONFIG = {
    "name": "stock_night",
    "game": {"project": str(STOCK_GAME), "action_repeat": 4},
    "model": {"hiddens": [16], "cnn": {"filters": [[8, 4, 2]]}},
    "rollout": {"runners": 0},
    "training": {"train_batch_size": 300, "minibatch_size": 100, "num_epochs": 1},
}


@pytest.mark.slow  # it trains, evaluates and playtests: 40 s of processor time
@pytest.mark.usefixtures("ray_cluster", "godot_bin")
def test_a_stock_game_is_trained_evaluated_and_playtested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "night.yaml").write_text(yaml.safe_dump(CONFIG))
    command = partial(run_command, monkeypatch=monkeypatch, capsys=capsys)

    sizes = ("--steps", "600", "--games", "1", "--episodes", "6", "--minutes", "0.2")
    films = () if missing() else ("--videos", "1")
    done = command("nightly", "night.yaml", *sizes, *films, "--base", str(STOCK_GAME), "--output", "night")

    assert done.code == 0, done.err
    page = (tmp_path / "night" / PAGE).read_text()
    assert "Each plays 6 episodes" in page
    assert "a stock game has no scripted policy" in page
    assert "this game replays if it is started anew" in page
    assert "0 of which ended differently" in page  # the gate of the game beside itself
    assert missing() or (tmp_path / "night" / "videos" / "first-1-episodes.mp4").is_file()
