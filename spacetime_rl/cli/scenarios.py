"""`spacetime-rl scenarios`: what there is to train on."""

from __future__ import annotations

from spacetime_rl.cli.common import JsonOption


def scenarios(json_output: JsonOption = False) -> None:
    """List the scenarios with their variants, policies and configurations."""
    raise NotImplementedError
