"""What networks can be computed on, beside the processor."""

from __future__ import annotations

import torch


def gpus() -> list[str]:
    """Names of the GPUs that this build of torch can use, with their memory in GB; empty if there is none."""
    if not torch.cuda.is_available():
        return []
    found = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
    return [f"{gpu.name}, {gpu.total_memory / 1e9:.0f} GB" for gpu in found]
