"""The fixed opponents of a league, read from files before the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from spacetime_rl.config.league import BASELINE, ONNX, LeagueConfig
from spacetime_rl.contract import PolicyPlan
from spacetime_rl.errors import ContractError, ExportError, UsageError
from spacetime_rl.export.schema import read_schema
from spacetime_rl.league.player import Player
from spacetime_rl.rollout.opponents import OnnxFile, Opponent
from spacetime_rl.runs.layout import onnx_file, schema_file
from spacetime_rl.runs.shipped import read_baseline


def find_fixed(league: LeagueConfig, policies: Sequence[PolicyPlan]) -> tuple[Opponent, ...]:
    """The fixed opponents for each policy that they can play. Raises ContractError that lists every mistake."""
    found, problems = [], []
    for name in league.fixed:
        try:
            own = list(_players(name, policies))
            if not own:
                names = ", ".join(policy.name for policy in policies)
                raise UsageError(f"plays none of this game's policies, {names}")
            found += own
        except (UsageError, ExportError, OSError) as error:
            problems.append(f"league.fixed.{name}: {error}")
    if problems:
        raise ContractError(problems)
    return tuple(found)


def _players(name: str, policies: Sequence[PolicyPlan]) -> Iterator[Opponent]:
    folder = None
    if name.startswith(ONNX):
        folder = Path(name.removeprefix(ONNX))
        if not folder.is_dir():
            raise UsageError(f"{folder.absolute()} is no folder of exported policies")
    elif name.startswith(BASELINE):
        folder = read_baseline(name.removeprefix(BASELINE)).folder
    for policy in policies:
        player = Player.fixed(name, policy.name)
        if folder is None:
            yield Opponent(player.id, policy.name, player.kind)
        elif schema_file(folder, policy.name).is_file():
            schema = read_schema(schema_file(folder, policy.name))
            if schema.layout != policy.layout:
                raise UsageError(f"{policy.name}: its observations or actions differ from the game's")
            content = onnx_file(folder, policy.name).read_bytes()
            yield Opponent(player.id, policy.name, player.kind, OnnxFile(content, schema.to_dict()))
