"""The load of the driver's machine, under the names that MLflow's page of system metrics displays."""

from __future__ import annotations

import psutil

from spacetime_rl import metrics


def machine_load() -> dict[str, float]:
    """Processor and memory in use. The processor figure covers the time since the previous call; the first is 0."""
    memory = psutil.virtual_memory()
    return {
        f"{metrics.SYSTEM}/cpu_utilization_percentage": psutil.cpu_percent(),
        f"{metrics.SYSTEM}/system_memory_usage_megabytes": memory.used / 1e6,
        f"{metrics.SYSTEM}/system_memory_usage_percentage": memory.percent,
    }
