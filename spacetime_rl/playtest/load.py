"""From what a user names to a playtest: a plan, a configuration, a scenario, a project or an exported game."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from spacetime_rl.config.loader import PLAYTEST
from spacetime_rl.config.packaged import packaged
from spacetime_rl.config.playtest import Playtest, load_playtest, with_settings
from spacetime_rl.errors import UsageError
from spacetime_rl.evaluation.target import load_target
from spacetime_rl.game.project import scenario_names
from spacetime_rl.game.unchanged import knows_of_learning


def load_plan(
    target: str, overrides: Sequence[str] = (), settings: Sequence[str] = (), players: Iterable[str] = ()
) -> Playtest:
    """The playtest of a target. `settings` are overrides of the `playtest:` section, `players` are `PLAYER[=SHARE]`.

    Raises ConfigError, and UsageError for a target or a share that is none.
    """
    if (Path(target) / "project.godot").is_file() and not knows_of_learning(Path(target)):
        overrides = [f"name={_slug(Path(target).resolve().name)}", *unchanged_overrides(Path(target)), *overrides]
    own = [override for override in overrides if override.startswith(f"{PLAYTEST}.")]
    rest = [override for override in overrides if override not in own]
    if Path(target).suffix in (".yaml", ".yml") or packaged(target):
        plan = load_playtest(target, rest, scenario_names())
    else:
        plan = Playtest(load_target(target, rest))
    shares = dict(_share(player) for player in players)
    return with_settings(plan, [*(override.removeprefix(f"{PLAYTEST}.") for override in own), *settings], shares)


def unchanged_overrides(project: Path) -> tuple[str, ...]:
    """What makes a plan play a project that knows nothing of reinforcement learning. Raises UsageError."""
    if not (project / "project.godot").is_file():
        raise UsageError(f"--project {project}: expected the folder of a Godot project, with its project.godot")
    return (f"game.project={project.resolve()}", "game.unchanged={}")


def _slug(name: str) -> str:
    return re.sub(r"[^\w-]+", "_", name).strip("_") or "game"


def _share(text: str) -> tuple[str, float]:
    name, _, share = text.partition("=")
    try:
        value = float(share) if share else 1.0
    except ValueError:
        value = 0.0
    if not value > 0.0 or not name:
        raise UsageError(f"--player {text}: expected PLAYER or PLAYER=SHARE, such as random=2")
    return name, value
