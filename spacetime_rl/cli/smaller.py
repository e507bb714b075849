"""How a policy and its smaller form are shown beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from spacetime_rl.smaller.compare import Compared, Difference
    from spacetime_rl.smaller.judge import Judged

_PAYS = 0.95  # a decision that takes more than this share of the original's time is no faster


def show_judged(judged: Judged) -> None:
    """Print both results, and what differs."""
    from spacetime_rl.console.plain import plain_console
    from spacetime_rl.evaluation.table import compare

    plain_console().print(compare([judged.original, judged.other]))
    for difference in judged.compared.differences:
        typer.echo(describe_difference(difference, judged.other.episodes))
    show_costs(judged.compared)


def show_costs(compared: Compared) -> None:
    """Print sizes and times, and whether it pays."""
    from spacetime_rl.smaller.compare import AGENTS

    for name, (ours, theirs) in compared.costs.items():
        times = ", ".join(
            f"{n} agent{'' if n == 1 else 's'} {theirs.latency_ms[n]:.3f} ms instead of {ours.latency_ms[n]:.3f} ms"
            for n in AGENTS
        )
        typer.echo(f"{name}: {theirs.size / 1e3:.1f} kB instead of {ours.size / 1e3:.1f} kB; a decision of {times}")
    pays = [n for n in AGENTS if compared.latency_ratio(n) <= _PAYS]
    ratios = ", ".join(f"{compared.latency_ratio(n):.2f} times as long for {n}" for n in AGENTS)
    smaller = f"; only the files are smaller ({compared.size_ratio:.0%})" if compared.size_ratio < _PAYS else ""
    if not pays:
        typer.echo(f"It does not pay: a decision takes {ratios}{smaller}.")
    elif len(pays) < len(AGENTS):
        typer.echo(
            f"It pays for {pays[0]} agent{'' if pays[0] == 1 else 's'} at once alone: a decision takes {ratios}."
        )


def describe_difference(difference: Difference, episodes: int) -> str:
    """One line: the difference of a measure with its interval."""
    low, high = difference.interval
    if difference.measure == "success":
        figures = f"{100 * difference.value:+.1f} points [{100 * low:+.1f}, {100 * high:+.1f}]"
    else:
        figures = f"{difference.value:+.3g} [{low:+.3g}, {high:+.3g}]"
    return f"{difference.measure}: {figures} on the same {episodes} episodes"
