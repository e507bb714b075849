"""`spacetime-rl baseline`: train a configuration's baseline, or take finished runs, and evaluate it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacetime_rl.cli.common import (
    JsonOption,
    ResultsOption,
    SetOption,
    as_overrides,
    load_config,
    print_json,
    refuse_given,
    setting_option,
    was_given,
)
from spacetime_rl.cli.completion import complete_config, complete_run
from spacetime_rl.cli.numbers import whole_number
from spacetime_rl.errors import GateError, SpacetimeError, UsageError
from spacetime_rl.runs.layout import RESULTS

if TYPE_CHECKING:
    from spacetime_rl.baselines.again import Recipe
    from spacetime_rl.baselines.make import Outcome
    from spacetime_rl.baselines.trained import TrainedRun
    from spacetime_rl.config import RunConfig


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the user asks for, of one baseline."""

    config: str
    preset: str | None
    overrides: Sequence[str]
    judged_with: Sequence[str]
    episodes: int
    validation_episodes: int | None
    seeds: int
    runs: Sequence[str]
    policies: str | None
    force: bool
    results: Path | None
    json_output: bool


def baseline(
    context: typer.Context,
    config: Annotated[
        str | None,
        typer.Argument(metavar="CONFIG", help="The name of a packaged configuration.", autocompletion=complete_config),
    ] = None,
    preset: Annotated[
        str | None, typer.Option(metavar="NAME", help="Lay a preset over it; the baseline is called CONFIG-PRESET.")
    ] = None,
    seeds: Annotated[
        int, typer.Option(metavar="N", **whole_number("Seeds to train; the median one is kept.", 1, 100))
    ] = 3,
    run: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RUN",
            help="A finished run instead of training; may be repeated, with one run for each seed.",
            autocompletion=complete_run,
        ),
    ] = None,
    policies: Annotated[
        str | None,
        typer.Option(metavar="BASELINE", help="Train nothing: judge the policies of another baseline by this task."),
    ] = None,
    episodes: Annotated[
        int, typer.Option(metavar="N", **whole_number("Held-out test episodes that everybody is reported on.", 1))
    ] = 500,
    validation_episodes: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            **whole_number("Other episodes, by which the seed is chosen; default: 200, or --episodes if fewer.", 1),
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Make every baseline that has fewer seeds, as its own command says.")
    ] = False,
    judge: Annotated[
        bool,
        typer.Option("--judge", help="Train nothing: report a baseline of one seed on the test episodes, or on more."),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a baseline that does better.")] = False,
    overrides: SetOption = None,
    judged_with: Annotated[
        list[str] | None,
        setting_option(
            "--judge-set", "Like --set, for the episodes alone: training does not have this setting; may be repeated."
        ),
    ] = None,
    results: ResultsOption = None,
    json_output: JsonOption = False,
) -> None:
    """Train the policies that come with the package, and evaluate them beside the scripted and the random policy.

    Trains several seeds, chooses the median one on validation episodes, and reports on test episodes that nothing was
    chosen by. Seeds that are trained already are not trained again. An earlier baseline plays the same test episodes;
    it stays if it does better.

    [bold]Examples[/bold]

      spacetime-rl baseline vr_navigation

      spacetime-rl baseline vr_navigation --run my-run --run my-other-run --episodes 100

      spacetime-rl baseline hard/vr_navigation --policies vr_navigation

      spacetime-rl baseline spacecraft_landing --judge-set game.physics_hz=90 --judge-set game.action_repeat=15

      spacetime-rl baseline --all

      spacetime-rl baseline --all --judge

      spacetime-rl baseline parking_3d_public --judge --episodes 2000
    """
    from spacetime_rl.runs.shipped import require_writable

    if every:
        names = ("config", "preset", "run", "policies", "episodes", "overrides", "judged_with", "json_output")
        refuse_given(context, "baseline --all", "each baseline's own command says so; leave it out", *names)
    elif config is None:
        raise UsageError("baseline: name a configuration, as in `spacetime-rl baseline vr_navigation`, or give --all")
    require_writable()
    if judge:
        idle = ("run", "policies", "seeds", "validation_episodes", "force", "overrides", "judged_with", "results")
        refuse_given(context, "baseline --judge", "nothing is trained; leave it out", *idle)
        more = episodes if was_given(context, "episodes") else None
        return _judge_all() if every else _show(_judge(_name_of(config or "", preset), more), json_output)
    if policies is not None:
        useless = ("run", "seeds", "validation_episodes", "results")
        refuse_given(context, "baseline --policies", "nothing is trained; leave it out", *useless)
    wish = _Wish(
        config=config or "",
        preset=preset,
        overrides=overrides or (),
        judged_with=judged_with or (),
        episodes=episodes,
        validation_episodes=validation_episodes,
        seeds=seeds,
        runs=run or (),
        policies=policies,
        force=force,
        results=results,
        json_output=json_output,
    )
    return _make_all(wish) if every else _show(_make(wish), json_output)


def _make_all(wish: _Wish) -> None:
    """Make the baselines that lack seeds."""
    from spacetime_rl.baselines.again import lacking

    _one_after_the_other({recipe.name: partial(_make, _as_made(recipe, wish)) for recipe in lacking(wish.seeds)})


