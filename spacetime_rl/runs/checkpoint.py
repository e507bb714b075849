"""The metadata file in a checkpoint, beside RLlib's files: it makes a checkpoint usable without its run's folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.runs.layout import CHECKPOINT

FORMAT = 1
METADATA = "checkpoint_card"  # the algorithm finds the metadata under this key of RLlib's `config.env_config`


@dataclass(frozen=True, slots=True)
class CheckpointMetadata:
    """A checkpoint's metadata: the run it belongs to, as plain JSON data."""

    run_id: str
    config: Mapping[str, Any]  # RunConfig.to_dict()
    spec: Mapping[str, Any]  # GameSpec.to_dict()
    versions: Mapping[str, str]

    def write(self, folder: Path, iteration: int) -> None:
        """Write `spacetime.json` into a checkpoint's folder."""
        document = {
            "format": FORMAT,
            "versions": dict(self.versions),
            "config": dict(self.config),
            "spec": dict(self.spec),
            "run_id": self.run_id,
            "iteration": iteration,
        }
        (folder / CHECKPOINT).write_text(to_json(document, indent=2) + "\n", encoding="utf-8")
