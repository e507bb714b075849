"""`rllib_training_script.py`: train the policies that a YAML file describes with RLlib."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from spacetime_rl.compat import script
from spacetime_rl.compat.mapping import NAME as MAPPING
from spacetime_rl.compat.mapping import map_agents
from spacetime_rl.compat.rllib_file import RllibFile, read_rllib_file
from spacetime_rl.compat.translate import Translation
from spacetime_rl.errors import ConfigError
from spacetime_rl.game.attach_door import Attach
from spacetime_rl.host import signals

if TYPE_CHECKING:
    from spacetime_rl.config import RunConfig

NAME = "rllib_training_script.py"


def make_parser() -> argparse.ArgumentParser:
    """The script's arguments."""
    parser = script.parser(
        NAME,
        "Trains the policies that a YAML file describes with RLlib.",
        "--config_file ./pong_config.yaml --experiment_dir ./results",
    )
    parser.add_argument(
        "--config_file",
        metavar="PATH",
        type=Path,
        default=Path("rllib_config.yaml"),
        help="the YAML file; default: rllib_config.yaml",
    )
    parser.add_argument(
        "--experiment_dir",
        metavar="PATH",
        type=Path,
        default=Path("logs/rllib"),
        help="folder of results and checkpoints; default: logs/rllib",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Train as the file says; returns the exit code."""
    options = make_parser().parse_args(argv)
    return script.run(lambda: _run(options.config_file, options.experiment_dir))


def _run(file: Path, results: Path) -> int:
    from spacetime_rl.console.screen import PROGRESS, STATUS

    said = read_rllib_file(file)
    for sentence in said.left_out:
        script.warn(f"{sentence}; nothing here reads it")
    config = configuration(said, results)
    os.environ[PROGRESS] = STATUS
    from spacetime_rl import api

    run = api.train(config, evaluate=False)
    print(f"Results: {run.folder}")
    return signals.exit_code() if run.cancelled() else 0


def configuration(said: RllibFile, results: Path) -> RunConfig:
    """The run that a file describes; its mapping function is run. Raises ConfigError."""
    from spacetime_rl.config.loader import validate

    where = str(said.file)
    own = Translation({"results": str(results)})
    in_editor = "game.env_path" not in said.settings.settings
    if in_editor:
        own.settings["game.attach"] = Attach().port
        if said.mapping is not None:
            raise ConfigError([f"{where}: {MAPPING}: is asked before the training, for a game that env_path names"])
    config = validate(own.over(said.settings).document(), None, where)
    if said.mapping is None:
        return config
    script.warn(f"{where}: {MAPPING} is Python code from this file, and is run now")
    rules = map_agents(said.mapping, _agents(config), said.policies, f"{where}: {MAPPING}")
    return validate(Translation({"policy_mapping": rules}).over(own.over(said.settings)).document(), None, where)


def _agents(config: RunConfig) -> list[str]:
    """The names of the game's agents in its own order, from a short launch of it."""
    from spacetime_rl.contract import make_launch
    from spacetime_rl.game.client import open_game
    from spacetime_rl.game.stock import StockGame

    with open_game(make_launch(config)) as game:
        names = [name for group in game.spec.groups for name in group.agents]
        if isinstance(game, StockGame):
            return [names[place] for place in game.places]
        return names
