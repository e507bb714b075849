"""The page of a sweep, one HTML file that needs no network: candidates, figures, and the cost of every trial."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from spacetime_rl.pictures.html import templates
from spacetime_rl.pictures.sweep_figures import draw_figures
from spacetime_rl.pictures.sweep_record import Cost, SweepRecord

PAGE = "sweep.html"
_JOINT = re.compile(r"([._/])")


def write_sweep_page(sweep: SweepRecord, folder: Path, best: Mapping[str, Any], notes: str = "") -> Path:
    """Write `folder/sweep.html`. `best` are the best candidate's settings; `notes` is a sentence below the title."""
    environment = templates()
    environment.filters |= {"figure": short, "breakable": breakable}
    costs = {trial.trial_id: Cost.of(trial, sweep.cores) for trial in sweep.trials}
    page = environment.get_template("sweep.html").render(
        sweep=sweep,
        best=best,
        notes=notes,
        costs=costs,
        total=_total(list(costs.values())),
        figures=[
            (title, about, _html(figure, number)) for number, (title, about, figure) in enumerate(draw_figures(sweep))
        ],
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PAGE).write_text(page, encoding="utf-8")
    return folder / PAGE


def short(value: Any) -> str:
    """A value as text for a table: `0.000433`, `12,288`, an en dash for None."""
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}"


def breakable(name: str) -> Markup:
    """A dotted name as HTML that a narrow column may break after dots, slashes and underscores."""
    return Markup(_JOINT.sub(r"\1<wbr>", str(escape(name))))


def _html(figure: Any, number: int) -> str:
    figure.update_layout(title=None, margin={"t": 30, "r": 40}, template="plotly_white")
    # The first figure contains Plotly's library, so that the page works offline.
    return str(figure.to_html(full_html=False, include_plotlyjs=number == 0, config={"displaylogo": False}))


def _total(costs: list[Cost]) -> Cost:
    return Cost(
        agent_steps=sum(cost.agent_steps for cost in costs),
        core_hours=sum(cost.core_hours for cost in costs),
        restarts=sum(cost.restarts for cost in costs),
        downtime_s=sum(cost.downtime_s for cost in costs),
    )
