"""Two layouts compared field by field, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from spacetime_rl.game.spec import ActionField, ImageField, ObservationField, PolicyLayout

_Field = ObservationField | ImageField | ActionField


def differences(theirs: PolicyLayout, ours: PolicyLayout) -> list[str]:
    """What differs between the spaces of a demonstration and those of the game, a few words for each field."""
    return [
        *_compare("observes", theirs.fields, ours.fields),
        *_compare("sees the image", theirs.images, ours.images),
        *_compare("acts by", theirs.actions, ours.actions),
    ]


def _compare(verb: str, theirs: Sequence[_Field], ours: Sequence[_Field]) -> Iterator[str]:
    before, now = ({field.name: field for field in fields} for fields in (theirs, ours))
    for name in [name for name in before if name not in now]:
        yield f"it {verb} {_shown(before[name])}, the game has no such field"
    for name in [name for name in now if name not in before]:
        yield f"the game {verb} {_shown(now[name])}, it does not"
    common = [name for name in before if name in now]
    for name in common:
        if before[name] != now[name]:
            yield f"it {verb} {_shown(before[name])}, the game {_shown(now[name])}"
    if common != [name for name in now if name in before]:
        yield f"it {verb} {', '.join(common)} in this order, the game in another"


def _shown(field: Any) -> str:
    if isinstance(field, ImageField):
        return f"{field.name} {'x'.join(map(str, field.shape))}"
    kind = "" if isinstance(field, ObservationField) and field.kind == "continuous" else f" {field.kind}"
    unit = f" {field.unit}" if isinstance(field, ObservationField) and field.unit else ""
    return f"{field.name}{kind}({field.size}{unit})"
