"""The names of MLflow's tags, aliases, models and parameters, and the values that MLflow accepts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from spacetime_rl import metrics
from spacetime_rl.formats.plain_json import to_json

RUN_ID = "run_id"
TRIAL_ID = "trial_id"
KIND = "kind"
SCENARIO = "scenario"
FOLDER = "folder"
BEST_TRIAL = "best_trial"
BEST_CHECKPOINT = "best_checkpoint"
CANDIDATE = "candidate"
CHAMPION = "champion"

_MAX_VALUE = 6000  # MLflow's limit for the value of a parameter


def registered_name(experiment: str, policy: str) -> str:
    """The name of a policy's registered model: `<experiment>.<policy>`, with characters special in addresses as `_`."""
    return re.sub(r"[/:@'\"`%?#\\\x00-\x1f]", "_", f"{experiment}.{policy}")


def flatten(values: Mapping[str, Any], separator: str = ".") -> dict[str, str]:
    """Nested settings as MLflow parameters: `training.lr` -> `0.0003`. None and empty lists are left out."""
    return {metrics.valid_name(name): _text(value) for name, value in _leaves(values, "", separator)}


def _leaves(values: Mapping[str, Any], prefix: str, separator: str) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}{separator}", separator)
        elif value is not None and value != []:
            yield f"{prefix}{name}", value


def _text(value: Any) -> str:
    text = to_json(value) if isinstance(value, (list, tuple, bool)) else str(value)
    return text if len(text) <= _MAX_VALUE else text[: _MAX_VALUE - 1] + "…"
