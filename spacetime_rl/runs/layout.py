"""The names of the files in a run's folder; no other module spells them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

RESULTS = Path("results")  # the folder of all runs unless the user names another
CONFIG = "config.yaml"
STATE = "state.json"
SWEEP = "sweep.yaml"  # only in the folder of a sweep
ONNX, REPORT = "onnx", "report"
EPISODES = "episodes"
LEAGUE = "league"
PLAYTESTS, FINDINGS, NIGHTS = "playtests", "findings", "nights"
DATA_ROOT = "AI_DATA_ROOT"  # the environment variable that moves recorded episodes elsewhere
CHECKPOINT = "spacetime.json"  # in a checkpoint's folder; `CheckpointMetadata` writes it
CURRICULUM = "curriculum.json"  # beside it, if there is a curriculum
LEAGUE_STATE, LEAGUE_TABLE = "league.json", "payoff.jsonl"  # beside it, if there is a league
_NUMBERED = re.compile(r"checkpoint_(\d+)")


@dataclass(frozen=True, slots=True)
class RunPaths:
    """The paths of all files of the run in a folder, whether they exist or not."""

    path: Path

    @property
    def config(self) -> Path:
        """The run's configuration, with a number for every `auto` size."""
        return self.path / CONFIG

    @property
    def sweep(self) -> Path:
        """The sweep's configuration; a single run has none."""
        return self.path / SWEEP

    @property
    def spec(self) -> Path:
        """The spec that the game declared."""
        return self.path / "spec.json"

    @property
    def versions(self) -> Path:
        """The versions that the run is made with."""
        return self.path / "versions.json"

    @property
    def state(self) -> Path:
        """The status of the run."""
        return self.path / STATE

    @property
    def lock(self) -> Path:
        """The lock file, held by the process that works on the run until that process ends."""
        return self.path / ".lock"

    @property
    def results(self) -> Path:
        """The public metrics of every iteration of every trial, a line each."""
        return self.path / "progress.jsonl"

    @property
    def metrics_table(self) -> Path:
        """The same as a table for other programs."""
        return self.path / "metrics.csv"

    @property
    def tensorboard(self) -> Path:
        """TensorBoard's event files, where `tracking.tensorboard` is on; in a sweep a folder for each trial."""
        return self.path / "tensorboard"

    @property
    def onnx(self) -> Path:
        """The exported policies."""
        return self.path / ONNX

    @property
    def logs(self) -> Path:
        """The folder of all logs: the output of the games, of Ray and of libraries."""
        return self.path / "logs"

    @property
    def output_log(self) -> Path:
        """The output of Ray and libraries."""
        return self.logs / "output.log"

    @property
    def traceback_log(self) -> Path:
        """The part of the traceback in the user's code, if an error there ended the run."""
        return self.logs / "traceback.log"

    @property
    def evaluation_logs(self) -> Path:
        """The logs of the games that the evaluation played."""
        return self.logs / "evaluation"

    @property
    def episodes(self) -> Path:
        """The episodes that were recorded in training; below `$AI_DATA_ROOT` if that is set."""
        named = os.environ.get(DATA_ROOT)
        return Path(named) / EPISODES / self.path.name if named else self.path / EPISODES

    @property
    def league(self) -> Path:
        """The folder of the league's pictures, its page, and the results of its round robin."""
        return self.path / LEAGUE

    @property
    def round_robin(self) -> Path:
        """The payoff table of games that were played after training, everybody against everybody."""
        return self.league / "round_robin.jsonl"

    @property
    def demonstrations(self) -> Path:
        """What the policies learn from by imitation; missing without `imitation.from`."""
        return self.path / "demonstrations"

    def frozen(self, policy: str) -> Path:
        """The folder of a policy's export that a fresh opponent learns against."""
        return self.league / "exploit" / file_name(policy)

    @property
    def seeds(self) -> Path:
        """The seeds of a baseline that a sweep has trained to their ends."""
        return self.path / "seeds.json"

    @property
    def tune(self) -> Path:
        """Tune's files: its state, and the trials with their checkpoints."""
        return self.path / "tune"

    @property
    def best(self) -> Path:
        """The checkpoints that did best when they were evaluated in training, in a folder for each trial."""
        return self.path / "best"

    @property
    def judged(self) -> Path:
        """The evaluations of checkpoints while the run trained, a line each."""
        return self.path / "evaluations.jsonl"

    @property
    def report(self) -> Path:
        """The folder of the summary, the evaluation and the pictures."""
        return self.path / REPORT

    @property
    def summary(self) -> Path:
        """The summary as JSON."""
        return self.report / "summary.json"

    @property
    def summary_page(self) -> Path:
        """The summary as Markdown."""
        return self.report / "summary.md"

    @property
    def evaluation(self) -> Path:
        """The evaluation reports of all players, as JSON."""
        return self.report / "evaluation.json"

    @property
    def sweep_trials(self) -> Path:
        """The trials of a sweep that has ended, as its page shows them; a single run has none."""
        return self.report / "sweep.json"

    @property
    def charts(self) -> Path:
        """The folder of the charts of single metrics, which `plot` draws."""
        return self.report / "charts"

    def report_of(self, name: str) -> Path:
        """The folder of another report by its name, for example of a later evaluation."""
        return self.report / name


