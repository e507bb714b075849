"""Deep merge of plain mappings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

from spacetime_rl.config.sampler import is_sampler


def deep_merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """A new mapping: `over` wins, mappings are merged key by key, lists, scalars and samplers are replaced whole."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = deep_merge(below, value) if _is_section(below) and _is_section(value) else value
    return merged


def _is_section(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping) and not is_sampler(value)
