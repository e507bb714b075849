"""The demonstrations of a run, kept in its folder: the learner reads them there, on whichever node it works.

A run that is resumed reads them again, so the episodes that it began with may be gone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from spacetime_rl.config import RunConfig
from spacetime_rl.config.imitation import SCRIPT
from spacetime_rl.contract import PolicyPlan
from spacetime_rl.demonstrations.arrays import Demonstrations
from spacetime_rl.demonstrations.compare import differences
from spacetime_rl.demonstrations.read import read_demonstrations
from spacetime_rl.errors import ConfigError
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.game.spec import GameSpec, PolicyLayout

_SUMMARY = "demonstrations.json"  # written last: a folder that has it is complete


def has_demonstrations(folder: Path) -> bool:
    """Whether a run has kept its demonstrations in this folder."""
    return (folder / _SUMMARY).is_file()


def keep_demonstrations(
    config: RunConfig, spec: GameSpec, policies: Sequence[PolicyPlan], folder: Path, scripted: Path | None = None
) -> str:
    """Read the demonstrations of a run, compare them with the game, and write them into `folder`.

    `scripted` has the episodes of the scripted player, where the run imitates it. Returns a sentence that says how many
    demonstrations there are. Raises ConfigError.
    """
    sources = [str(scripted) if source == SCRIPT else source for source in config.imitation.sources]
    found = read_demonstrations(config, spec, policies, sources)
    folder.mkdir(parents=True, exist_ok=True)
    for policy, shown in found.items():
        shown.save(folder / f"{policy}.npz")
    counts = {name: {"episodes": len(shown.lengths), "decisions": len(shown.actions)} for name, shown in found.items()}
    document = {"from": list(config.imitation.sources), "policies": counts}
    (folder / _SUMMARY).write_text(to_json(document, indent=2) + "\n", encoding="utf-8")
    listed = "; ".join(f"{name}: {n['episodes']} episodes, {n['decisions']:,} decisions" for name, n in counts.items())
    without = [policy.name for policy in policies if policy.trained and policy.name not in found]
    return f"demonstrations: {listed}" + (f"; none of {', '.join(without)}" if without else "")


def kept_demonstrations(folder: Path, layouts: dict[str, PolicyLayout]) -> dict[str, Demonstrations]:
    """The demonstrations in the folder of a run, for those of these policies that have any.

    Raises ConfigError if they are missing, or if a policy's spaces differ: a trial of a sweep may play another game.
    """
    try:
        kept = json.loads((folder / _SUMMARY).read_text(encoding="utf-8"))["policies"]
        found = {name: Demonstrations.load(folder / f"{name}.npz") for name in kept if name in layouts}
    except (OSError, KeyError, ValueError) as error:
        raise ConfigError([f"imitation.from: the demonstrations in {folder} cannot be read: {error}"]) from error
    for name, shown in found.items():
        if wrong := differences(shown.layout, layouts[name]):
            raise ConfigError([f"imitation.from: the policy {name!r} of this trial: {'; '.join(wrong)}"])
    return found