def _as_made(recipe: Recipe, wish: _Wish) -> _Wish:
    """The wish for a baseline as its own command says, with everything else as in `wish`."""
    own = replace(wish, config=recipe.config, preset=recipe.preset, policies=recipe.policies)
    return replace(own, overrides=recipe.overrides, judged_with=recipe.judged_with, episodes=recipe.episodes)


def _judge_all() -> None:
    """Judge the baselines that were not reported on test episodes."""
    from spacetime_rl.baselines.rejudge import unjudged

    _one_after_the_other({name: partial(_judge, name) for name in unjudged()})


def _judge(name: str, episodes: int | None = None) -> Outcome:
    from spacetime_rl.baselines.rejudge import judge_again

    return judge_again(name, say=_say, episodes=episodes)


def _one_after_the_other(work: Mapping[str, Callable[[], Outcome]]) -> None:
    """Do the work of each baseline, also where an earlier one fails. Raises GateError at the end if any did."""
    failed = []
    for number, (name, play) in enumerate(work.items(), start=1):
        _say(f"baseline {number} of {len(work)}: {name}")
        try:
            _show(play(), json_output=False)
        except SpacetimeError as error:
            _say(f"spacetime-rl: {error}")
            failed.append(name)
    if failed:
        raise GateError(f"baseline --all: {', '.join(failed)} failed, as said above; the same command tries them again")
    _say("nothing is left to do")


def _make(wish: _Wish) -> Outcome:
    """Make a baseline, and then those anew that have its policies."""
    from spacetime_rl.baselines.again import taken_over
    from spacetime_rl.baselines.make import make_baseline
    from spacetime_rl.contract import is_adversarial

    name = _name_of(wish.config, wish.preset)
    settings = [*wish.overrides, *as_overrides({"results": wish.results})]
    chosen = load_config(wish.config, settings, wish.preset)
    episodes = as_overrides({"evaluation.episodes": wish.episodes})
    judged = load_config(wish.config, [*settings, *wish.judged_with, *episodes], wish.preset)
    taken = _find(wish) or _train(chosen, name, wish)
    outcome = make_baseline(
        name,
        judged,
        taken,
        _words(wish),
        wish.force,
        is_adversarial(judged),
        say=_say,
        validation_episodes=wish.validation_episodes,
    )
    for other in taken_over(name) if outcome.written else ():
        _say(f"baseline {other.name}: has these policies, too")
        _make(replace(_as_made(other, wish), force=True, runs=(), validation_episodes=None))
    return outcome


def _words(wish: _Wish) -> list[str]:
    """The command that makes the same baseline by training."""
    words = ["spacetime-rl", "baseline", wish.config]
    words += [f"--preset {shlex.quote(wish.preset)}"] if wish.preset else []
    words += [f"--policies {wish.policies}"] if wish.policies else [f"--seeds {len(wish.runs) or wish.seeds}"]
    words += [f"--episodes {wish.episodes}"]
    words += [f"--validation-episodes {wish.validation_episodes}"] if wish.validation_episodes else []
    words += [f"--set {shlex.quote(change)}" for change in wish.overrides]
    return words + [f"--judge-set {shlex.quote(change)}" for change in wish.judged_with]


def _name_of(config: str, preset: str | None) -> str:
    from spacetime_rl.config.packaged import CONFIGS, packaged, preset_names

    file = packaged(config)
    if file is None:
        for laid_over in preset_names():  # the name of a baseline, as its folder and its row have it
            plain = config.removesuffix(f"-{laid_over}")
            if plain != config and packaged(plain) is not None:
                raise UsageError(f"baseline {config}: write it as `spacetime-rl baseline {plain} --preset {laid_over}`")
        raise UsageError(f"baseline {config}: is no packaged configuration; `spacetime-rl scenarios` lists them")
    return file.relative_to(CONFIGS).with_suffix("").as_posix() + (f"-{preset}" if preset else "")


def _train(config: RunConfig, name: str, wish: _Wish) -> list[TrainedRun]:
    from spacetime_rl.baselines.seeds import train_seeds

    return train_seeds(config, name, wish.seeds, wish.json_output, _say)


def _find(wish: _Wish) -> list[TrainedRun]:
    """The trainings that the user names; none if they are to be made."""
    from spacetime_rl.baselines.trained import ShippedTraining, TrainedRun
    from spacetime_rl.runs.locate import find_folder
    from spacetime_rl.runs.shipped import read_baseline

    if wish.policies:
        return [ShippedTraining.read_shipped(read_baseline(wish.policies))]
    return [TrainedRun.read(find_folder(run, wish.results or RESULTS)) for run in wish.runs]


def _say(what: str) -> None:
    typer.echo(what, err=True)


def _show(outcome: Outcome, json_output: bool) -> None:
    said = {"name": outcome.name, "folder": str(outcome.folder), "written": outcome.written, "reason": outcome.reason}
    if json_output:
        return print_json(said | {"reports": {report.source: report.to_dict() for report in outcome.reports}})
    from spacetime_rl.console.plain import plain_console
    from spacetime_rl.evaluation.table import compare

    plain_console().print(compare(outcome.reports))
    return typer.echo(f"{'wrote' if outcome.written else 'left'} {outcome.folder}: {outcome.reason}")
