"""`spacetime-rl submit`: start a run, a sweep, an evaluation or a playtest on a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from spacetime_rl.cli.common import JsonOption, SetOption, print_json, refuse_given
from spacetime_rl.cli.completion import complete_config
from spacetime_rl.cli.jobs import AddressOption, show_logs
from spacetime_rl.cli.numbers import whole_number
from spacetime_rl.errors import UsageError

if TYPE_CHECKING:
    from spacetime_rl.jobs.job import Job


class Kind(StrEnum):
    """The kinds of jobs that can be submitted."""

    TRAIN = "train"
    SWEEP = "sweep"
    EVAL = "eval"
    PLAYTEST = "playtest"


def submit(
    context: typer.Context,
    kind: Annotated[Kind, typer.Argument(metavar="train|sweep|eval|playtest", help="What to run.")],
    config: Annotated[
        str | None,
        typer.Argument(
            metavar="CONFIG",
            help="A YAML file below the current folder, or a packaged name. With eval: the player, as for `eval`.",
            autocompletion=complete_config,
        ),
    ] = None,
    address: AddressOption = None,
    plays: Annotated[
        str | None, typer.Option("--config", metavar="CONFIG", help="With eval: the configuration to play.")
    ] = None,
    overrides: SetOption = None,
    run_id: Annotated[
        str | None, typer.Option("--run-id", metavar="ID", help="Id of job and run; default: CONFIG-YYYYMMDD-HHMMSS.")
    ] = None,
    resume: Annotated[
        str | None, typer.Option(metavar="RUN", help="Continue a run whose results are in that storage.")
    ] = None,
    results: Annotated[
        str | None,
        typer.Option(
            metavar="DIR", help="Where results go: storage that every node sees; default: ~/spacetime-rl-results."
        ),
    ] = None,
    tracking_uri: Annotated[
        str | None, typer.Option(metavar="URI", help="MLflow server; default: a database among the results.")
    ] = None,
    num_gpus: Annotated[int | None, typer.Option(metavar="N", **whole_number("GPUs of the learner.", 0))] = None,
    install: Annotated[
        bool, typer.Option("--install", help="Install the dependencies on nodes that have only Ray and torch.")
    ] = False,
    driver_on: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LABEL=VALUE",
            help="Steer the trials from a node with this label, so that the head may be restarted.",
        ),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Show the job's output until it ends.")] = False,
    no_eval: Annotated[bool, typer.Option("--no-eval", help="Do not evaluate the policies.")] = False,
    json_output: JsonOption = False,
) -> None:
    """Start a run, a sweep, an evaluation or a playtest on a Ray cluster.

    The configuration is checked here first; the current folder and this package are sent along. Ctrl-C ends --follow,
    not the job.

    [bold]Examples[/bold]
    $ spacetime-rl submit sweep sweeps/interaction_asha --address http://head:8265 --follow
    $ spacetime-rl submit train my_run.yaml --results /shared/results --tracking-uri http://mlflow:5000
    $ spacetime-rl submit sweep --resume interaction_asha-20270101-120000
    $ spacetime-rl submit playtest plan.yaml --set playtest.games=16 --results /shared/results
    $ spacetime-rl submit eval policies --config vr_interaction --set evaluation.episodes=500 --follow
    """
    from spacetime_rl import jobs
    from spacetime_rl.jobs.submit import CLUSTER_RESULTS

    if (config is None) == (resume is None):
        raise UsageError(f"submit {kind}: name a configuration, or a run with --resume")
    where = results or CLUSTER_RESULTS
    if kind is Kind.EVAL:
        training_alone = ("resume", "tracking_uri", "num_gpus", "no_eval", "driver_on")
        refuse_given(context, "submit eval", "not for an evaluation", *training_alone)
        job = jobs.submit_eval(
            str(config), plays, overrides or (), address=address, job_id=run_id, results=where, install=install
        )
        return _show(job, follow, json_output)
    if kind is Kind.PLAYTEST:
        training_alone = ("plays", "tracking_uri", "num_gpus", "no_eval", "driver_on")
        refuse_given(context, "submit playtest", "not for a playtest", *training_alone)
        if resume is not None:
            refuse_given(context, "submit playtest --resume", "belongs to a new playtest", "overrides", "run_id")
        job = jobs.submit_playtest(
            config, overrides or (), address=address, job_id=run_id, resume=resume, results=where, install=install
        )
        return _show(job, follow, json_output)
    if plays is not None:
        raise UsageError(f"submit {kind}: --config belongs to `submit eval`; name the configuration after `{kind}`")
    job = jobs.submit(
        "sweep" if kind is Kind.SWEEP else "train",
        config,
        overrides or (),
        address=address,
        run_id=run_id,
        resume=resume,
        results=where,
        tracking_uri=tracking_uri,
        num_gpus=num_gpus,
        install=install,
        no_eval=no_eval,
        driver_on=_labels(driver_on or ()),
    )
    return _show(job, follow, json_output)


def _show(job: Job, follow: bool, json_output: bool) -> None:
    if json_output:
        return print_json({"id": job.id})
    typer.echo(f"submitted {job.id}")
    if follow:
        return show_logs(job, follow=True)
    for verb in ("status", "logs --follow", "stop", "results"):
        name, _, option = verb.partition(" ")
        typer.echo(f"  spacetime-rl jobs {name} {job.id}{f' {option}' if option else ''}")
    return None


def _labels(given: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    for text, (name, _, value) in zip(given, pairs, strict=True):
        if not (name and value):
            raise UsageError(f"--driver-on {text}: expected LABEL=VALUE, a label that `ray start --labels` gave a node")
    return {name: value for name, _, value in pairs}
