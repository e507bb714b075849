"""Interactive figures of a sweep: Optuna's figures for any search algorithm, and the learning curves."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from spacetime_rl.config.search_space import Domain
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.pictures.style import GREY, MANY
from spacetime_rl.pictures.sweep_record import SweepRecord, TrialRecord

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from plotly.graph_objects import Figure

logger = logging.getLogger(__name__)

_WHOLE = ("randint", "lograndint")
_SHADES = ((0.0, "#a6c8e4"), (1.0, "#08306b"))  # Optuna's colours begin with white, which would hide the first trial
_UNDER_WHITE = "#c9ced6"  # a grey background: Optuna draws the lines of the worst trials in white
_ENOUGH = 4  # trials that fANOVA's random forest needs


def draw_figures(sweep: SweepRecord) -> Iterator[tuple[str, str, Figure]]:
    """Yield the figures that these trials allow, each as title, description and figure."""
    from optuna import visualization as optuna

    study = make_study(sweep)
    several = len(sweep.goals) > 1
    if several and len(sweep.goals) < 4 and len(sweep.judged) > 1:
        front = optuna.plot_pareto_front(study, target_names=[goal.metric for goal in sweep.goals])
        yield "Trade-offs", "No trial beats those of the front in every objective.", front
    for number, goal in enumerate(sweep.goals):
        target: dict[str, Any] = {"target_name": goal.metric}
        if several:
            target["target"] = lambda trial, number=number: trial.values[number]
        suffix = f" for {goal.metric}" if several else ""
        if len(sweep.judged) > 1:
            yield (
                f"Settings together{suffix}",
                "A line is a trial. Drag along an axis to keep only the lines that cross it there.",
                optuna.plot_parallel_coordinate(study, **target).update_layout(plot_bgcolor=_UNDER_WHITE),
            )
            one_by_one = optuna.plot_slice(study, **target).update_traces(marker_colorscale=_SHADES)
            yield f"Settings one by one{suffix}", "A dot is a trial.", one_by_one
        importances = _importances(study, target) if len(sweep.judged) >= _ENOUGH else None
        if importances is not None:
            yield (
                f"What matters{suffix}",
                "The share of the differences between trials that each setting explains (fANOVA, Hutter et al. 2014); "
                "with few trials no more than a hint.",
                importances,
            )
        yield f"Learning: {goal.metric}", "A line is a trial; the best is thick.", _learning(sweep, goal.metric)


def make_study(sweep: SweepRecord) -> Study:
    """An Optuna study of the trials with a value for every objective, for Optuna's figures and importances."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    up, down = optuna.study.StudyDirection.MAXIMIZE, optuna.study.StudyDirection.MINIMIZE
    study = optuna.create_study(directions=[up if goal.mode == "max" else down for goal in sweep.goals])
    spaces = {name: _distribution(name, domain, sweep) for name, domain in sweep.space.items()}
    for trial in sorted(sweep.judged, key=lambda t: t.trial_id):
        study.add_trial(
            optuna.trial.create_trial(
                params={name: _value(sweep.space[name], trial.values[name]) for name in spaces},
                distributions=spaces,
                values=[trial.figure(goal.metric) or 0.0 for goal in sweep.goals],
            )
        )
    return study


def _distribution(name: str, domain: Domain, sweep: SweepRecord) -> BaseDistribution:
    """The Optuna distribution of a setting: its configured range, extended to the values of trials.

    PBT and a normal distribution produce values outside the configured range.
    """
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    seen = [trial.values[name] for trial in sweep.judged]
    if not domain.is_range and domain.kind != "normal":
        return CategoricalDistribution([_text(value) for value in domain.args])
    bounds = [*domain.args[:2], *seen] if domain.is_range else [*seen, domain.args[0]]
    low, high, log = min(bounds), max(bounds), "log" in domain.kind
    if domain.kind in _WHOLE:
        return IntDistribution(int(low), int(high), log=log)
    return FloatDistribution(low, high, log=log)


def _value(domain: Domain, value: Any) -> Any:
    return value if domain.is_range or domain.kind == "normal" else _text(value)


def _text(value: Any) -> Any:
    """A category for Optuna, which takes only plain values: lists and mappings become text, escaped for Plotly."""
    if value is None or isinstance(value, (int, float, bool)):
        return value
    return escape(value if isinstance(value, str) else to_json(value), quote=False)


def _importances(study: Study, target: dict[str, Any]) -> Figure | None:
    """The figure of importances; None if it cannot be computed, for example if all trials are equally good."""
    from optuna import visualization
    from optuna.importance import FanovaImportanceEvaluator

    try:
        return visualization.plot_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0), **target)
    except (ValueError, RuntimeError, ZeroDivisionError) as error:
        logger.info("what matters is not drawn: %s", error)
        return None


def _learning(sweep: SweepRecord, metric: str) -> Figure:
    from plotly.graph_objects import Figure, Scatter

    best = {trial.trial_id for trial in sweep.judged[:1]}
    figure = Figure()
    for number, trial in enumerate(sweep.trials):
        steps, values = trial.curve(metric)
        line = {
            "width": 4 if trial.trial_id in best else 1.5,
            "color": MANY[number % len(MANY)] if trial.status != "stopped early" else GREY,
        }
        figure.add_trace(Scatter(x=steps, y=values, mode="lines", name=trial.index, line=line, hovertext=_about(trial)))
    figure.update_layout(xaxis_title="agent steps", yaxis_title=metric, template="plotly_white")
    return figure


def _about(trial: TrialRecord) -> str:
    values = ", ".join(
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}" for name, value in trial.values.items()
    )
    return escape(f"{trial.index}: {values}; {trial.status}", quote=False)
