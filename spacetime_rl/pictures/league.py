"""Draw a league as PNG: who beats whom, and the ratings of policies over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spacetime_rl.league.matrix import Matrix, make_matrices
from spacetime_rl.league.report import LeagueReport
from spacetime_rl.league.standings import LEARNING, Standing
from spacetime_rl.pictures.style import GREY, LINES, MANY, canvas, grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 30  # players on a side of the payoff picture
_WRITTEN = 16  # a table with more columns has no figures in its fields
_FIELD, _ROOM = 44, 260  # pixels of a field, and of the names beside it


def draw_payoff(report: LeagueReport, title: str, out: Path) -> Path:
    """Draw the mean score of every player against every other as coloured fields. Returns `out`."""
    matrices = make_matrices(report.standings, MOST)
    width = sum(max(380, len(matrix.columns) * _FIELD + _ROOM) for matrix in matrices) + 120
    height = max(len(matrix.rows) for matrix in matrices) * _FIELD + _ROOM + 60
    with canvas(title, out, max(900, width), max(500, height)) as figure:
        panels = figure.subplots(1, len(matrices), squeeze=False)[0]
        for axes, matrix in zip(panels, matrices, strict=True):
            _draw_matrix(axes, matrix)
        bar = figure.colorbar(panels[-1].images[0], ax=list(panels), fraction=0.03, pad=0.02)
        bar.set_label("mean score of the player on the left (1 wins, 0.5 draws)")
    return out


def _draw_matrix(axes: Axes, matrix: Matrix) -> None:
    axes.imshow(np.ma.masked_invalid(matrix.scores), cmap="RdBu", vmin=0.0, vmax=1.0, aspect="equal")
    axes.set_facecolor("#c8c8c8")  # where nobody met; 0.5 is nearly white
    axes.set_xticks(range(len(matrix.columns)), matrix.columns, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(matrix.rows)), matrix.rows)
    axes.set_xlabel(f"against, as {matrix.other}")
    axes.set_ylabel(f"as {matrix.role}")
    if len(matrix.columns) > _WRITTEN:
        return
    for (row, column), score in np.ndenumerate(matrix.scores):
        if not math.isnan(score):
            colour = "white" if abs(score - 0.5) > 0.33 else "black"
            axes.text(column, row, f"{score:.2f}", ha="center", va="center", fontsize=9, color=colour)


def draw_ratings(report: LeagueReport, title: str, out: Path) -> Path:
    """Draw the ratings that are shown against agent steps, with their 95 % intervals. Returns `out`."""
    shown = [one for one in report.standings.players if report.is_shown(one)]
    hidden = len(report.standings.players) - len(shown)
    learned = [one for one in shown if one.agent_steps is not None]
    trials = sorted({one.trial for one in learned})
    with canvas(title, out, 1200, 700) as figure:
        axes = figure.subplots()
        if len(trials) > 1:
            _draw_trials(axes, learned, trials)
            figure.legend(frameon=False, loc="outside right upper", fontsize=9, ncols=1 + len(trials) // 20)
        elif learned:
            policies = sorted({one.policy for one in learned})
            for policy, colour in zip(policies, MANY * len(policies), strict=False):
                _draw_policy(axes, [one for one in learned if one.policy == policy], policy, colour)
            axes.legend(frameon=False, loc="upper left")
        for one in shown:
            if one.agent_steps is None:
                _draw_fixed(axes, one)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.set_xlabel("agent steps")
        axes.set_ylabel("rating, Elo points")
        grid(axes)
        if hidden:
            note = f"{hidden} players are not shown: no rating, or an interval wider than {report.width:g} points"
            figure.text(0.99, 0.01, note, ha="right", va="bottom", fontsize=9, color=GREY)
    return out


def _draw_policy(axes: Axes, players: Sequence[Standing], policy: str, colour: str) -> None:
    """Snapshots as points with intervals and a line; what was learning between them as a band."""
    for learning in (True, False):
        own = sorted(
            (one for one in players if (one.kind == LEARNING) == learning), key=lambda one: one.agent_steps or 0.0
        )
        if not own:
            continue
        steps = [one.agent_steps or 0.0 for one in own]
        ratings = [one.rating.rating or 0.0 for one in own]
        low = [bounds[0] for bounds in (one.rating.interval or (0.0, 0.0) for one in own)]
        high = [bounds[1] for bounds in (one.rating.interval or (0.0, 0.0) for one in own)]
        if learning:
            axes.plot(steps, ratings, color=colour, alpha=0.5, linewidth=1.5, label=f"{policy}, while it learned")
            axes.fill_between(steps, low, high, color=colour, alpha=0.15, linewidth=0)
        else:
            errors = np.array([np.subtract(ratings, low), np.subtract(high, ratings)])
            axes.errorbar(steps, ratings, errors, color=colour, marker="o", capsize=3, label=f"{policy}, snapshots")


def _draw_trials(axes: Axes, players: Sequence[Standing], trials: Sequence[str]) -> None:
    """A colour for each trial and a line style for each policy; snapshots as points with intervals."""
    policies = sorted({one.policy for one in players})
    for (number, trial), (index, policy) in product(enumerate(trials), enumerate(policies)):
        own = [one for one in players if (one.trial, one.policy) == (trial, policy)]
        snapshots = sorted((one for one in own if one.kind != LEARNING), key=lambda one: one.agent_steps or 0.0)
        if not snapshots:
            continue
        steps = [one.agent_steps or 0.0 for one in snapshots]
        ratings = np.array([one.rating.rating or 0.0 for one in snapshots])
        spans = np.array([one.rating.interval or (0.0, 0.0) for one in snapshots])
        errors = np.abs(spans.T - ratings)
        colour, line = MANY[number % len(MANY)], LINES[index % len(LINES)]
        axes.plot(steps, ratings, color=colour, linestyle=line, marker="o", label=f"{trial}:{policy}")
        axes.errorbar(steps, ratings, errors, fmt="none", ecolor=colour, capsize=3, linewidth=0.8)


def _draw_fixed(axes: Axes, one: Standing) -> None:
    rating = one.rating.rating or 0.0
    axes.axhline(rating, color=GREY, linewidth=1.2, linestyle=(0, (5, 3)))
    axes.annotate(
        one.player, (1.0, rating), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=9, color=GREY
    )
