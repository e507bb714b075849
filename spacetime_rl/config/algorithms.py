"""The learning algorithms, and which settings of `training` each of them reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo

Algorithm = Literal["PPO", "APPO", "IMPALA", "SAC", "DQN"]

ALL: tuple[Algorithm, ...] = get_args(Algorithm)
CLIPPED: tuple[Algorithm, ...] = ("PPO", "APPO")
ON_POLICY: tuple[Algorithm, ...] = ("PPO", "APPO", "IMPALA")  # learn from what the policy has just played
REPLAYING: tuple[Algorithm, ...] = ("SAC", "DQN")  # learn from what it has played long ago, too


def setting(
    default: Any,
    description: str,
    *,
    read_by: tuple[Algorithm, ...] = ALL,
    own: Mapping[str, Any] | None = None,
    **bounds: Any,
) -> Any:
    """A pydantic field that only some algorithms read, and for which some have a default of their `own`."""
    extra: dict[str, Any] = {"read_by": list(read_by), "own_defaults": dict(own or {})}
    return Field(default=default, description=description, json_schema_extra=extra, **bounds)


def readers(model: type[BaseModel], key: str) -> tuple[Algorithm, ...]:
    """The algorithms that read a setting."""
    return tuple(_extra(model.model_fields[key])["read_by"])


def scheduled(model: type[BaseModel]) -> dict[str, str]:
    """The settings that approach a final value, and the setting that holds it: `lr` and `final_lr`."""
    return {key: f"final_{key}" for key in model.model_fields if f"final_{key}" in model.model_fields}


def own_defaults(model: type[BaseModel], algorithm: Algorithm) -> dict[str, Any]:
    """The settings whose default is another one for this algorithm."""
    found = {key: _extra(field)["own_defaults"] for key, field in model.model_fields.items()}
    return {key: defaults[algorithm] for key, defaults in found.items() if algorithm in defaults}


def _extra(field: FieldInfo) -> dict[str, Any]:
    extra = field.json_schema_extra
    return extra if isinstance(extra, dict) else {"read_by": ALL, "own_defaults": {}}
