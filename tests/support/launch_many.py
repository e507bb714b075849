"""Run as a program: launch real games one after another in several threads, and check that each is the one meant.

Arguments: number of this process, launches, threads, first and last port. Prints one JSON line.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.project import OWN_PROJECT


def launch(number: int, ports: tuple[int, int]) -> float:
    """Launch one game that no other launch is like; seconds until its first observation."""
    room_m = 3.0 + number / 256
    began = time.monotonic()
    with open_game(
        GameLaunch(
            project=OWN_PROJECT,
            scene="res://tests/fixtures/touch/touch.tscn",
            params={"room_m": room_m},
            port_range=ports,
        )
    ) as game:
        if game.spec.params["room_m"] != room_m:
            raise RuntimeError(f"launch {number} got the game of a room of {game.spec.params['room_m']} m")
        game.reset(seed=number)
        return time.monotonic() - began


def main(process: int, launches: int, threads: int, *ports: int) -> None:
    """Launch, and print the sorted seconds to each first observation."""
    numbers = range(process * launches, (process + 1) * launches)
    with ThreadPoolExecutor(threads) as pool:
        seconds = list(pool.map(lambda number: launch(number, (ports[0], ports[1])), numbers))
    print(json.dumps(sorted(seconds)))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
