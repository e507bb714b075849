"""A configuration as YAML that says which settings are not the defaults."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from spacetime_rl.config.model import RunConfig
from spacetime_rl.config.writer import to_yaml

MARK = "# default:"


def annotated(config: RunConfig) -> str:
    """YAML that loads to the same value; behind each setting that differs stands its default, the algorithm's own."""
    plain = {"scenario": {"name": "any"}, "algorithm": config.algorithm}
    defaults = RunConfig.model_validate(plain).to_dict()
    defaults["scenario"]["name"] = None
    defaults["algorithm"] = RunConfig.model_fields["algorithm"].default
    return "\n".join(_lines(config.to_dict(), defaults, "")) + "\n"


def _lines(data: Mapping[str, Any], defaults: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in data.items():
        default = defaults.get(key)
        if isinstance(value, Mapping) and value and isinstance(default, Mapping):
            yield f"{indent}{_block(key, None)[0].removesuffix(' null')}"
            yield from _lines(value, default, f"{indent}  ")
            continue
        head, *rest = _block(key, value)
        differs = key not in defaults or value != default
        shown = "not set" if key not in defaults else _word(default)
        yield f"{indent}{head}{f'  {MARK} {shown}' if differs else ''}"
        yield from textwrap.indent("\n".join(rest), indent).splitlines()


def _block(key: str, value: Any) -> list[str]:
    """The lines of one setting; beside a collection, YAML's writer gives each a line of its own."""
    return to_yaml({key: value, "beside": []}).splitlines()[:-1]


def _word(value: Any) -> str:
    """A value on one line."""
    return " ".join(line.strip() for line in _block("x", value))[3:]
