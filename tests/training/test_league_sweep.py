"""A sweep whose trials meet: two trials with networks of different sizes on the real engine, by the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.command import Done, run_command
from support.touch_run import RUN as TOUCH

from spacetime_rl.league.lineage import read_lineage
from spacetime_rl.league.payoff import PayoffTable
from spacetime_rl.league.tables import read_tables
from spacetime_rl.runs.layout import payoff_files, snapshots_of, trials_of

pytestmark = [
    pytest.mark.usefixtures("ray_cluster", "godot_bin"),
    pytest.mark.timeout(600),
    pytest.mark.slow,  # two trials of two processes and a game each
]

RUN: dict[str, Any] = {
    **TOUCH,
    "rollout": {"runners": 1},
    "stop": {"agent_steps": 4_000},
    "checkpoint": {"every_iterations": 1, "keep": 4},
    "callbacks": ["support.meeting.Meeting"],
    "league": {"save_steps": 1_000, "across_trials": 0.5, "fixed": {"random": 0.1}},
}
SWEEP = {
    "num_samples": 1,
    "max_concurrent": 2,
    "searcher": "grid",
    "space": {"model.hiddens": {"grid_search": [[8], [12, 12]]}},
}


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Run a command of ours in a folder of the test's."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Done:
        return run_command(*arguments, monkeypatch=monkeypatch, capsys=capsys)

    return run


def met(run: Path) -> dict[str, set[str]]:
    """By trial the players of other trials in its payoff table."""
    found = {}
    for trial, file in payoff_files(run).items():
        players = {player for result in PayoffTable(file).results for _, player in result.sides}
        found[trial] = {player for player in players if ":" in player}
    return found


def test_two_trials_play_against_each_other_s_snapshots_and_share_a_scale(
    command: Callable[..., Done], tmp_path: Path
) -> None:
    Path("search.yaml").write_text(yaml.safe_dump({**RUN, "sweep": SWEEP}))

    done = command("sweep", "search.yaml", "--run-id", "one", "--json", "--no-eval")

    assert done.code == 0, done.err
    run = tmp_path / "results" / "one"
    one, other = trials_of(run)
    seen = met(run)
    for trial, theirs in ((one, other), (other, one)):
        assert {player.partition(":")[0] for player in seen[trial]} == {theirs}
        for policy in ("walker", "jumper"):
            saved = {f"{theirs}:{policy}@{steps}" for steps in snapshots_of(trials_of(run)[theirs], policy)}
            assert {player for player in seen[trial] if f":{policy}@" in player} <= saved
        assert len(seen[trial]) > 2

    rated = command("league", "one", "--json", "--width", "100000")

    assert rated.code == 0, rated.err
    players = {player["player"]: player for player in json.loads(rated.out)["players"]}
    assert {player["trial"] for player in players.values()} == {"", one, other}
    assert all(player["rating"] is not None for player in players.values())


def test_trials_that_go_on_from_each_other_s_copies_are_rated_once(
    command: Callable[..., Done], tmp_path: Path
) -> None:
    # A trial takes over the other one's copy where it is the worse one when it is asked: about eight times in this run.
    search = {
        "num_samples": 2,
        "max_concurrent": 2,
        "scheduler": {"type": "pbt", "interval_agent_steps": 500, "quantile_fraction": 0.5},
        "space": {"training.lr": {"loguniform": [1e-4, 1e-2]}},
    }
    league = {**RUN["league"], "save_steps": 500}
    Path("search.yaml").write_text(yaml.safe_dump({**RUN, "league": league, "sweep": search}))

    done = command("sweep", "search.yaml", "--run-id", "one", "--json", "--no-eval")

    assert done.code == 0, done.err
    assert not [trial["error"] for trial in json.loads(done.out)["trials"] if trial["error"]]
    run = tmp_path / "results" / "one"
    folders = trials_of(run)
    lineages = [read_lineage(folder) for folder in folders.values()]
    assert any(lineage.before for lineage in lineages)
    for result in read_tables([run]).training:
        owners = {player.partition(":")[0].rpartition("-")[0] or player.partition(":")[0] for _, player in result.sides}
        assert owners <= {*folders, "random"}
    rated = command("league", "one", "--json", "--width", "100000")
    assert rated.code == 0, rated.err
    names = {player["trial"] for player in json.loads(rated.out)["players"]}
    assert {lineage.owner for lineage in lineages} <= names
