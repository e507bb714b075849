"""What changed between two configurations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from spacetime_rl.config.model import RunConfig
from spacetime_rl.formats.plain_json import to_json

_NOT_SET = "(not set)"


def diff(before: RunConfig, after: RunConfig) -> list[str]:
    """The settings that differ, as `training.lr: 0.0003 -> 0.001`, in the order of the configuration."""
    old, new = dict(_flat(before.to_dict())), dict(_flat(after.to_dict()))
    shown = {key: (_shown(old, key), _shown(new, key)) for key in dict.fromkeys([*old, *new])}
    same = {(_NOT_SET, "{}"), ("{}", _NOT_SET)}  # a mapping without entries, and one whose entries are listed
    return [f"{key}: {was} -> {now}" for key, (was, now) in shown.items() if was != now and (was, now) not in same]


def overrides_for(base: RunConfig, wanted: RunConfig) -> list[str]:
    """What `--set` needs to make `wanted` of `base`, as `training.lr=0.001`.

    Sizes that were `auto` stay so; where results go and are recorded does not count.
    """
    old, new = dict(_flat(settle_like(base, wanted).to_dict())), dict(_flat(wanted.to_dict()))
    elsewhere = ("results", "tracking.")
    changed = [key for key in new if _shown(old, key) != _shown(new, key) and not key.startswith(elsewhere)]
    return [f"{key}={to_json(new[key])}" for key in changed]


def settle_like(config: RunConfig, settled: RunConfig) -> RunConfig:
    """The configuration with the numbers that another one has where this one says `auto`."""
    return RunConfig.model_validate(_settle(config.to_dict(), settled.to_dict()))


def _settle(data: Mapping[str, Any], settled: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(data)
    for key in data.keys() & settled.keys():
        if isinstance(data[key], Mapping) and isinstance(settled[key], Mapping):
            result[key] = _settle(data[key], settled[key])
        elif data[key] == "auto":
            result[key] = settled[key]
    return result


def _flat(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _shown(data: Mapping[str, Any], key: str) -> str:
    return repr(data[key]) if key in data else _NOT_SET
