"""Serve policies until the user ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from spacetime_rl.serving.access import Access
from spacetime_rl.serving.find import Served
from spacetime_rl.serving.follow import follow_files
from spacetime_rl.serving.server import Server


async def serve_until_stopped(served: Served, access: Access, say: Callable[[str], object]) -> None:
    """Listen, tell the user where, and serve until the task is cancelled. Raises UsageError if it cannot listen.

    Policies whose files are written anew are read again.
    """
    server = Server(served, access)
    port = await server.start()
    say(f"serving {served.title} at {replace(access, port=port).url}; Ctrl-C ends it")
    if access.made_token:
        say(f"token: {access.token}")
    try:
        await follow_files(served.players, say)
        await asyncio.Event().wait()  # where there are no files
    finally:
        await server.stop()
