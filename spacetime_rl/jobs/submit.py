"""Submit a run, a sweep, an evaluation or a playtest to a cluster."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from spacetime_rl.config.paths import paths_of
from spacetime_rl.errors import ConfigError
from spacetime_rl.jobs.connection import ask, connect
from spacetime_rl.jobs.entrypoint import entrypoint
from spacetime_rl.jobs.job import Job
from spacetime_rl.jobs.names import FOLDER, KIND, job_of
from spacetime_rl.jobs.shipment import runtime_env, why_not_sent
from spacetime_rl.runs.layout import PLAYTESTS
from spacetime_rl.runs.run_id import check_run_id

if TYPE_CHECKING:
    from ray.job_submission import JobSubmissionClient

    from spacetime_rl.config import RunConfig
    from spacetime_rl.config.playtest import Playtest

Kind = Literal["train", "sweep"]
CLUSTER_RESULTS = "~/spacetime-rl-results"


def submit(
    kind: Kind,
    config: str | None,
    overrides: Sequence[str] = (),
    *,
    address: str | None = None,
    run_id: str | None = None,
    resume: str | None = None,
    results: str = CLUSTER_RESULTS,
    tracking_uri: str | None = None,
    num_gpus: int | None = None,
    install: bool = False,
    no_eval: bool = False,
    driver_on: Mapping[str, str] | None = None,
) -> Job:
    """Submit a run or a sweep. `config` is a file below the current folder or a packaged name, and is checked first.

    `results` is a folder that every node of the cluster sees. `resume` names a run in that folder, instead of `config`.
    `install` installs the dependencies on nodes that have only Ray and torch. The driver runs on the head, or on a node
    with the labels `driver_on`. Raises ConfigError, UsageError, ClusterError.
    """
    client = connect(address)
    checked = None if resume else check(kind, config, overrides)
    name = resume or check_run_id(run_id or f"{checked and checked.name}-{time.strftime('%Y%m%d-%H%M%S')}")
    command = [kind, *(["--resume", resume] if resume else [str(config), "--run-id", name]), "--results", results]
    settings = list(overrides) + ([f"resources.gpus={num_gpus}"] if num_gpus is not None else [])
    command += [word for setting in settings for word in ("--set", setting)]
    command += ["--tracking-uri", tracking_uri] if tracking_uri else []
    command += ["--no-eval"] if no_eval else []
    folder = f"{results}/{name}"
    ours = Path.cwd() if checked is not None and _brings_files(config, checked) else None
    job_id = job_of(name) + (f"-resumed-{time.strftime('%Y%m%d-%H%M%S')}" if resume else "")
    _send(
        client,
        entrypoint=entrypoint("spacetime_rl.cli.in_job", [folder, *command]),
        entrypoint_label_selector=dict(driver_on or {}),
        submission_id=job_id,
        runtime_env=runtime_env(ours, install),
        metadata={KIND: kind, FOLDER: folder},
    )
    return Job(job_id, client)


def submit_eval(
    source: str,
    config: str | None = None,
    overrides: Sequence[str] = (),
    *,
    address: str | None = None,
    job_id: str | None = None,
    results: str = CLUSTER_RESULTS,
    install: bool = False,
) -> Job:
    """Submit an evaluation of a folder of ONNX files below the current one, of `baseline`, or of a run on the cluster.

    The current folder is sent along if `source` or `config` is a path in it. The job's result is the report. Raises
    ConfigError, UsageError, ClusterError.
    """
    if config is not None:
        check("train", config, overrides)
    client = connect(address)
    name = job_id or f"eval-{Path(source).name}-{time.strftime('%Y%m%d-%H%M%S')}"
    command = ["eval", source, *(["--config", config] if config else []), "--results", results]
    command += [word for setting in overrides for word in ("--set", setting)]
    here = any(Path(word).exists() for word in (source, config) if word)
    job = Job(job_of(name), client)
    _send(
        client,
        entrypoint=entrypoint("spacetime_rl.cli.in_job", [results, *command]),
        submission_id=job.id,
        runtime_env=runtime_env(Path.cwd() if here else None, install),
        metadata={KIND: "eval", FOLDER: results},
    )
    return job


def submit_playtest(
    target: str | None,
    overrides: Sequence[str] = (),
    *,
    address: str | None = None,
    job_id: str | None = None,
    resume: str | None = None,
    results: str = CLUSTER_RESULTS,
    install: bool = False,
) -> Job:
    """Submit a playtest, whose episodes are played on all nodes. `target` is a plan below the current folder or a name.

    `results` is a folder that the head sees, now and later; `resume` names a playtest in it, instead of a `target`. The
    job's result is the report. Raises ConfigError, UsageError, ClusterError.
    """
    from spacetime_rl.playtest.load import load_plan

    plan = None if target is None else load_plan(target, overrides)
    if plan is not None and (problems := list(_not_sent(plan))):
        raise ConfigError(problems)
    client = connect(address)
    name = resume or check_run_id(job_id or f"{plan and plan.config.name}-{time.strftime('%Y%m%d-%H%M%S')}")
    folder = f"{results}/{PLAYTESTS}/{name}"
    command = ["playtest", *(["--resume", folder] if target is None else [target, "--output", folder])]
    command += ["--ray", "--results", results]
    command += [word for setting in overrides for word in ("--set", setting)]
    job = Job(job_of(name) + (f"-resumed-{time.strftime('%Y%m%d-%H%M%S')}" if resume else ""), client)
    _send(
        client,
        entrypoint=entrypoint("spacetime_rl.cli.in_job", [folder, *command]),
        submission_id=job.id,
        runtime_env=runtime_env(Path.cwd(), install),
        metadata={KIND: "playtest", FOLDER: folder},
    )
    return job


def _not_sent(plan: Playtest) -> Iterator[str]:
    """The files of a playtest that a job would not bring along, a sentence each."""
    for config in plan.scenes().values():
        yield from (f"{key}: {problem}" for key, path in paths_of(config) if (problem := why_not_sent(path)))
    for player in plan.settings.players:
        if Path(player).exists() and (problem := why_not_sent(Path(player))):
            yield f"playtest.players.{player}: {problem}"


def examine_cluster(address: str | None = None, results: str = CLUSTER_RESULTS, install: bool = False) -> Job:
    """Submit a job that examines every node; its result is that of `doctor.nodes`. Raises what `submit` raises."""
    client = connect(address)
    job_id = f"doctor-{time.strftime('%Y%m%d-%H%M%S')}"
    _send(
        client,
        entrypoint=entrypoint("spacetime_rl.doctor.nodes", [results]),
        submission_id=job_id,
        runtime_env=runtime_env(None, install),
        metadata={KIND: "doctor", FOLDER: results},
    )
    return Job(job_id, client)


def _send(client: JobSubmissionClient, **job: Any) -> None:
    ask(lambda: client.submit_job(**job), f"{job['submission_id']}: the cluster did not take the job")


def _brings_files(config: str | None, checked: RunConfig) -> bool:
    """Whether a job needs the user's folder: for its configuration file, a game, a reward hook or callbacks."""
    relative = any(not path.is_absolute() for _, path in paths_of(checked))
    return relative or bool(checked.rewards.hook or checked.callbacks) or Path(config or "").is_file()


def check(kind: Kind, config: str | None, overrides: Sequence[str]) -> RunConfig:
    """Load and check a configuration as the cluster will; for a sweep, return its base. Raises ConfigError."""
    loaded = _load(kind, config, overrides)
    problems = [f"{key}: {problem}" for key, path in paths_of(loaded) if (problem := why_not_sent(path))]
    if loaded.game.attach is not None:
        problems.append("game.attach: nobody starts a game for a job on a cluster; leave it out, or train here")
    if problems:
        raise ConfigError(problems)
    return loaded


def _load(kind: Kind, config: str | None, overrides: Sequence[str]) -> RunConfig:
    from spacetime_rl.config import load
    from spacetime_rl.config.sweep_loader import load_sweep
    from spacetime_rl.game.project import scenario_names

    known = scenario_names()
    if kind == "sweep":
        return load_sweep(str(config), overrides, known).base
    return load(config, overrides, known)
