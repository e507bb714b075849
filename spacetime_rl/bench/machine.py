"""Describe the machine that figures are measured on."""

from __future__ import annotations

import platform
from typing import Any

import psutil

from spacetime_rl.game.engine import find_godot
from spacetime_rl.host.system import cores, processor
from spacetime_rl.runs.versions import collect_versions


def describe_machine() -> dict[str, Any]:
    """Processor, cores this process may use, memory in GB, system and versions, as plain JSON data."""
    return {
        "cpu": processor(),
        "cores": cores(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "versions": collect_versions(find_godot().version_text),
    }
