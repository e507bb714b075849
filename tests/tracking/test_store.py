"""Where runs are recorded."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from spacetime_rl.errors import UsageError
from spacetime_rl.tracking.store import Store, resolve_store

SERVER = {"MLFLOW_TRACKING_URI": "http://tracking:5000"}


def test_the_first_address_given_wins_over_the_environment(tmp_path: Path) -> None:
    assert resolve_store(tmp_path, None, "http://a:1", "http://b:2", environ=SERVER).uri == "http://a:1"
    assert resolve_store(tmp_path, None, None, environ=SERVER).uri == "http://tracking:5000"


def test_without_any_address_runs_go_to_a_database_in_the_results_folder(tmp_path: Path) -> None:
    store = resolve_store(tmp_path, environ={})
    assert store.uri == f"sqlite:///{tmp_path}/mlflow.db"
    assert store.artifacts == tmp_path / "mlartifacts"


def test_a_server_decides_itself_where_files_go_and_needs_no_command(tmp_path: Path) -> None:
    store = resolve_store(tmp_path, "https://tracking.example", environ={})
    assert store.artifacts is None
    assert store.page_command() is None
    assert (
        store.run_url("3", "abc") == "https://tracking.example/#/experiments/3/runs/abc?workflowType=machine_learning"
    )


@pytest.mark.parametrize("uri", ["results/mlruns", "file:///tmp/mlruns", "tracking:5000"])
def test_an_address_mlflow_cannot_record_to_is_refused_with_what_to_give_instead(uri: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"give a server \(http://host:5000\) or a database"):
        resolve_store(tmp_path, uri, environ={})


def test_the_page_command_names_what_is_needed_to_find_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def words(store: Store) -> list[str]:
        return shlex.split(store.page_command("anna's") or "")[1:]

    assert words(resolve_store(Path("results"), environ={})) == ["ui", "anna's"]
    other = resolve_store(tmp_path / "my results", environ={})
    assert words(other) == ["ui", "anna's", "--results", "my results"]
    shared = resolve_store(Path("results"), f"sqlite:///{tmp_path}/shared.db")
    assert words(shared) == ["ui", "anna's", "--tracking-uri", f"sqlite:///{tmp_path}/shared.db"]


@pytest.mark.slow
def test_processes_that_make_the_same_database_at_once_all_get_it(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from spacetime_rl.tracking.store import make_client, resolve_store\n"
        "client = make_client(resolve_store(Path(sys.argv[1])))\n"
        "print(client.create_experiment(sys.argv[2]))"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]

    makers = [subprocess.Popen([*command, f"maker {i}"], stdout=-1, stderr=-1, text=True) for i in range(4)]

    ends = [maker.communicate(timeout=240) for maker in makers]
    assert [maker.returncode for maker in makers] == [0] * 4, ends
    assert len({out for out, _ in ends}) == 4
