"""The door of a run whose game is started by a person, for as long as the run lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from spacetime_rl.config import RunConfig
from spacetime_rl.console.progress import Progress
from spacetime_rl.game.attach import open_door
from spacetime_rl.game.attach_door import Attach
from spacetime_rl.host import signals
from spacetime_rl.training.via_http import trained_via_http


@contextmanager
def wait_for_games(config: RunConfig, progress: Progress) -> Iterator[None]:
    """With `game.attach`, let games connect inside the block, and report in `progress` what is waited for.

    Raises LaunchError where the port is in use, and UsageError for an address that is not this machine's.
    """
    game = config.game
    if game.attach is None:
        yield
        return
    attach = Attach(game.attach, game.attach_address)
    with (
        open_door(attach, progress.mention, lambda: signals.received() is not None),
        trained_via_http(config, game.attach, progress),
    ):
        yield
