"""The configurations that come with the package, and how a user names one."""

from __future__ import annotations

from pathlib import Path

from spacetime_rl.config.words import did_you_mean
from spacetime_rl.errors import ConfigError

PRESETS = "presets"  # the folder of configurations that are laid over others
SWEEPS = "sweeps"  # and that of searches
CONFIGS = Path(__file__).resolve().parent.parent / "rllib_configs"


def find_config(name: str | Path) -> Path:
    """The file a user means: a path, or the name of a packaged one (`vr_interaction`, `rllib_configs/x.yaml`).

    Raises ConfigError with the known names.
    """
    path = Path(name)
    if path.is_dir():
        raise ConfigError([f"{path}: is a folder; expected a YAML file"])
    found = path if path.is_file() else packaged(name)
    if found is not None:
        return found
    known = config_names()
    hint = did_you_mean(_key(path), known) or f"; packaged: {', '.join(known)}"
    raise ConfigError([f"{path}: no such configuration file, nor a packaged one{hint}"])


def find_preset(name: str | Path) -> Path:
    """The file of a preset: a packaged one (`quick_test`), or a path. Raises ConfigError with the known names."""
    path = Path(name)
    found = path if path.is_file() else packaged(Path(PRESETS) / path)
    if found is not None:
        return found
    known = preset_names()
    hint = did_you_mean(str(name), known) or f"; presets: {', '.join(known)}"
    raise ConfigError([f"--preset {name}: no such preset{hint}"])


def packaged(name: str | Path) -> Path | None:
    """The packaged configuration or preset (`presets/quick_test`) of that name, if there is one."""
    key = _key(Path(name))
    return CONFIGS / f"{key}.yaml" if key in _names() else None


def config_names() -> list[str]:
    """Names of the packaged configurations, with their folder where they are in one."""
    return [name for name in _names() if not name.startswith((f"{PRESETS}/", f"{SWEEPS}/"))]


def preset_names() -> list[str]:
    """Names of the packaged presets."""
    return [name.removeprefix(f"{PRESETS}/") for name in _names() if name.startswith(f"{PRESETS}/")]


def sweep_names() -> list[str]:
    """Names of the packaged sweeps, with their folder."""
    return [name for name in _names() if name.startswith(f"{SWEEPS}/")]


def title(file: Path) -> str:
    """What a file says it is, in a comment on its first line."""
    with file.open(encoding="utf-8") as lines:
        first = lines.readline()
    return first.removeprefix("#").strip() if first.startswith("#") else ""


def _names() -> list[str]:
    return sorted(path.relative_to(CONFIGS).with_suffix("").as_posix() for path in CONFIGS.rglob("*.yaml"))


def _key(path: Path) -> str:
    relative = path.relative_to(CONFIGS.name) if path.parts[:1] == (CONFIGS.name,) else path
    return relative.as_posix().removesuffix(".yaml")
