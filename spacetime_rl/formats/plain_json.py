"""JSON that every reader accepts: JSON has no NaN and no infinity, so null replaces them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any


def to_json(
    document: Any,
    *,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
    ensure_ascii: bool = True,
    default: Callable[[Any], Any] | None = None,
) -> str:
    """A document as JSON text; the arguments are those of `json.dumps`."""

    def write(value: Any) -> str:
        return json.dumps(
            value,
            allow_nan=False,
            indent=indent,
            separators=separators,
            sort_keys=sort_keys,
            ensure_ascii=ensure_ascii,
            default=default,
        )

    try:
        return write(document)
    except ValueError:
        return write(without_nan(document))


def without_nan(document: Any) -> Any:
    """The same document with None in place of floats that are not finite, at any depth."""
    if isinstance(document, float):
        return document if math.isfinite(document) else None
    if isinstance(document, Mapping):
        return {key: without_nan(value) for key, value in document.items()}
    if isinstance(document, (list, tuple)):
        return [without_nan(value) for value in document]
    return document
