"""Shell completion. It must be fast: it imports nothing slow, and lists folders instead of reading files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from spacetime_rl.runs.layout import CONFIG, RESULTS

_CONFIGS = Path(__file__).resolve().parent.parent / "rllib_configs"  # as in config.packaged, which imports pydantic
_SCENARIOS = Path(__file__).resolve().parent.parent / "godot" / "scenarios"
_NO_CONFIGURATIONS = ("presets", "sweeps")  # folders of files that are for other options and commands
_SOURCES = ("baseline", "heuristic", "random")


def complete_config(incomplete: str) -> list[str]:
    """Complete packaged configurations and YAML files."""
    return _matching(incomplete, [*_packaged(), *_yaml_files(incomplete)])


def complete_sweep(incomplete: str) -> list[str]:
    """Complete packaged sweeps and YAML files."""
    return _matching(incomplete, [*(f"sweeps/{name}" for name in _names("sweeps")), *_yaml_files(incomplete)])


def complete_preset(incomplete: str) -> list[str]:
    """Complete presets."""
    return _matching(incomplete, _names("presets"))


def complete_scenario(incomplete: str) -> list[str]:
    """Complete scenarios."""
    return _matching(incomplete, (path.parent.name for path in _SCENARIOS.glob("*/scenario.json")))


def complete_target(incomplete: str) -> list[str]:
    """Complete games to play: scenarios and configurations."""
    return _matching(incomplete, {*complete_scenario(incomplete), *complete_config(incomplete)})


def complete_run(incomplete: str) -> list[str]:
    """Complete the ids of the runs in `results/`, newest first."""
    folders = [path.parent for path in RESULTS.glob(f"*/{CONFIG}")]
    newest = sorted(folders, key=lambda folder: folder.stat().st_mtime, reverse=True)
    return [folder.name for folder in newest if folder.name.startswith(incomplete)]


def complete_source(incomplete: str) -> list[str]:
    """Complete players: runs, and the players that need no run."""
    return [*complete_run(incomplete), *_matching(incomplete, _SOURCES)]


def complete_setting(incomplete: str) -> list[str]:
    """Complete the keys of settings, up to and including `=`."""
    from spacetime_rl.config.model import RunConfig  # takes 0.2 s, but only the models know the settings
    from spacetime_rl.config.overrides import setting_paths

    words = [".".join(path) for path in setting_paths(RunConfig)]
    sections = {word.rpartition(".")[0] for word in words}
    return _matching(incomplete, (f"{word}=" for word in words if word not in sections))


def _packaged() -> list[str]:
    folders = sorted(path.name for path in _CONFIGS.iterdir() if path.is_dir() and path.name not in _NO_CONFIGURATIONS)
    return [*_names(""), *(f"{folder}/{name}" for folder in folders for name in _names(folder))]


def _names(folder: str) -> list[str]:
    return [path.stem for path in (_CONFIGS / folder).glob("*.yaml")]


def _yaml_files(incomplete: str) -> Iterable[str]:
    folder = incomplete.rpartition("/")[0]
    try:
        entries = list(os.scandir(folder or "."))
    except OSError:
        return []
    prefix = f"{folder}/" if folder else ""
    files = [f"{prefix}{entry.name}" for entry in entries if entry.name.endswith((".yaml", ".yml"))]
    return [*files, *(f"{prefix}{entry.name}/" for entry in entries if entry.is_dir() and entry.name[0] != ".")]


def _matching(incomplete: str, words: Iterable[str]) -> list[str]:
    return sorted(word for word in words if word.startswith(incomplete))
