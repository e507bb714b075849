"""Relative paths mean the same in every process: what is below the folder that the user started in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spacetime_rl.config import load
from spacetime_rl.config.paths import anchored, paths_of
from spacetime_rl.contract import make_launch
from spacetime_rl.errors import ConfigError
from spacetime_rl.game.engine import find_godot
from spacetime_rl.jobs.submit import check

RELATIVE = ["env_path=games/x.x86_64", "rewards.scripts=[{path: near.gd, weight: 2.0}]", "initialize_from=old/run"]


def test_the_game_that_runners_open_does_not_depend_on_the_folder_they_work_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    launch = make_launch(load(None, RELATIVE))
    assert launch.env_path == tmp_path / "games/x.x86_64"
    assert launch.reward_scripts[0].path == tmp_path / "near.gd"
    assert make_launch(load(None, ["game.project=my/game"])).project == tmp_path / "my/game"


def test_a_configuration_is_anchored_in_the_folder_where_the_user_started(tmp_path: Path) -> None:
    (tmp_path / "old" / "run").mkdir(parents=True)
    found = anchored(load(None, RELATIVE), tmp_path)
    assert dict(paths_of(found)) == {
        "game.env_path": tmp_path / "games/x.x86_64",
        "rewards.scripts.0": tmp_path / "near.gd",
    }
    assert (found.results, found.initialize_from) == (tmp_path / "results", str(tmp_path / "old/run"))
    assert found.rewards.terms[0].weight == 2.0
    assert anchored(found, Path("/elsewhere")) == found
    assert anchored(load(None, [*RELATIVE, "initialize_from=a-run-id"]), tmp_path).initialize_from == "a-run-id"


def test_a_relative_godot_is_handed_on_as_an_absolute_one(
    godot_bin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_godot").symlink_to(godot_bin)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GODOT_BIN", "./my_godot")
    find_godot()
    assert os.environ["GODOT_BIN"] == str(tmp_path / "my_godot")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (
            "games/missing.x86_64",
            "game.env_path: there is no games/missing.x86_64 in {here}, from where a job would bring",
        ),
        (
            "../x.x86_64",
            "game.env_path: ../x.x86_64 is not below {here}, the folder that a job brings along; copy it there",
        ),
        (
            "results/x.x86_64",
            "game.env_path: results/x.x86_64 is in a folder that a job does not bring along, results; co",
        ),
    ],
)
def test_a_game_that_a_job_would_not_bring_along_is_told_before_it_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        check("train", None, [f"env_path={path}"])
    assert str(caught.value).startswith(said.format(here=tmp_path))


def test_a_game_below_the_folder_or_on_the_cluster_may_be_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.x86_64").touch()
    check("train", None, ["env_path=x.x86_64"])
    check("train", None, ["env_path=/only/on/the/cluster.x86_64"])
