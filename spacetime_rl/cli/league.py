"""`spacetime-rl league`: the ratings of a run's policies, and who beats whom."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacetime_rl.cli.common import (
    JsonOption,
    PoliciesOption,
    ResultsOption,
    SetOption,
    as_overrides,
    print_json,
    refuse_given,
)
from spacetime_rl.cli.completion import complete_run
from spacetime_rl.cli.numbers import LARGEST_SEED, decimal_number, whole_number
from spacetime_rl.errors import UsageError
from spacetime_rl.formats.shell import short
from spacetime_rl.runs.layout import RESULTS, RunPaths

if TYPE_CHECKING:
    from rich.table import Table

    from spacetime_rl.league.matrix import Matrix
    from spacetime_rl.league.report import LeagueReport

_COLUMNS = 8  # players against whom scores are printed; the picture has all


def league(
    context: typer.Context,
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help="A run, named as for `runs show`, or several ones of the same game on one scale.",
            autocompletion=complete_run,
        ),
    ],
    round_robin: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            **whole_number(
                "First let N snapshots of each policy (without a league: N checkpoints), spread over the training, "
                "meet one another and the random and scripted player",
                1,
                1000,
            ),
        ),
    ] = None,
    episodes: Annotated[
        int | None, typer.Option(metavar="N", **whole_number("Episodes of each pairing of --round-robin.", 1, 100_000))
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", **whole_number("Seed of these episodes.", 0, LARGEST_SEED))
    ] = None,
    exploit: Annotated[
        int | None,
        typer.Option(
            metavar="STEPS",
            **whole_number("Instead train a fresh opponent against each policy, which does not change, and report.", 1),
        ),
    ] = None,
    policy: PoliciesOption = None,
    force: Annotated[bool, typer.Option("--force", help="With --exploit: replace the runs of an earlier one.")] = False,
    overrides: SetOption = None,
    anchors: Annotated[
        list[str] | None,
        typer.Option(
            "--anchor",
            metavar="PLAYER=POINTS",
            help="A rating that is fixed by convention; may be repeated. Default: random=0.",
        ),
    ] = None,
    width: Annotated[
        float,
        typer.Option(
            metavar="POINTS", **decimal_number("Ratings with a wider 95 % interval are not shown.", 1, 100_000)
        ),
    ] = 300.0,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="DIR", help="Folder of pictures and page; default: the first run's league/."),
    ] = None,
    results: ResultsOption = None,
    json_output: JsonOption = False,
) -> None:
    """Rate the policies of a run by the matches of its league, with 95 % intervals, and draw who beats whom.

    Ratings are computed from the payoff table of the run by maximum likelihood; the order of the matches does not
    matter. They are in Elo points: 400 points more win 10 games of 11. The random policy has 0 points in every run, so
    that ratings of several runs of a game can be compared.

    With --round-robin everybody plays everybody first, also in a run that was trained without a league. All pairings
    play the same seeded episodes, with sampled actions as in training. Those that were played before are left out.

    With --exploit a fresh opponent learns against each policy of the run while that policy does not change. The mean
    score that it reaches, with its 95 % interval, says how much a policy can be exploited.

    [bold]Examples[/bold]

      spacetime-rl league my-run

      spacetime-rl league my-run --round-robin 8 --episodes 50

      spacetime-rl league my-run other-run --width 150

      spacetime-rl league my-run --exploit 500_000 --policy hider

      spacetime-rl league my-run --anchor random=0 --anchor hider=scripted=420 --json
    """
    from spacetime_rl.league.report import report_on
    from spacetime_rl.pictures.league_page import write_league
    from spacetime_rl.runs.locate import find_folder

    folders = [find_folder(run, results or RESULTS) for run in runs]
    where = f"league {' '.join(runs)}"
    if exploit is not None:
        refuse_given(context, f"{where} --exploit", "has no effect here", "round_robin", "episodes", "anchors", "width")
        if len(folders) > 1:
            raise UsageError(f"{where} --exploit: name a single run")
        changes = [*(overrides or ()), *as_overrides({"evaluation.seed": seed})]
        return _exploit(folders[0], exploit, changes, policy or [], force, json_output)
    refuse_given(context, where, "only --exploit trains", "policy", "force")
    if round_robin is None:
        refuse_given(context, where, "only --round-robin plays episodes", "episodes", "seed", "overrides")
    elif len(folders) > 1:
        raise UsageError(f"{where} --round-robin: plays within one run; name a single run")
    else:
        _play(folders[0], round_robin, episodes, [*(overrides or ()), *as_overrides({"evaluation.seed": seed})])
    report = report_on(folders, _read_anchors(anchors) if anchors else None, width)
    files = write_league(report, output or RunPaths(folders[0]).league)
    if json_output:
        return print_json(report.to_dict() | {"files": [str(file) for file in files]})
    _show(report)
    for file in files:
        typer.echo(str(short(file)))
    return None


def _play(run: Path, count: int, episodes: int | None, overrides: list[str]) -> None:
    """Play a round robin; every pairing is a line on stderr."""
    from spacetime_rl.evaluation.round_robin import EPISODES, play_round_robin

    played = play_round_robin(
        run, count, overrides, episodes or EPISODES, say=lambda line: typer.echo(f"spacetime-rl: {line}", err=True)
    )
    if not played:
        typer.echo(
            "spacetime-rl: all pairings were played with this seed before; --seed plays other episodes", err=True
        )


def _exploit(
    run: Path, agent_steps: int, overrides: list[str], policies: list[str], force: bool, json_output: bool
) -> None:
    from dataclasses import asdict

    from spacetime_rl.training.exploit import exploit

    found = exploit(
        run, agent_steps, overrides, policies, force, say=lambda line: typer.echo(f"spacetime-rl: {line}", err=True)
    )
    if json_output:
        return print_json([asdict(one) | {"run": str(one.run)} for one in found])
    for one in found:
        low, high = one.interval
        typer.echo(
            f"{one.opponent} against {one.policy}: mean score {one.score:.2f} ({low:.2f} to {high:.2f}) of "
            f"{one.episodes} episodes after {one.agent_steps:,} agent steps; its run is {short(one.run)}"
        )
    return None


def _read_anchors(texts: list[str]) -> dict[str, float]:
    """Anchors by player. Raises UsageError for malformed ones."""
    found = {}
    for text in texts:
        player, _, points = text.rpartition("=")
        try:
            found[player] = float(points)
        except ValueError:
            player = ""
        if not player or not abs(found[player]) < 1e6:
            raise UsageError(f"--anchor {text}: expected PLAYER=POINTS, as in --anchor random=0")
    return found


def _show(report: LeagueReport) -> None:
    from spacetime_rl.console.plain import plain_console
    from spacetime_rl.league.matrix import make_matrices

    console = plain_console()
    console.print(_players(report))
    if len(report.standings.roles) > 1:
        console.print(_roles(report))
    for matrix in make_matrices(report.standings, _COLUMNS):
        console.print()
        console.print(_scores(matrix))
    console.print()
    if report.agreement:
        tau, players = report.agreement.tau, report.agreement.players
        console.print(f"Training and round robin order {players} players alike with Kendall's tau {tau:.2f}.")
    if report.advice:
        fixed = ", ".join(report.standings.anchors)
        console.print(
            f"No rating is certain enough to be shown: {fixed} may lose to all alike. To measure from other players: "
            f"{report.advice}"
        )
    if not report.standings.anchors:
        console.print("No player with a fixed rating has played: add one to the league, or name one with --anchor.")


def _players(report: LeagueReport) -> Table:
    from rich.table import Table

    from spacetime_rl.pictures.league_page import rows_of

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("player", overflow="fold")
    table.add_column("role", overflow="fold")
    for title in ("games", "rating (95 %)"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("", style="dim")
    for row in rows_of(report):
        table.add_row(*row)
    return table


def _roles(report: LeagueReport) -> str:
    lines = [""]
    for role in report.standings.roles:
        if role.interval is None or role.points is None:
            lines.append(f"role {role.role}: strength unknown; no player with a rating has played several roles")
        else:
            low, high = role.interval
            lines.append(f"role {role.role}: {role.points:+.0f} points ({low:+.0f} to {high:+.0f})")
    return "\n".join(lines)


def _scores(matrix: Matrix) -> Table:
    """The mean scores of a role's players against another's, at most `_COLUMNS` each."""
    from rich.table import Table

    table = Table(
        box=None,
        padding=(0, 2, 0, 0),
        header_style="dim",
        pad_edge=False,
        title=f"mean score as {matrix.role} (left) against {matrix.other}",
        title_justify="left",
        title_style="",
    )
    table.add_column("", no_wrap=True)
    for player in matrix.columns:
        table.add_column(player, justify="right", overflow="fold")
    for player, scores in zip(matrix.rows, matrix.scores.tolist(), strict=True):
        table.add_row(player, *("" if score != score else f"{score:.2f}" for score in scores))
    return table
