"""The folder of a run is made once, owned by one process, and put back as it was when a run never begins."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from spacetime_rl.config import RunConfig, load
from spacetime_rl.errors import ResumeError, RunExistsError, UsageError
from spacetime_rl.runs.folder import RunFolder
from spacetime_rl.training.resume import resume


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    return RunConfig.model_validate({"name": "trial", "scenario": {"name": "fake"}, "results": tmp_path / "results"})


def test_a_new_run_has_its_configuration_and_a_state(config: RunConfig) -> None:
    folder = RunFolder.create(config, "one")
    assert folder.config() == config
    assert (folder.state()["status"], folder.state()["run_id"]) == ("starting", "one")
    assert folder.path == (config.results / "one").absolute()


def test_a_run_of_another_version_is_not_gone_on_with(config: RunConfig) -> None:
    folder = RunFolder.create(config, "one")
    folder.set_status("interrupted")
    (folder.path / "versions.json").write_text(json.dumps({"spacetime-rl": "0.0.1", "torch": "1.0"}))
    folder.release()
    for _ in range(2):  # the folder is given back
        with pytest.raises(ResumeError, match=r"one: was begun with spacetime-rl 0\.0\.1 \(here: [\d.]+\), whose"):
            resume("one", config.results)


def test_the_default_id_is_the_name_and_the_time(config: RunConfig) -> None:
    name, day, time = RunFolder.create(config).run_id.split("-")
    assert (name, len(day), len(time)) == ("trial", 8, 6)


def test_an_earlier_run_is_not_overwritten(config: RunConfig) -> None:
    RunFolder.create(config, "one").release()
    with pytest.raises(RunExistsError, match=r"one: there is such a run already.*--resume one.*--force"):
        RunFolder.create(config, "one")


def test_force_replaces_an_earlier_run_once_the_new_one_begins(config: RunConfig) -> None:
    old = RunFolder.create(config, "one")
    (old.path / "mine").touch()
    old.release()
    folder = RunFolder.create(config, "one", force=True)
    assert not (folder.path / "mine").exists()
    folder.keep()
    assert [path.name for path in config.results.iterdir()] == ["one"]


def test_a_forced_run_that_never_begins_gives_the_earlier_one_back(config: RunConfig) -> None:
    old = RunFolder.create(config, "one")
    (old.path / "mine").touch()
    old.release()
    RunFolder.create(config, "one", force=True).abandon()
    assert [path.name for path in config.results.iterdir()] == ["one"]
    assert (config.results / "one" / "mine").exists()


def test_a_run_that_never_begins_leaves_nothing_behind(config: RunConfig) -> None:
    RunFolder.create(config, "one").abandon()
    assert not list(config.results.iterdir())


def test_force_does_not_touch_a_run_that_is_going_on(config: RunConfig) -> None:
    folder = RunFolder.create(config, "one")
    with pytest.raises(RunExistsError, match="it is going on"):
        RunFolder.create(config, "one", force=True)
    assert folder.state()["status"] == "starting"


def test_a_run_that_is_going_on_is_not_resumed(config: RunConfig) -> None:
    folder = RunFolder.create(config, "one")
    with pytest.raises(ResumeError, match="still going on, in process"):
        RunFolder.reopen("one", config.results)
    folder.release()
    assert RunFolder.reopen("one", config.results).run_id == "one"


def test_a_folder_that_is_no_run_is_not_resumed(config: RunConfig) -> None:
    (config.results / "other").mkdir(parents=True)
    with pytest.raises(ResumeError, match=r"no state\.json"):
        RunFolder.reopen("other", config.results)


def test_an_unwritable_results_folder_is_an_error_that_says_where(config: RunConfig, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    broken = config.model_copy(update={"results": tmp_path / "file" / "results"})
    with pytest.raises(UsageError, match=r"cannot write to .*file/results.*Not a directory.*--results"):
        RunFolder.create(broken, "one")


@pytest.mark.parametrize("run_id", ["a/b", "..", ".hidden", ""])
def test_a_run_id_that_is_no_folder_name_is_refused(config: RunConfig, run_id: str) -> None:
    if not run_id:
        assert RunFolder.create(config, run_id).run_id.startswith("trial-")
        return
    with pytest.raises(UsageError, match="run id"):
        RunFolder.create(config, run_id)


def test_the_state_keeps_when_the_run_began(config: RunConfig) -> None:
    folder = RunFolder.create(config, "one")
    began = folder.state()["started"]
    folder.set_status("failed", "the reason")
    assert folder.state()["started"] == began
    assert json.loads((folder.path / "state.json").read_text())["message"] == "the reason"


def killed_while_replacing(config: RunConfig, began: bool) -> Path:
    """A folder of results in which `--force` was killed, before its run began or after."""
    old = RunFolder.create(config, "one")
    (old.path / "mine").touch()
    old.release()
    new = RunFolder.create(config, "one", force=True)
    new.set_status("training")
    if began:
        new.paths.tune.mkdir()
    (aside,) = config.results.glob(".one.replaced-*")
    aside.rename(config.results / ".one.replaced-99999999")
    new.release()  # as the system does for a process that was killed
    return config.results


def test_a_run_that_a_killed_force_put_aside_comes_back(config: RunConfig, caplog: pytest.LogCaptureFixture) -> None:
    results = killed_while_replacing(config, began=False)

    RunFolder.create(config, "other").release()

    assert sorted(path.name for path in results.iterdir()) == ["one", "other"]
    assert (results / "one" / "mine").exists()
    assert "one: put back; the run that was to replace it was ended before it began" in caplog.text


def test_a_run_that_was_replaced_by_one_that_began_is_removed(config: RunConfig) -> None:
    results = killed_while_replacing(config, began=True)
    (results / ".two.dropped-1").mkdir()

    RunFolder.create(config, "other").release()

    assert sorted(path.name for path in results.iterdir()) == ["one", "other"]
    assert not (results / "one" / "mine").exists()


def test_a_run_that_is_just_being_replaced_is_left_alone(config: RunConfig) -> None:
    RunFolder.create(config, "one").release()
    RunFolder.create(config, "one", force=True)

    RunFolder.create(config, "other").release()

    assert len(list(config.results.glob(".one.replaced-*"))) == 1


def test_a_run_that_was_moved_or_copied_goes_on_where_it_is(config: RunConfig, tmp_path: Path) -> None:
    folder = RunFolder.create(config, "one")
    folder.keep()
    folder.release()
    assert folder.moved_from(folder.config()) is None
    shutil.copytree(folder.path, tmp_path / "elsewhere" / "two")

    copied = RunFolder.reopen("two", tmp_path / "elsewhere")

    assert copied.moved_from(copied.config()) == (
        f"the run was begun as {folder.path}; it continues as {copied.path}; the one there is left as it is"
    )
    assert copied.here(copied.config()).results == tmp_path / "elsewhere"


def test_a_run_may_go_on_being_recorded_elsewhere(config: RunConfig) -> None:
    folder = RunFolder.create(config, "one")
    other = load("vr_interaction", ["tracking.uri=http://other:5000"])

    assert folder.here(folder.config(), other).tracking.uri == "http://other:5000"
    assert folder.here(folder.config(), load("vr_interaction")).tracking == config.tracking


def test_a_run_may_go_on_with_other_resources(config: RunConfig) -> None:
    folder = RunFolder.create(config, "one")
    other = load("vr_interaction", ["resources.learners=2"])

    assert folder.here(folder.config(), other).resources.learners == 2
    assert folder.here(folder.config(), load("vr_interaction")).resources == config.resources


def test_relative_paths_start_from_the_folder_that_the_run_was_begun_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    here.mkdir()
    elsewhere.mkdir()
    monkeypatch.chdir(here)
    begun = RunFolder.create(load(None, ["game.project=game", "name=mine"]), "one")
    begun.set_status("interrupted")
    begun.keep()
    begun.release()
    assert begun.config().game.project == Path("game")

    monkeypatch.chdir(elsewhere)
    again = RunFolder.reopen("one", here / "results")
    found = again.config()
    again.release()

    assert found.game.project == here / "game"
    assert again.moved_from(found) is None
