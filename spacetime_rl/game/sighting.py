"""What an oracle reports of an episode: in the game, or of its recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

Severity = Literal["error", "warning"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something wrong in an episode. Two sightings with the same `key` are the same finding."""

    oracle: str
    key: str
    severity: Severity
    message: str
    decision: int  # decisions that were over when it was seen
    agent: str = ""  # empty if it concerns the whole game

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Sighting:
        """Read the output of `to_dict`. Raises KeyError, TypeError or ValueError for something else."""
        severity = data["severity"]
        if severity not in SEVERITIES:
            raise ValueError(f"the severity {severity!r}; expected one of {', '.join(SEVERITIES)}")
        texts = {name: str(data[name]) for name in ("oracle", "key", "message", "agent")}
        return cls(severity=severity, decision=int(data["decision"]), **texts)
