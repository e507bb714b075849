"""The names under which things are recorded, and the values MLflow can take."""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from spacetime_rl.plain_json import to_json

RUN_ID = "run_id"
LESSON = "lesson"  # of a result, and the tag on a trial's run
TRIAL_ID = "trial_id"
KIND = "kind"
SCENARIO = "scenario"
FOLDER = "folder"
BEST_TRIAL = "best_trial"
CANDIDATE = "candidate"
CHAMPION = "champion"
ALL = "all"  # the group of what all policies do
SYSTEM = "system"  # MLflow's own group for what machines do

_PUBLIC = ("policy/", "scenario/", "perf/", "health/", "custom/", "curriculum/", "task/")
_OVERALL = ("success_rate", "return_mean", "length_mean")
_COUNTERS = ("agent_steps", "episodes", "training_iteration", "time_total_s")
_FIRST = ("scenario/", "/success_rate", "/return_mean", "/length_mean", "agent_steps", "episodes", "policy/", "perf/")
_LEARNER = {
    "default_optimizer_learning_rate": "lr",
    "gradients_default_optimizer_global_norm": "grad_norm",
    "curr_kl_coeff": "kl_coeff",
    "curr_entropy_coeff": "entropy_coeff",
}
_MAX_KEY = 250
_MAX_VALUE = 6000


def valid_key(name: str) -> str:
    """The nearest name MLflow accepts: letters, digits and `_-. :/`, no odd path parts, at most 250 characters."""
    return posixpath.normpath(re.sub(r"[^\w\-. :/]", "_", name, flags=re.ASCII)).lstrip("./")[:_MAX_KEY] or "_"


def registered_name(experiment: str, policy: str) -> str:
    """The registered model of a policy: `<experiment>.<policy>`, without what has a meaning in a model's address."""
    return re.sub(r"[/:@'\"`%?#\\\x00-\x1f]", "_", f"{experiment}.{policy}")


def file_name(name: str) -> str:
    """A name that is safe for a file or a folder."""
    return re.sub(r"[^\w.-]", "_", name)


def flatten(values: Mapping[str, Any], separator: str = ".") -> dict[str, str]:
    """Nested settings as MLflow parameters: `training.lr` -> `0.0003`. What is None or empty is left out."""
    return {valid_key(name): _text(value) for name, value in _leaves(values, "", separator)}


def public_metrics(result: Mapping[str, Any]) -> dict[str, float]:
    """What of a Tune result is recorded: the public flat names and a few of the learner's, finite numbers only."""
    named = {name: value for name, value in result.items() if name.startswith(_PUBLIC) or name in _COUNTERS}
    found = finite_metrics(named | dict(_learner_metrics(result)))
    return {name: found[name] for name in sorted(found, key=_rank)}


def finite_metrics(values: Mapping[str, Any]) -> dict[str, float]:
    """The finite numbers among the values, under valid names."""
    numbers = {valid_key(name): _number(value) for name, value in values.items()}
    return {name: number for name, number in numbers.items() if math.isfinite(number)}


def recorded_metrics(metrics: Mapping[str, float]) -> dict[str, float]:
    """Public metrics under the names that MLflow's page puts in order: the groups of its charts follow the alphabet.

    `all`, of all policies, comes first; `system`, the health of games and the machine, comes last. With one policy, of
    `all` there is how well it does, as the rest would only repeat that policy's.
    """
    policies = {name.split("/")[1] for name in metrics if name.startswith("policy/")}
    found = {}
    for name, value in metrics.items():
        group, _, rest = name.partition("/")
        if group == SCENARIO and (rest in _OVERALL or len(policies) != 1):
            found[f"{ALL}/{rest}"] = value
        elif group != SCENARIO:
            found[f"{SYSTEM}/{rest}" if group == "health" else name] = value
    return found


def step_of(result: Mapping[str, Any]) -> int:
    """The x axis of every curve: agent steps, so that runs with different batches compare; else the iteration."""
    return int(result.get("agent_steps") or result.get("training_iteration") or 0)


def _rank(name: str) -> int:
    """A metric's place in MLflow's table, which keeps the order of recording: what one looks at first comes first."""
    return next(place for place, part in enumerate((*_FIRST, name)) if name.startswith(part) or name.endswith(part))


def _learner_metrics(result: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    learners = result.get("learners")
    for policy, values in learners.items() if isinstance(learners, Mapping) else ():
        if isinstance(values, Mapping):
            for theirs, ours in _LEARNER.items():
                yield f"policy/{policy}/{ours}", values.get(theirs)


def _number(value: Any) -> float:
    if isinstance(value, (str, bytes)):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _leaves(values: Mapping[str, Any], prefix: str, separator: str) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}{separator}", separator)
        elif value is not None and value != []:
            yield f"{prefix}{name}", value


def _text(value: Any) -> str:
    text = to_json(value) if isinstance(value, (list, tuple, bool)) else str(value)
    return text if len(text) <= _MAX_VALUE else text[: _MAX_VALUE - 1] + "…"
