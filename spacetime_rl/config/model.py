"""`RunConfig`: everything that defines a run, as one frozen value."""

from __future__ import annotations

import hashlib
from typing import Self

from pydantic import model_validator

from spacetime_rl.config.rules import ContradictionError, contradictions
from spacetime_rl.config.settings import RunSettings
from spacetime_rl.formats.plain_json import to_json


class RunConfig(RunSettings):
    """One run. The same value trains inline, on a local Ray or on a cluster."""

    @model_validator(mode="after")
    def _no_contradictions(self) -> Self:
        found = contradictions(self)
        if found:
            raise ContradictionError(found)
        return self

    def digest(self) -> str:
        """A short fingerprint: equal configurations have equal digests, on any machine."""
        text = to_json(self.to_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]
