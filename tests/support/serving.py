"""A server of policies in a thread of its own, and a client that speaks to it as a game would."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import aiohttp
import numpy as np

from spacetime_rl.serving.access import Access
from spacetime_rl.serving.find import Served
from spacetime_rl.serving.guest import Learner
from spacetime_rl.serving.messages import read_message, write_message
from spacetime_rl.serving.server import Server

WAIT_S = 30.0
LOOPBACK = Access("127.0.0.1", 0)


@contextmanager
def serving(
    served: Served, access: Access = LOOPBACK, learner: Learner | None = None, **limits: int
) -> Iterator[Access]:
    """Serve while the block runs; yields the access with the port that the system chose."""
    loop = asyncio.new_event_loop()
    server = Server(served, access, learner, **limits)
    thread = threading.Thread(target=loop.run_forever, name="server", daemon=True)
    thread.start()

    def run(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(WAIT_S)

    try:
        yield replace(access, port=run(server.start()))
    finally:
        run(server.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(WAIT_S)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that signed itself, and its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*make, "-keyout", key, "-out", cert, *names], check=True, capture_output=True)
    return cert, key


def random_served() -> Served:
    """Random actions, of whatever games declare."""
    return Served("random actions", {}, np.random.default_rng(0), is_random=True)


class Client:
    """A game's side of the contract, written from docs/websocket.md alone: use it in `async with`."""

    def __init__(self, access: Access, **headers: str) -> None:
        self._access = access
        self._headers = {key.replace("_", "-"): value for key, value in headers.items()}
        self._ids = 0

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        try:
            self.socket = await self._session.ws_connect(self._access.url, headers=self._headers, max_msg_size=0)
        except BaseException:
            await self._session.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()
        await self._session.close()

    async def ask(self, kind: str, *, binary: bool = False, **body: Any) -> dict[str, Any]:
        """Send a message and wait for its answer."""
        self._ids += 1
        await self.send(write_message({"type": kind, "id": self._ids, **body}, binary))
        answer = await self.receive()
        assert answer["id"] == self._ids
        return answer

    async def send(self, frame: str | bytes) -> None:
        """Send a frame as it is."""
        await (self.socket.send_str(frame) if isinstance(frame, str) else self.socket.send_bytes(frame))

    async def receive(self) -> dict[str, Any]:
        """The next message of the server."""
        message = await self.socket.receive(WAIT_S)
        assert message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY), message
        return dict(read_message(message.data).body)
