"""Results that cannot be written and runs that cannot be begun or resumed; what was there stays as it was."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from support.failing import FAULT, USAGE, Run, settings, touch

from spacetime_rl.runs.folder import RunFolder


def on_small_disk(folder: Path, kilobytes: int, fill: bool = False) -> list[str]:
    """Words before a command: it runs with a disk on `folder` that holds the file one/mine, which is listed at the end.

    Skips the test where no disk can be mounted.
    """
    folder.mkdir()
    steps = [f"mount -t tmpfs -o size={kilobytes}k none {folder}", f"cd {folder}", "mkdir one", "touch one/mine"]
    mount = " && ".join([*steps, *([f"head -c {kilobytes}k /dev/zero > fill"] if fill else []), "cd .."])
    allowed = shutil.which("unshare") and subprocess.run(["unshare", "-rm", "sh", "-c", mount], check=False)
    if not allowed or allowed.returncode != 0:
        pytest.skip("a small disk cannot be mounted here, so nothing can fill it")
    return ["unshare", "-rm", "sh", "-c", f'{mount} && "$@"; code=$?; find {folder.name} -name mine; exit $code', "sh"]


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("note.txt", "results: note.txt is not a folder; choose one with --results DIR"),
        ("note.txt/results", "results: cannot write to {folder}/note.txt/results/one: Not a directory; choose another"),
        ("/proc/results", "results: cannot write to /proc/results/one: No such file or directory; choose another"),
    ],
)
def test_a_place_that_cannot_hold_results_is_told(fails: Run, tmp_path: Path, place: str, message: str) -> None:
    (tmp_path / "note.txt").write_text("mine")

    seen = fails("train", "vr_interaction", "--run-id", "one", "--results", place)

    assert seen.code == USAGE
    assert seen.message.startswith(message.format(folder=tmp_path))
    assert (tmp_path / "note.txt").read_text() == "mine"


def test_a_disk_that_is_full_from_the_start_is_told_and_keeps_its_runs(fails: Run, tmp_path: Path) -> None:
    disk = on_small_disk(tmp_path / "full", 4, fill=True)

    seen = fails("train", "vr_interaction", "--run-id", "one", "--force", "--results", "full", through=disk)

    assert seen.code == USAGE
    assert seen.progress == "full/one/mine\n"
    assert seen.message == (
        f"results: cannot write to {tmp_path}/full/one: No space left on device; "
        "choose another folder with --results DIR"
    )


def test_a_disk_that_becomes_full_before_training_keeps_its_runs(fails: Run, tmp_path: Path) -> None:
    disk = on_small_disk(tmp_path / "full", 16)

    seen = fails("train", "--run-id", "one", "--force", "--results", "full", *touch(), through=disk)

    assert seen.code == FAULT
    assert seen.message.startswith(f"{tmp_path}/full/one/")
    assert seen.message.endswith(" cannot be written: No space left on device; make room, or choose another folder")
    assert seen.progress.splitlines()[-1] == "full/one/mine"


@pytest.mark.parametrize("uri", ["nowhere://x", "./runs", "sqlite:////proc/x.db"])
@pytest.mark.parametrize("options", [["--run-id", "one"], ["--run-id", "earlier", "--force"]])
def test_a_place_where_runs_cannot_be_recorded_is_told(fails: Run, uri: str, options: list[str]) -> None:
    seen = fails("train", "vr_interaction", "--tracking-uri", uri, *options)

    assert seen.code == USAGE
    assert seen.message.startswith(f"tracking uri '{uri}': ")


@pytest.mark.parametrize("options", [[], ["--force"]])
def test_a_run_that_never_begins_does_not_cost_the_one_it_would_replace(fails: Run, options: list[str]) -> None:
    seen = fails("train", *touch(fault="build_error"), "--run-id", "earlier", *options)

    assert (seen.code, "there is such a run already" in seen.message) == ((FAULT, False) if options else (USAGE, True))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["vr_interaction", "--run-id", "earlier"],
            "earlier: there is such a run already, in {run}; continue it (--",
        ),
        (["vr_interaction", "--run-id", "a/b"], "run id 'a/b': names a folder, so it must not contain '/'"),
        (
            ["--resume", "earlyer"],
            "'earlyer': neither a folder nor the id of a run or trial; the runs in results are earlier",
        ),
        (["--resume", "results"], "{results}: is not the folder of a run; it has no state.json"),
        (
            ["--resume", "earlier", *settings(training__lr=0.1, game__arenas=2)],
            "earlier: a run is resumed with the configuration it was begun with; these differ:\n"
            "  game.arenas: 8 -> 2\n  training.lr: 0.0005 -> 0.1\nLeave them out, or begin another run.",
        ),
        (["vr_interaction_gather", "--resume", "earlier"], "earlier: a run is resumed with the configuration it was"),
    ],
)
def test_a_run_that_cannot_be_begun_or_resumed_is_told(
    fails: Run, earlier: RunFolder, arguments: list[str], message: str
) -> None:
    seen = fails("train", *arguments)

    assert seen.code == USAGE
    assert seen.message.startswith(message.format(run=earlier.path, results=earlier.path.parent))


def test_a_run_that_is_going_on_is_neither_resumed_nor_replaced(fails: Run, earlier: RunFolder) -> None:
    running = RunFolder.reopen("earlier", earlier.path.parent)
    try:
        resumed = fails("train", "--resume", "earlier")
        replaced = fails("train", "vr_interaction", "--run-id", "earlier", "--force")
    finally:
        running.release()

    assert (resumed.code, replaced.code) == (USAGE, USAGE)
    assert resumed.message == f"earlier: is still going on, in process {running.state()['pid']}; end that first"
    assert replaced.message == f"earlier: cannot be replaced: it is going on, see {running.path}"


OTHER_SPEC = {
    "scenario": "x",
    "arenas": 1,
    "physics_hz": 90,
    "action_repeat": 1,
    "groups": [
        {
            "name": "walker",
            "agents": ["walker_0"],
            "layout": {
                "fields": [{"name": "seen", "size": 1}],
                "images": [],
                "actions": [{"name": "move", "kind": "continuous", "size": 1}],
            },
            "metrics": ["episode", "return", "length", "success"],
        }
    ],
}


def test_a_run_whose_facts_are_unreadable_is_not_resumed(fails: Run, earlier: RunFolder, tmp_path: Path) -> None:
    other = tmp_path / "results" / "other"
    shutil.copytree(earlier.path, other)
    (other / "spec.json").write_text('{"scenario": "x"')

    seen = fails("train", "--resume", "other")
    shutil.rmtree(other)

    assert seen.code == USAGE
    assert seen.message.startswith(f"other: {other}/spec.json cannot be read (")
    assert seen.message.endswith("; begin another run")


def test_a_run_whose_game_has_changed_is_not_resumed(fails: Run, earlier: RunFolder, tmp_path: Path) -> None:
    other = tmp_path / "results" / "other"
    shutil.copytree(earlier.path, other)
    (other / "spec.json").write_text(json.dumps(OTHER_SPEC))

    seen = fails("train", "--resume", "other")
    shutil.rmtree(other)

    assert seen.code == USAGE
    assert seen.message == (
        f"other: the game is not what the run was begun with, which {other}/spec.json describes; begin another run"
    )


@pytest.mark.parametrize("verb", ["eval", "export"])
def test_a_run_that_is_not_there_or_has_no_checkpoint_is_told(fails: Run, verb: str) -> None:
    absent, empty = fails(verb, "earlyer"), fails(verb, "earlier")

    assert (absent.code, empty.code) == (USAGE, USAGE)
    assert absent.message == "'earlyer': neither a folder nor the id of a run or trial; the runs in results are earlier"
    assert empty.message == (
        "results/earlier: holds no checkpoint; training writes the first after checkpoint.every_iterations"
    )


@pytest.mark.slow
def test_a_disk_that_becomes_full_while_training_ends_the_run_with_that_reason(
    fails: Run, tmp_path: Path, ray_settings: list[str]
) -> None:
    disk = on_small_disk(tmp_path / "full", 400)

    seen = fails("train", "--results", "full", *touch(), *ray_settings, through=disk)

    assert seen.code == FAULT
    assert "No space left on device" in seen.headline or seen.headline.endswith("is the disk full?")
