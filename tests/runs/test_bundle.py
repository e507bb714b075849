"""The bundle for the report of a fault: what it holds, and that no secret is in it."""

from __future__ import annotations

import json
import tarfile
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spacetime_rl.cli.app import app
from spacetime_rl.errors import UsageError
from spacetime_rl.runs.bundle import bundle_path, write_bundle
from spacetime_rl.runs.read import find_record

PLANTED = "s3cr3t-Pa55"
ENVIRON = {"GAME_TOKEN": "env-value-1234", "HOME": "/home/ada"}


def make_run(results: Path) -> Path:
    """The folder of a run, with a secret in every text of it."""
    run = results / "mine"
    texts = {
        "config.yaml": f"name: mine\nscenario: {{params: {{password: {PLANTED}}}}}\n"
        f"tracking:\n  uri: postgresql://ada:{PLANTED}@db/runs\n",
        "state.json": json.dumps(
            {"run_id": "mine", "status": "failed", "message": f"no answer from http://ada:{PLANTED}@host", "pid": 1,
             "started": 1.0, "updated": 2.0}
        ),
        "versions.json": json.dumps({"ray": "2.60.0", "godot": "4.6.3", "git_revision": "abc123"}),
        "spec.json": json.dumps({"params": {"api_key": PLANTED}}),
        "progress.jsonl": json.dumps({"trial_id": "a", "notices": [[f"--token {PLANTED}", 1]]}) + "\n",
        "metrics.csv": "trial_id,agent_steps\na,8\n", "evaluations.jsonl": "{}\n",
        "self_play_rounds.csv": f"round,who\n1,http://{PLANTED}@x\n",
        "logs/output.log": f"export GAME_TOKEN={PLANTED}\nwith env-value-1234\nAuthorization: Bearer {PLANTED}\n",
        "logs/trial_a/runner1-game0.godot.log": f"Godot Engine\nlogin with token={PLANTED}\n",
        "logs/evaluation/eval-0.godot.log": "Godot Engine\n",
        "tune/trial_a/error.txt": f"ValueError: secret: '{PLANTED}'\n",
        "tune/trial_a/checkpoint_000000/algorithm_state.pkl": PLANTED,
        "tune/experiment_state.json": PLANTED,
        "episodes/ep_1.parquet": PLANTED,
        "onnx/seeker.onnx": "onnx\0", "onnx/hider.onnx": "onnx\0",
        "onnx/seeker.schema.json": json.dumps({"params": {"password": PLANTED}}), "onnx/hider.schema.json": "{}",
        "report/summary.md": f"--token {PLANTED}", "report/charts/policy_loss.png": "png\0",
        "tensorboard/events.out": f"\0{PLANTED}", ".env": f"TOKEN={PLANTED}",
    }  # fmt: skip
    for name, text in texts.items():
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_text(text)
    return run


def test_a_bundle_has_logs_metrics_policies_of_all_roles_and_versions(tmp_path: Path) -> None:
    make_run(tmp_path)
    extra = tmp_path / "editor.log"
    extra.write_text("from the editor\n")

    made = write_bundle(find_record("mine", tmp_path), tmp_path / "out", logs={"godot": [extra]}, environ=ENVIRON)

    files = {file.as_posix() for file in made.files}
    assert files >= {
        "config.yaml", "metrics.csv", "progress.jsonl", "evaluations.jsonl", "self_play_rounds.csv", "metadata.txt",
        "logs/output.log", "logs/trial_a/runner1-game0.godot.log", "logs/trial_a/error.txt", "logs/godot/editor.log",
        "policies/seeker.onnx", "policies/hider.onnx", "policies/hider.schema.json", "report/charts/policy_loss.png",
    }  # fmt: skip
    assert files == {path.relative_to(made.path).as_posix() for path in made.path.rglob("*") if path.is_file()}
    metadata = (made.path / "metadata.txt").read_text()
    assert "git revision: abc123\n" in metadata
    assert "version of godot: 4.6.3\n" in metadata
    assert "status: failed\n" in metadata


def test_no_secret_that_was_planted_is_in_a_bundle(tmp_path: Path) -> None:
    make_run(tmp_path)

    made = write_bundle(find_record("mine", tmp_path), tmp_path / "out", environ=ENVIRON)

    found = [path for path in made.path.rglob("*") if path.is_file()]
    assert len(found) > 15
    for secret in (PLANTED, "env-value-1234"):
        assert [path for path in found if secret.encode() in path.read_bytes()] == []
    assert "password: [hidden]" in (made.path / "config.yaml").read_text()


@pytest.mark.parametrize("name", ["report.zip", "report.tar.gz"])
def test_an_archive_holds_the_same_below_one_folder(name: str, tmp_path: Path) -> None:
    make_run(tmp_path)
    record = find_record("mine", tmp_path)
    folder = write_bundle(record, tmp_path / "out", environ={})

    archive = write_bundle(record, tmp_path / name, environ={})

    if name.endswith(".zip"):
        with zipfile.ZipFile(archive.path) as zipped:
            names = zipped.namelist()
    else:
        with tarfile.open(archive.path) as packed:
            members = packed.getmembers()
        names = [member.name for member in members if member.isfile()]
        assert {(member.uname, member.uid) for member in members} == {("", 0)}
    assert sorted(names) == sorted(f"report/{file}" for file in folder.files)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_of_a_long_log_the_end_is_kept(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    (run / "logs/output.log").write_text("first\n" + "x" * 99 + "\n" + ("y" * 99 + "\n") * 30_000 + "last\n")

    made = write_bundle(find_record("mine", tmp_path), tmp_path / "out", environ={})

    kept = (made.path / "logs/output.log").read_text()
    assert kept.startswith("[only the last 2 MB of 3 MB]\ny")
    assert kept.endswith("\nlast\n")


def test_the_place_is_a_new_folder_by_the_time_or_the_archive_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    now = datetime(2026, 11, 29, 18, 5, 9)
    assert bundle_path(None, now) == Path("debug/20261129-180509")
    Path("debug/20261129-180509").mkdir(parents=True)
    assert bundle_path(None, now) == Path("debug/20261129-180509-2")
    assert bundle_path(Path("here"), now) == Path("here/20261129-180509")
    assert bundle_path(Path("a.tgz"), now) == Path("a.tgz")
    Path("a.zip").touch()
    with pytest.raises(UsageError, match="exists already"):
        bundle_path(Path("a.zip"), now)


def test_the_command_says_where_the_bundle_is_and_a_log_that_is_missing(tmp_path: Path) -> None:
    make_run(tmp_path)
    run = ["bundle", "mine", str(tmp_path / "out"), "--results", str(tmp_path), "--json"]

    said = CliRunner().invoke(app, run)
    missing = CliRunner().invoke(app, [*run, "--server-log", str(tmp_path / "no.log")])

    assert Path(json.loads(said.stdout)["path"]).parent == tmp_path / "out"
    assert "no.log: no such file" in str(missing.exception)
    assert len(list((tmp_path / "out").iterdir())) == 1
