"""Find the policies that a user wants served: ONNX files, a run's, a baseline's, or random actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from spacetime_rl.errors import UsageError
from spacetime_rl.evaluation.policy import find_policies
from spacetime_rl.evaluation.sources import read_schemas
from spacetime_rl.export.schema import read_schema
from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.runs.layout import onnx_file, schema_file
from spacetime_rl.runs.shipped import PREFIX, baseline_names
from spacetime_rl.serving.players import OnnxPlayer, Player, RandomPlayer

RANDOM = "random"


@dataclass(frozen=True, slots=True)
class Declared:
    """What a game says of itself in its hello: its name, its policies' spaces, and the policies of its agents."""

    game: str
    layouts: Mapping[str, PolicyLayout]
    policy_of: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Served:
    """What is served: players by the policy's name, and in words. `is_random` plays whatever a game declares."""

    title: str
    players: Mapping[str, Player]
    rng: np.random.Generator = field(repr=False)
    is_random: bool = False
    learns: bool = False
    greeted: Callable[[Declared], None] | None = None  # called with what each game declares

    def make_random(self, declared: Mapping[str, PolicyLayout]) -> Mapping[str, Player]:
        """Random players for the layouts that a game declares."""
        return {name: RandomPlayer(layout, self.rng) for name, layout in declared.items()}


def find_served(source: str, results: Path, stochastic: bool, seed: int | None = None) -> Served:
    """The players that `source` names: `random`, an ONNX file, a folder of them, a run or `baseline:NAME`.

    Raises UsageError or ExportError.
    """
    rng = np.random.default_rng(seed)
    if source == RANDOM:
        return Served("random actions", {}, rng, is_random=True)
    if source.endswith(".onnx"):
        file = Path(source)
        if not file.is_file():
            raise UsageError(f"serve {source}: there is no such file")
        schema = read_schema(schema_file(file.parent, file.stem))
        return Served(source, {schema.policy: OnnxPlayer(file, schema, rng, stochastic)}, rng)
    folder = find_policies(_with_prefix(source, results), results)
    players = {
        name: OnnxPlayer(onnx_file(folder, name), schema, rng, stochastic)
        for name, schema in read_schemas(folder).items()
    }
    return Served(source, players, rng)


def _with_prefix(source: str, results: Path) -> str:
    """`baseline:NAME` for the bare name of a baseline that neither a run nor a folder has."""
    taken = Path(source).exists() or (results / source).exists()
    return PREFIX + source if source in baseline_names() and not taken else source
