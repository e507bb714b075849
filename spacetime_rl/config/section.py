"""The base of every part of the configuration: frozen, no unknown keys, no NaN."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A frozen mapping with known keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
