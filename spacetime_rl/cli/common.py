"""Options and steps that several verbs share."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spacetime_rl.cli.completion import complete_setting
from spacetime_rl.cli.numbers import LARGEST_SEED, whole_number
from spacetime_rl.errors import UsageError
from spacetime_rl.formats.plain_json import to_json

if TYPE_CHECKING:
    from spacetime_rl.config import RunConfig
    from spacetime_rl.reports.summary import RunSummary


def setting_option(name: str, help: str) -> Any:
    """A repeatable option that takes a setting, as in `--set training.lr=1e-4`."""
    return typer.Option(name, metavar="KEY=VALUE", help=help, autocompletion=complete_setting)


SetOption = Annotated[
    list[str] | None, setting_option("--set", "Change a setting, e.g. training.lr=1e-4; may be repeated.")
]
TrainingSeedOption = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", **whole_number("Seed of games, networks, exploration.", 0, LARGEST_SEED)),
]
OpsetOption = Annotated[
    int,
    typer.Option(
        metavar="N",
        **whole_number("ONNX opset; below 18 torch's older exporter writes the file.", 9),
    ),
]
IrOption = Annotated[
    int | None,
    typer.Option(metavar="N", **whole_number("Version of the ONNX file format; default: torch's.", 4)),
]
PoliciesOption = Annotated[
    list[str] | None, typer.Option("--policy", metavar="P", help="Only this policy; may be repeated.")
]
CheckpointNumberOption = Annotated[
    int | None, typer.Option(metavar="N", **whole_number("Which checkpoint; default: the latest.", 0))
]
BestOption = Annotated[
    bool,
    typer.Option("--best", help="The checkpoint that did best while the run trained (evaluation.every_agent_steps)."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")]
ResultsOption = Annotated[Path | None, typer.Option("--results", metavar="DIR", help="Folder of the results.")]


def load_config(path: str | None, overrides: Sequence[str] = (), preset: str | None = None) -> RunConfig:
    """Load the configuration that a user names and check that its scenario exists. Raises ConfigError."""
    from spacetime_rl.config import load
    from spacetime_rl.game.project import scenario_names

    names = scenario_names()
    return load(path, overrides, names, preset, say=lambda note: typer.echo(f"spacetime-rl: {note}", err=True))


def as_overrides(options: Mapping[str, object]) -> list[str]:
    """Options as `--set` overrides. `options` maps dotted keys to values; None stands for an option not given."""
    return [
        f"{key}={json.dumps(value, default=str, allow_nan=True)}" for key, value in options.items() if value is not None
    ]


def refuse_given(context: typer.Context, where: str, why: str, *names: str) -> None:
    """Refuse parameters that have no effect in the present use of a command; `names` are those of its signature.

    Raises UsageError `<where>: <parameters>: <why>` if one of them is on the command line, whatever its value.
    """
    given = [name for name in names if was_given(context, name)]
    if given:
        called = [
            parameter.opts[0] if "-" in parameter.opts[0] else getattr(parameter, "metavar", None) or parameter.name
            for parameter in context.command.params
            if parameter.name in given
        ]
        raise UsageError(f"{where}: {', '.join(called)}: {why}")


def was_given(context: typer.Context, name: str) -> bool:
    """Whether a parameter, by its name in the signature, is on the command line."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def show_summary(summary: RunSummary, json_output: bool) -> None:
    """Print what came of a run to stdout, as text or as one JSON document."""
    if json_output:
        return print_json(summary.to_dict())
    from spacetime_rl.cli.run_summary import print_summary
    from spacetime_rl.console.plain import plain_console

    return print_summary(summary, plain_console())


def print_json(document: Any) -> None:
    """Print one JSON document to stdout."""
    typer.echo(to_json(document, indent=2))
