"""What the machine of the driver does, under the names that MLflow's page of system metrics knows."""

from __future__ import annotations

import psutil

from spacetime_rl import metrics


def machine_load() -> dict[str, float]:
    """Processor and memory in use: the processor since the call before, so that the first gives nothing of it."""
    memory = psutil.virtual_memory()
    return {
        f"{metrics.SYSTEM}/cpu_utilization_percentage": psutil.cpu_percent(),
        f"{metrics.SYSTEM}/system_memory_usage_megabytes": memory.used / 1e6,
        f"{metrics.SYSTEM}/system_memory_usage_percentage": memory.percent,
    }
