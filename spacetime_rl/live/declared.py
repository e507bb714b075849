"""A game that Python does not start: the first one that connects says what its agents see and do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np

from spacetime_rl.config import RunConfig
from spacetime_rl.game.spec import ALWAYS_MEASURED, AgentGroup, GameSpec
from spacetime_rl.serving.access import Access
from spacetime_rl.serving.find import Declared, Served
from spacetime_rl.serving.server import Server

_HZ = 60  # Godot's own, for a game that does not say
_METRICS = (*ALWAYS_MEASURED, "success")


def await_declaration(access: Access) -> Declared:
    """Serve random actions until a game has said hello with its policies, and close.

    The game connects again when the run's own server is there. Raises UsageError if nobody can listen at the address.
    """
    return asyncio.run(_await(access))


async def _await(access: Access) -> Declared:
    found: asyncio.Future[Declared] = asyncio.get_running_loop().create_future()

    def greet(declared: Declared) -> None:
        if declared.layouts and not found.done():
            found.set_result(declared)

    served = Served("random actions, until the run begins", {}, np.random.default_rng(), is_random=True, greeted=greet)
    server = Server(served, access)
    await server.start()
    try:
        return await found
    finally:
        await server.stop()


def make_spec(declared: Declared, config: RunConfig) -> GameSpec:
    """The spec of a game as its hello declares it; the time between decisions is the configuration's."""
    names = {
        policy: tuple(agent for agent, own in declared.policy_of.items() if own == policy)
        for policy in declared.layouts
    }
    groups = tuple(
        AgentGroup(policy, names[policy] or (f"{policy}_0",), layout, _METRICS)
        for policy, layout in declared.layouts.items()
    )
    hz = config.game.physics_hz
    return GameSpec(
        declared.game or config.name, 1, _HZ if hz == "auto" else hz, config.game.action_repeat or 1, groups
    )


@dataclass(frozen=True, slots=True)
class DeclaredGame:
    """In place of a game that is started once to read its spec."""

    spec: GameSpec

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to close."""
