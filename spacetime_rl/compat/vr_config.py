"""`rl_config.py`: write an example of the JSON file that `train_vr_navigation.py --config` reads."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacetime_rl.compat import script
from spacetime_rl.compat.translate import Translation, translate
from spacetime_rl.compat.vr_keys import EXAMPLE, KEYS, STEPS_OF_ONE
from spacetime_rl.errors import ConfigError
from spacetime_rl.formats.plain_json import to_json

if TYPE_CHECKING:
    from spacetime_rl.config import RunConfig

NAME = "rl_config.py"
FILE = "example_config.json"
SCENARIO = "vr_navigation"
PRESETS = ("quick_test", "full_training", "curriculum_learning", "comfort_optimized")


def make_parser() -> argparse.ArgumentParser:
    """The script's arguments."""
    parser = script.parser(NAME, f"Writes {FILE}, to be changed and given to train_vr_navigation.py.", FILE)
    parser.add_argument("output", nargs="?", metavar="FILE", type=Path, default=Path(FILE), help=f"default: {FILE}")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Write the example; returns the exit code."""
    options = make_parser().parse_args(argv)
    return script.run(lambda: _write(options.output))


def _write(file: Path) -> None:
    file.write_text(to_json(EXAMPLE, indent=2) + "\n", encoding="utf-8")
    print(f"Wrote {file}")


def read_vr_config(file: Path) -> Translation:
    """Translate a JSON file. Raises ConfigError that names every key that is unknown or has no counterpart."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{file}: cannot be read: {error}"]) from error
    except ValueError as error:
        raise ConfigError([f"{file}: not valid JSON: {error}"]) from error
    if not isinstance(data, dict):
        raise ConfigError([f"{file}: expected sections with keys and values, found a {type(data).__name__}"])
    said = translate(data, KEYS, str(file))
    problems = [*said.unknown, *said.problems]
    if problems:
        raise ConfigError(problems)
    return _settled(said, data)


def vr_run(preset: str | None, said: Translation, results: Path, timesteps: int | None) -> RunConfig:
    """The run of vr_navigation with a preset, the settings of a JSON file and the steps of the command line over it.

    Raises ConfigError.
    """
    from spacetime_rl.config.loader import read, validate
    from spacetime_rl.config.packaged import find_config, find_preset

    document = read(find_config(SCENARIO), ())
    if preset is not None:
        document = document.under(read(find_preset(preset), ()))
    own: dict[str, Any] = {"results": str(results), "tracking.tensorboard": True}
    if timesteps is not None:
        own |= {"stop.agent_steps": timesteps, "stop.time_s": None}
    return validate(document.under(Translation(own).over(said).document()), None, SCENARIO)


def _settled(said: Translation, data: dict[str, Any]) -> Translation:
    """What follows from several keys together."""
    settings = dict(said.settings)
    training = data.get("training") or {}
    if training.get("use_curriculum") is False:
        settings["curriculum"] = []
    elif "curriculum_stages" in training:  # in whichever order they stand
        settings |= KEYS["training.curriculum_stages"](training["curriculum_stages"])
    elif training.get("use_curriculum"):
        settings["curriculum"] = "scenario"
    if "total_timesteps" in training:
        settings["stop.agent_steps"] = training["total_timesteps"]
    one = settings.pop(STEPS_OF_ONE, None)
    if one is not None:
        settings["training.train_batch_size"] = one * settings.get("game.arenas", 1)
    return replace(said, settings=settings)
