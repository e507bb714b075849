"""Tune's state of a run, kept whole."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from spacetime_rl.errors import ResumeError
from spacetime_rl.runs.folder import RunFolder
from spacetime_rl.tuning.tune_state import StateKeeper, can_resume, resume_config, saved_often

STATE, SEARCHER = "experiment_state-2026-01-01_00-00-00.json", "searcher-state-2026-01-01_00-00-00.pkl"
WHOLE = {STATE: b'{"trial_data": []}', SEARCHER: b"\x80\x04N."}  # a pickled None


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A run of which Tune has saved something twice, the second time beyond what was kept."""
    folder = RunFolder(tmp_path / "one")
    staging = tmp_path / "staging"
    for place in (staging, folder.paths.tune):
        place.mkdir(parents=True)
        for name, content in WHOLE.items():
            (place / name).write_bytes(content)
    trial = SimpleNamespace(storage=SimpleNamespace(experiment_driver_staging_path=str(staging)))
    StateKeeper(folder.paths.tune).on_step_end(iteration=1, trials=[trial])
    return folder


@pytest.mark.parametrize("cut", [STATE, SEARCHER])
@pytest.mark.parametrize("left", [0, 3])
def test_what_was_cut_short_is_put_back(folder: RunFolder, cut: str, left: int) -> None:
    (folder.paths.tune / cut).write_bytes(WHOLE[cut][:left])

    assert resume_config(folder, resume=True) is not None
    assert {name: (folder.paths.tune / name).read_bytes() for name in WHOLE} == WHOLE


def test_what_is_whole_stays_as_it_is(folder: RunFolder) -> None:
    (folder.paths.tune / STATE).write_bytes(b'{"trial_data": ["the end"]}')

    resume_config(folder, resume=True)

    assert (folder.paths.tune / STATE).read_bytes() == b'{"trial_data": ["the end"]}'


def test_a_state_that_nobody_kept_is_told_rather_than_begun_anew(folder: RunFolder) -> None:
    for kept in folder.paths.tune.glob("*.kept"):
        kept.unlink()
    (folder.paths.tune / STATE).write_bytes(b"")

    with pytest.raises(ResumeError, match=f"one: .*{STATE} was cut short"):
        resume_config(folder, resume=True)


def test_a_run_of_which_nothing_was_saved_begins_again(tmp_path: Path, folder: RunFolder) -> None:
    assert can_resume(folder)
    assert resume_config(folder, resume=False) is None
    assert resume_config(RunFolder(tmp_path / "two"), resume=True) is None


@pytest.mark.parametrize(("trials", "period_s"), [(1, "1"), (8, "1"), (200, "20")])
def test_many_trials_are_saved_less_often(monkeypatch: pytest.MonkeyPatch, trials: int, period_s: str) -> None:
    monkeypatch.delenv("TUNE_GLOBAL_CHECKPOINT_S", raising=False)

    with saved_often(trials):
        assert os.environ["TUNE_GLOBAL_CHECKPOINT_S"] == period_s
    assert "TUNE_GLOBAL_CHECKPOINT_S" not in os.environ


def test_how_often_is_left_to_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNE_GLOBAL_CHECKPOINT_S", "60")

    with saved_often(8):
        assert os.environ["TUNE_GLOBAL_CHECKPOINT_S"] == "60"
