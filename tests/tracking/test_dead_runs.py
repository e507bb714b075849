"""MLflow's runs of processes that are gone are closed when their experiment is used again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spacetime_rl.config import RunConfig
from spacetime_rl.runs.folder import RunFolder
from spacetime_rl.tracking import names
from spacetime_rl.tracking.dead_runs import close_dead_runs


def test_runs_of_dead_processes_are_closed_and_no_others(tmp_path: Path, client: Any) -> None:
    config = RunConfig.model_validate({"name": "x", "scenario": {"name": "fake"}, "results": tmp_path})
    dead, alive, finished = (RunFolder.create(config, name) for name in ("dead", "alive", "finished"))
    for folder in (dead, alive):
        folder.set_status("training")
    finished.set_status("finished")
    dead.release()  # as the system does for a process that was killed
    experiment = client.create_experiment("dead runs")
    folders = {"dead": dead.path, "alive": alive.path, "finished": finished.path, "elsewhere": Path("/other/machine")}
    runs = {
        name: client.create_run(experiment, tags={names.FOLDER: str(folder)}).info.run_id
        for name, folder in folders.items()
    }

    assert close_dead_runs(client, experiment) == 2

    statuses = {name: client.get_run(run).info.status for name, run in runs.items()}
    assert statuses == {"dead": "KILLED", "alive": "RUNNING", "finished": "FINISHED", "elsewhere": "RUNNING"}
    alive.release()
