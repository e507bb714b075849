"""Decisions for many connections at once: what arrives together is one forward pass for each policy."""

from __future__ import annotations

import asyncio
from collections import defaultdict

import numpy as np

from spacetime_rl.serving.players import Decided, Floats, Player


class Batcher:
    """Gathers the requests that one turn of the event loop has read, and decides for all of them in the next turn.

    Nobody waits for others: a lone request is decided at once.
    """

    def __init__(self) -> None:
        self._waiting: defaultdict[Player, list[tuple[Floats, Floats, asyncio.Future[Decided]]]] = defaultdict(list)
        self.forwards = 0
        self.rows = 0

    async def decide(self, player: Player, observations: Floats, state: Floats) -> Decided:
        """Decide for the agents of one request: observations [n, obs_dim], recurrent state [n, state_size]."""
        loop = asyncio.get_running_loop()
        decided: asyncio.Future[Decided] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._flush)
        self._waiting[player].append((observations, state, decided))
        return await decided

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, defaultdict(list)
        for player, requests in waiting.items():
            try:
                results = self._forward(player, [(seen, state) for seen, state, _ in requests])
            except Exception as error:  # a fault of the policy is each request's own error
                for _, _, decided in requests:
                    if not decided.done():
                        decided.set_exception(error)
                continue
            for (_, _, decided), result in zip(requests, results, strict=True):
                if not decided.done():  # its connection may be gone
                    decided.set_result(result)

    def _forward(self, player: Player, requests: list[tuple[Floats, Floats]]) -> list[Decided]:
        self.forwards += 1
        self.rows += sum(len(seen) for seen, _ in requests)
        if len(requests) == 1:
            return [player.decide(*requests[0])]
        together = player.decide(*(np.concatenate(parts) for parts in zip(*requests, strict=True)))
        ends = np.cumsum([len(seen) for seen, _ in requests])[:-1]
        actions, state = np.split(together.actions, ends), np.split(together.state, ends)
        logps = [None] * len(requests) if together.logps is None else np.split(together.logps, ends)
        return [Decided(*parts) for parts in zip(actions, logps, state, strict=True)]
