"""Policies whose files are written anew while they are served."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from spacetime_rl.errors import ExportError
from spacetime_rl.serving.players import OnnxPlayer, Player

LOOK_S = 1.0


async def follow_files(players: Mapping[str, Player], say: Callable[[str], object]) -> None:
    """Look at the files again and again, and let games be decided for by what is in them, until it is cancelled.

    Connections stay. Files that cannot be used are told to the user, and the policy stays what it is.
    """
    exported = {name: player for name, player in players.items() if isinstance(player, OnnxPlayer)}
    while exported:
        await asyncio.sleep(LOOK_S)
        for name, player in exported.items():
            if not player.is_outdated():
                continue
            try:
                player.take(await asyncio.to_thread(player.read_again))
            except ExportError as error:
                say(f"{name}: stays as it is: {error}")
            else:
                say(f"{name}: {player.file} was written anew, and decides from now on (version {player.version})")
