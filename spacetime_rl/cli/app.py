"""`spacetime-rl`: gather the verbs, and turn errors into one message and an exit code."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from spacetime_rl import __version__
from spacetime_rl.cli import config, convert, episodes, findings, gate, godot, jobs, runs
from spacetime_rl.cli.baseline import baseline
from spacetime_rl.cli.bench import bench
from spacetime_rl.cli.bundle import bundle
from spacetime_rl.cli.controller import controller
from spacetime_rl.cli.distill import distill
from spacetime_rl.cli.doctor import doctor
from spacetime_rl.cli.errors import report
from spacetime_rl.cli.eval import evaluate
from spacetime_rl.cli.exit_codes import EXIT_CODES
from spacetime_rl.cli.export import export
from spacetime_rl.cli.inspect import inspect
from spacetime_rl.cli.league import league
from spacetime_rl.cli.nightly import nightly
from spacetime_rl.cli.on_linux import on_linux
from spacetime_rl.cli.optional_value import AttachCommand
from spacetime_rl.cli.play import play
from spacetime_rl.cli.playtest import playtest
from spacetime_rl.cli.plot import plot
from spacetime_rl.cli.replay import replay
from spacetime_rl.cli.scenarios import scenarios
from spacetime_rl.cli.serve import serve
from spacetime_rl.cli.submit import submit
from spacetime_rl.cli.sweep import sweep
from spacetime_rl.cli.train import train
from spacetime_rl.cli.ui import ui
from spacetime_rl.host import signals

_CTRL_C = 130  # 128 + SIGINT, the exit code that Typer uses


class _Stoppable(TyperGroup):
    """The group of verbs. A signal ends a verb with a message and the signal's exit code; flags show no value."""

    def get_params(self, ctx: Any) -> Any:
        return _flags_as_such(super().get_params(ctx))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        command = super().get_command(ctx, cmd_name)
        if command is not None and ctx is not None:
            _show_flags_as_such(command, ctx)
        return command

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            typer.echo(f"spacetime-rl: stopped by {signals.name()}", err=True)
            raise typer.Exit(signals.exit_code()) from None


def _show_flags_as_such(command: Any, ctx: Any) -> None:
    """Show flags without a value in the help: Typer shows `<bool>`, although a flag takes no value."""
    _flags_as_such([*command.params, command.get_help_option(ctx)])
    for inner in getattr(command, "commands", {}).values():
        _show_flags_as_such(inner, ctx)


def _flags_as_such(options: list[Any]) -> list[Any]:
    for option in options:
        if getattr(option, "is_flag", False):
            option.metavar = ""
    return options


app = typer.Typer(
    name="spacetime-rl",
    cls=_Stoppable,
    help="Train, evaluate and export multi-agent policies on headless Godot 4 games.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("train", cls=AttachCommand)(on_linux("train", train))
app.command("sweep")(on_linux("sweep", sweep))
app.command("submit")(submit)
app.add_typer(config.app, name="config")
app.add_typer(jobs.app, name="jobs")
app.add_typer(runs.app, name="runs")
app.command("ui")(ui)
app.command("plot")(plot)
app.command("bundle")(bundle)
app.command("eval")(on_linux("eval", evaluate))
app.command("league")(on_linux("league", league))
app.command("playtest")(on_linux("playtest", playtest))
app.add_typer(findings.app, name="findings")
app.add_typer(gate.app, name="gate")
app.command("nightly")(on_linux("nightly", nightly))
app.command("inspect")(on_linux("inspect", inspect))
app.command("play")(on_linux("play", play))
app.command("replay")(on_linux("replay", replay))
app.add_typer(episodes.app, name="episodes")
app.command("serve")(serve)
app.command("export")(export)
app.add_typer(convert.app, name="convert")
app.command("controller")(controller)
app.command("distill")(on_linux("distill", distill))
app.command("baseline")(on_linux("baseline", baseline))
app.command("bench")(on_linux("bench", bench))
app.command("doctor")(doctor)
app.command("scenarios")(scenarios)
app.add_typer(godot.app, name="godot")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"spacetime-rl {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Log everything, and show the traceback of an error.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options that come before the verb."""
    import logging

    logging.basicConfig(level=logging.DEBUG if debug else logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    context.obj = debug


def main() -> None:
    """Run the command line and exit with its exit code; the console script calls this."""
    signals.listen()
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(signals.exit_code())
    except SystemExit as end:  # Typer turns a KeyboardInterrupt outside a verb into 130, for every signal
        sys.exit(signals.exit_code() if end.code == _CTRL_C and signals.received() else end.code)
    except Exception as error:  # every error becomes a message and an exit code
        sys.exit(report(error, debug="--debug" in sys.argv))
    finally:
        signals.finish()
