"""The names of a game's observations and actions, from a file that declares them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from spacetime_rl.errors import UsageError
from spacetime_rl.export.schema import Origin, read_schema
from spacetime_rl.game.spec import GameSpec, PolicyLayout


@dataclass(frozen=True, slots=True)
class Named:
    """A layout with the names of a game, and the game's pace."""

    layout: PolicyLayout
    origin: Origin


def read_names(file: Path, policy: str) -> Named:
    """Read the schema of another policy of the game, or the `spec.json` of a run, of which `policy` is a policy.

    Raises UsageError, and ExportError for a malformed schema.
    """
    if file.name.endswith(".schema.json"):
        schema = read_schema(file)
        return Named(schema.layout, schema.origin)
    try:
        spec = GameSpec.from_dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"--layout {file}: expected POLICY.schema.json of another policy, or the spec.json of a run: {error}"
        ) from error
    groups = {group.name: group for group in spec.groups}
    group = groups.get(policy) or (spec.groups[0] if len(groups) == 1 else None)
    if group is None:
        raise UsageError(f"--layout {file}: has the policies {', '.join(groups)}; choose one with --policy")
    return Named(group.layout, Origin.of_game(spec))
