"""Finding the checkpoint a user means."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacetime_rl.errors import UsageError
from spacetime_rl.runs.locate import find_checkpoint


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Run `one` with one trial, run `sweep` with two."""
    for folder in (
        "one/tune/PPO_ab12c_00000/checkpoint_000000",
        "one/tune/PPO_ab12c_00000/checkpoint_000010",
        "one/tune/PPO_ab12c_00000/checkpoint_000009",
        "sweep/tune/PPO_de34f_00000/checkpoint_000003",
        "sweep/tune/PPO_de34f_00001/checkpoint_000005",
    ):
        checkpoint = tmp_path / "results" / folder
        checkpoint.mkdir(parents=True)
        (checkpoint / "spacetime.json").write_text("{}")
    (tmp_path / "results/one/tune/PPO_ab12c_00000/checkpoint_000011").mkdir()  # cut off while it was written
    cut_short = tmp_path / "results/one/tune/PPO_ab12c_00000/checkpoint_000012"  # by a full disk
    cut_short.mkdir()
    (cut_short / "spacetime.json").write_text("{}")
    (cut_short / "algorithm_state.pkl").touch()
    (tmp_path / "results/empty").mkdir()
    return tmp_path / "results"


@pytest.mark.parametrize(
    "where", ["one", "{results}/one", "PPO_ab12c_00000", "ab12c_00000", "one/tune/PPO_ab12c_00000"]
)
def test_run_and_trial_ids_and_folders_mean_their_latest_checkpoint(where: str, results: Path) -> None:
    assert find_checkpoint(where.format(results=results), results).name == "checkpoint_000010"


def test_a_number_chooses_another_checkpoint(results: Path) -> None:
    assert find_checkpoint("one", results, 9).name == "checkpoint_000009"
    assert find_checkpoint("sweep", results, 5).name == "checkpoint_000005"


def test_a_checkpoint_folder_means_itself(results: Path) -> None:
    folder = results / "one/tune/PPO_ab12c_00000/checkpoint_000009"

    assert find_checkpoint(folder, results) == folder
    assert find_checkpoint(folder, results, 9) == folder
    with pytest.raises(UsageError, match="is a checkpoint, but not number 3"):
        find_checkpoint(folder, results, 3)


def test_an_unknown_name_is_answered_with_the_runs_there_are(results: Path) -> None:
    for name in ("empty", "one", "sweep"):
        (results / name / "config.yaml").touch()
    with pytest.raises(
        UsageError, match=r"'two': neither a folder nor .*; the runs in .*results are empty, one, sweep"
    ):
        find_checkpoint("two", results)


def test_no_results_folder_at_all_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there are no runs in"):
        find_checkpoint("one", tmp_path / "results")


def test_a_run_without_checkpoints_says_so(results: Path) -> None:
    with pytest.raises(UsageError, match="empty: holds no checkpoint"):
        find_checkpoint("empty", results)


def test_a_number_that_is_not_there_is_answered_with_those_that_are(results: Path) -> None:
    with pytest.raises(UsageError, match="no checkpoint 4; there are 0, 9, 10"):
        find_checkpoint("one", results, 4)


def test_several_trials_have_to_be_told_apart(results: Path) -> None:
    with pytest.raises(UsageError, match="2 trials have such a checkpoint; name one: PPO_de34f_00000, PPO_de34f_00001"):
        find_checkpoint("sweep", results)
