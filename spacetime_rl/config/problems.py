"""Pydantic's findings as sentences a user can act on."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from spacetime_rl.config.document import Document, KeyPath
from spacetime_rl.config.numbers import did_you_mean_number, did_you_mean_truth, whole
from spacetime_rl.config.overrides import setting_paths
from spacetime_rl.config.rules import Contradiction, ContradictionError
from spacetime_rl.config.words import closest, did_you_mean

EXPECTED = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "string_pattern_mismatch": "a name of letters, digits, '_', '.' and '-'",
    "path_type": "a path",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "keys and values",
    "mapping_type": "keys and values",
    "model_type": "keys and values",
    "model_attributes_type": "keys and values",
}
_NUMBERS = ("int_type", "int_parsing", "float_type", "float_parsing")
_NOT_WHOLE = ("int_type", "int_from_float")


def field_mistakes(error: ValidationError, document: Document, model: type[BaseModel]) -> dict[KeyPath, str]:
    """What is wrong with single settings, by their path in the document."""
    found: dict[KeyPath, list[str]] = {}
    for details in error.errors(include_url=False):
        if not isinstance(details.get("ctx", {}).get("error"), ContradictionError):
            path = _path_in(document.data, details["loc"], details["type"])
            found.setdefault(path, []).append(_sentence(details, path, model))
    return {path: _join(sentences) for path, sentences in found.items()}


def with_whole_numbers(data: dict[str, Any], error: ValidationError) -> dict[str, Any] | None:
    """The data with 1e6 as 1000000 where a validation expected whole numbers; None where nothing is mended by that."""
    repaired = None
    for details in error.errors(include_url=False):
        number = whole(details["input"]) if details["type"] in _NOT_WHOLE and type(details["input"]) is float else None
        path = _path_in(data, details["loc"], details["type"])
        if number is not None and _at(data, path) == number:
            repaired = copy.deepcopy(data) if repaired is None else repaired
            _at(repaired, path[:-1])[path[-1]] = number
    return repaired


def contradictions_in(error: ValidationError) -> tuple[Contradiction, ...]:
    """The contradictions between settings that a validation found."""
    causes = (details.get("ctx", {}).get("error") for details in error.errors(include_url=False))
    return tuple(c for cause in causes if isinstance(cause, ContradictionError) for c in cause.found)


def _at(data: Any, path: KeyPath) -> Any:
    for step in path:
        data = data[step]
    return data


def _path_in(data: Any, loc: Sequence[str | int], kind: str) -> KeyPath:
    """Pydantic's location without the steps that are not in the document (the members of a union)."""
    path: list[str | int] = []
    for step in loc if kind != "missing" else loc[:-1]:
        if isinstance(data, Mapping) and step in data:
            data = data[str(step)]
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            continue
        path.append(step)
    return (*path, loc[-1]) if kind == "missing" else tuple(path)


def _sentence(details: Any, path: KeyPath, model: type[BaseModel]) -> str:
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return f"unknown key{_hint(path, model)}"
    if kind == "missing":
        return "is missing"
    if kind == "literal_error":
        word = did_you_mean(value, re.findall(r"'([^']+)'", context["expected"])) if isinstance(value, str) else ""
        return f"expected {context['expected']}, found {value!r}{word}"
    if kind in EXPECTED:
        return f"expected {EXPECTED[kind]}, found {_shown(value)}{_instead(kind, value, path)}"
    return f"{details['msg'].replace('Input should', 'should', 1)}, found {_shown(value)}"


def _instead(kind: str, value: Any, path: KeyPath) -> str:
    """What a value of the wrong type was probably meant to be."""
    if kind in _NUMBERS and isinstance(value, str):
        name = next((step for step in reversed(path) if isinstance(step, str)), "")
        return did_you_mean_number(value, name, integer=EXPECTED[kind] == EXPECTED["int_type"])
    if EXPECTED[kind] == EXPECTED["bool_type"]:
        return did_you_mean_truth(value)
    if kind == "string_type" and isinstance(value, (bool, int, float)):
        return "; in quotes it is text"
    return ""


def _hint(path: KeyPath, model: type[BaseModel]) -> str:
    """The nearest key beside the unknown one, or else a setting of that name elsewhere."""
    word = str(path[-1])
    section = _section(model, path[:-1])
    near = closest(word, section.model_fields) if section else None
    if near:
        return f"; did you mean {near!r}?"
    leaf = closest(word, {p[-1] for p in setting_paths(model)})
    if leaf:
        elsewhere = [repr(".".join(p)) for p in setting_paths(model) if p[-1] == leaf]
        return f"; did you mean {' or '.join(elsewhere)}?"
    return f"; known: {', '.join(section.model_fields)}" if section else ""


def _section(model: type[BaseModel], path: KeyPath) -> type[BaseModel] | None:
    """The model that describes the mapping at `path`, through optional, listed and named sections."""
    annotation: Any = model
    for step in path:
        if _is_model(annotation):
            field = annotation.model_fields.get(str(step))
            annotation = field.annotation if field else None
        else:
            annotation = [arg for arg in get_args(annotation) if arg is not Ellipsis][-1:]
            annotation = annotation[0] if annotation else None
        if isinstance(annotation, UnionType) or get_origin(annotation) is Union:
            members = map(_bare, get_args(annotation))
            annotation = next((member for member in members if not _is_word(member)), None)
    return annotation if _is_model(annotation) else None


def _bare(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _is_word(annotation: Any) -> bool:
    """Null, or a word such as `auto`: a member of a union that has no keys."""
    return annotation is NoneType or get_origin(annotation) is Literal


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _join(sentences: Sequence[str]) -> str:
    """Members of a union each say what they expected: `expected 'auto' or a whole number, found 'x'`."""
    unique = list(dict.fromkeys(sentences))
    if len(unique) == 1:
        return unique[0]
    heads, tails = zip(*((head, tail) for head, _, tail in (s.partition(", found ") for s in unique)), strict=True)
    names = [head.removeprefix("expected ").replace("should be", "a number", 1) for head in heads]
    return f"expected {' or '.join(names)}, found {max(tails, key=len)}"


def _shown(value: Any) -> str:
    text = "nothing (null)" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
