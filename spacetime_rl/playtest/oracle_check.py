"""The conformance check of an oracle in GDScript, for the tests of those who write one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from spacetime_rl.config import RunConfig
from spacetime_rl.contract import make_launch
from spacetime_rl.episodes.build import describe_build
from spacetime_rl.episodes.replay import compare
from spacetime_rl.evaluation.sources import RandomSource
from spacetime_rl.playtest.play import Seat, Setting
from spacetime_rl.playtest.sighting import Sighting

MOST_DECISIONS = 2_000


def check_game_oracle(script: str | Path, config: RunConfig, episodes: int = 3) -> list[Sighting]:
    """What an oracle in GDScript reports of random episodes of a game, for its tests.

    Raises AssertionError if it is not what a playtest needs: it does not fail, it reports the same each time that an
    episode is played, and it changes nothing in the game. Raises GameError if the game does not start.
    """
    launch = make_launch(config)
    found: list[Sighting] = []
    own = replace(launch, oracle_scripts=(Path(script).absolute(),))
    watched, bare = (Setting(one, config, describe_build(launch), config.seed, MOST_DECISIONS) for one in (own, launch))
    with Seat(watched, name="watched") as seat, Seat(bare, name="bare") as plain:
        for number in range(episodes):
            played = seat.play(number, RandomSource())
            assert played.fault is None, f"the game failed: {played.fault}"
            without = compare(played.episode, plain.replay(played.episode).episode.trace)
            assert without is None, f"the oracle changes the game, {without}: it may only look"
            again = seat.replay(played.episode).episode.trace
            first = played.episode.trace.sightings
            assert again.sightings == first, f"the same episode gave {first} and then {again.sightings}"
            for sighting in first:
                assert sighting.oracle.isidentifier(), f"{sighting.oracle!r}: expected letters, digits and _"
            found += first
    return found
