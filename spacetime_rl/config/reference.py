"""Every setting as a table in Markdown, read off the models.

`python -m spacetime_rl.config.reference docs/configuration.md` writes it into the page, between its two marks.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from spacetime_rl.config.algorithms import ALL
from spacetime_rl.config.model import RunConfig
from spacetime_rl.formats.plain_json import to_json

BEGIN, END = "<!-- settings: begin -->", "<!-- settings: end -->"
_WORDS = {"integer": "whole number", "number": "number", "string": "text", "boolean": "true or false", "array": "list"}
_BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


def reference() -> str:
    """Tables of all settings: the run's own first, then one per section and per section inside one."""
    schema = RunConfig.model_json_schema()
    models: Mapping[str, Any] = schema["$defs"]
    settings: Mapping[str, Any] = schema["properties"]
    tables = [_table("The run itself", {key: part for key, part in settings.items() if not _model(part)})]
    for key, part in settings.items():
        if name := _model(part):
            tables += _tables(_title(key, part), models[name], models)
    return "\n".join(tables)


def update(page: str) -> str:
    """The page with fresh tables between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{reference()}\n{END}{after}"


def _tables(title: str, section: Mapping[str, Any], models: Mapping[str, Any]) -> Iterator[str]:
    yield _table(f"`{title}`", section["properties"], section["description"])
    for key, part in section["properties"].items():
        inner = _model(part)
        if inner and not part["description"].startswith("Any keys of"):  # those have their table already
            yield from _tables(f"{title}.{key}", models[inner], models)


def _table(title: str, settings: Mapping[str, Any], description: str = "") -> str:
    rows = [f"| `{key}` | {_kind(part)} | {_default(part)} | {_meaning(part)} |" for key, part in settings.items()]
    head = ["| key | value | default | meaning |", "|---|---|---|---|"]
    return "\n".join([f"### {title}", "", *([description, ""] if description else []), *head, *rows, ""])


def _title(key: str, part: Mapping[str, Any]) -> str:
    if "additionalProperties" in part:
        return f"{key}.<policy>"
    return f"{key}[…]" if any("items" in option for option in (part, *_options(part))) else key


def _model(part: Mapping[str, Any]) -> str | None:
    """The name of the model that describes a setting, or each of its members."""
    options = [option.get("items", option) for option in _options(part)]
    places = [part, part.get("additionalProperties"), part.get("items"), *options]
    found = [place["$ref"] for place in places if isinstance(place, Mapping) and "$ref" in place]
    return str(found[0]).rpartition("/")[2] if found else None


def _options(part: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The members of a union."""
    found: Sequence[Mapping[str, Any]] = part.get("anyOf") or part.get("oneOf") or []
    return found


def _kind(part: Mapping[str, Any]) -> str:
    if _options(part):
        return " or ".join(_kind(option) for option in _options(part))
    if _model(part) or part.get("type") == "object":
        return "keys and values"
    if "const" in part or "enum" in part:
        return ", ".join(f"`{value}`" for value in part.get("enum", [part.get("const")]))
    if part.get("type") == "null":
        return "null"
    if part.get("format") == "path":
        return "path"
    bounds = [f"{sign} {part[key]}" for key, sign in _BOUNDS.items() if key in part]
    return " ".join([_WORDS[part["type"]], *([", ".join(bounds)] if bounds else [])])


def _default(part: Mapping[str, Any]) -> str:
    if _model(part) and part.get("default") is not None:
        return ""
    if "default" not in part:
        return "required"
    own = [f"; {name}: `{to_json(value)}`" for name, value in part.get("own_defaults", {}).items()]
    return "".join([f"`{to_json(part['default'])}`", *own])


def _meaning(part: Mapping[str, Any]) -> str:
    """The description, behind the algorithms that read the setting where not all do."""
    readers = part.get("read_by", ALL)
    return part["description"] if len(readers) == len(ALL) else f"{', '.join(readers)}: {part['description']}"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(update(path.read_text(encoding="utf-8")), encoding="utf-8")