def data_root(results: Path = RESULTS) -> Path:
    """Where recorded episodes are kept: `$AI_DATA_ROOT` if it is set, otherwise the folder of the results."""
    named = os.environ.get(DATA_ROOT)
    return Path(named) if named else results


def new_recordings(name: str, results: Path = RESULTS) -> Path:
    """A folder for episodes that are recorded now; `name` says who plays what."""
    return data_root(results) / EPISODES / f"{datetime.now():%Y-%m-%d_%H-%M-%S}-{name}"


def is_run(folder: Path) -> bool:
    """Whether a folder is the folder of a run."""
    return (folder / STATE).is_file() or (folder / CONFIG).is_file()


def run_around(path: Path) -> Path | None:
    """The folder of the run that contains a file or a folder; None if no run contains it."""
    return next((folder for folder in path.absolute().parents if is_run(folder)), None)


def trial_folder(trial_id: str) -> str:
    """The name of a trial's folder inside the run's `tune` folder."""
    return f"trial_{trial_id}"


def trial_id(trial: Path) -> str:
    """The id of the trial with this folder."""
    return trial.name.removeprefix(trial_folder(""))


def payoff_file(trial: Path) -> Path:
    """The payoff table of a trial's league, in the trial's folder."""
    return trial / LEAGUE / "payoff.jsonl"


def trials_of(run: Path) -> dict[str, Path]:
    """The folders of a run's trials by their ids."""
    folders = sorted(RunPaths(run).tune.glob(trial_folder("*")))
    return {trial_id(folder): folder for folder in folders if folder.is_dir()}


def run_of_trial(trial: Path) -> Path:
    """The folder of the run that a trial's folder belongs to."""
    return trial.parent.parent


def others_of(trial: Path) -> dict[str, Path]:
    """The folders of the other trials of a trial's run, by their ids."""
    return {name: folder for name, folder in trials_of(run_of_trial(trial)).items() if folder.name != trial.name}


def payoff_files(run: Path) -> dict[str, Path]:
    """The payoff tables of all trials of a run by the ids of the trials; trials without a table are left out."""
    files = {trial: payoff_file(folder) for trial, folder in trials_of(run).items()}
    return {trial: file for trial, file in files.items() if file.is_file()}


def networks_file(trial: Path) -> Path:
    """What the networks of a trial's snapshots are built from, for other trials that play against them."""
    return trial / LEAGUE / "networks.json"


def lineage_file(trial: Path) -> Path:
    """Whose a trial's policies were, if it went on from a copy of another one."""
    return trial / LEAGUE / "lineage.json"


def snapshot_file(trial: Path, policy: str, agent_steps: int) -> Path:
    """The weights of a league's snapshot, in the trial's folder."""
    return trial / LEAGUE / f"{policy}@{agent_steps}.npz"


def snapshots_of(trial: Path, policy: str) -> dict[int, Path]:
    """The weights of a policy's snapshots in a trial's folder, by the agent steps at which they were taken."""
    named = ((file, file.stem.rpartition("@")[2]) for file in (trial / LEAGUE).glob(f"{policy}@*.npz"))
    return {int(steps): file for file, steps in named if steps.isdigit()}


def checkpoint_number(folder: Path) -> int | None:
    """The number of a checkpoint's folder; None if the folder's name is not that of a checkpoint."""
    match = _NUMBERED.fullmatch(folder.name)
    return int(match[1]) if match else None


def checkpoints_in(folder: Path) -> Iterator[Path]:
    """The folders of all numbered checkpoints below a folder."""
    for manifest in folder.rglob(f"checkpoint_*/{CHECKPOINT}"):
        if checkpoint_number(manifest.parent) is not None:
            yield manifest.parent


def onnx_file(folder: Path, policy: str) -> Path:
    """The ONNX file of an exported policy."""
    return folder / f"{policy}.onnx"


def schema_file(folder: Path, policy: str) -> Path:
    """The schema of an exported policy, beside its ONNX file."""
    return folder / f"{policy}.schema.json"


def schemas_in(folder: Path) -> list[Path]:
    """The schemas of all exported policies in a folder."""
    return sorted(folder.glob("*.schema.json"))


def policy_of(schema: Path) -> str:
    """The policy that a file of `schemas_in` describes."""
    return schema.name.removesuffix(".schema.json")


def file_name(name: str) -> str:
    """The name with every character that is unsafe in a file name replaced by `_`."""
    return re.sub(r"[^\w.-]", "_", name)


def curves_file(report: Path, policy: str) -> Path:
    """The picture of a policy's learning curves."""
    return report / f"learning_{file_name(policy)}.png"
