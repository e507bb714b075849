"""Write a sweep as YAML that loads back to the same value."""

from __future__ import annotations

from spacetime_rl.config.sweep import SweepConfig, dotted
from spacetime_rl.config.writer import to_yaml


def dump_sweep(sweep: SweepConfig) -> str:
    """The run with defaults, and the search, as YAML text."""
    search = sweep.settings.model_dump(mode="json", exclude_unset=True)
    space = {dotted(path): {domain.kind: list(domain.args)} for path, domain in sweep.space.items()}
    return to_yaml({**sweep.base.to_dict(), "sweep": {**search, "space": space}})
