"""The server: WebSocket connections of games, and the same questions over HTTP."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from spacetime_rl import __version__
from spacetime_rl.formats.message_json import message_from_json
from spacetime_rl.serving.access import Access, cannot_listen
from spacetime_rl.serving.batcher import Batcher
from spacetime_rl.serving.find import Served
from spacetime_rl.serving.guest import Guest, Learner, describe_player
from spacetime_rl.serving.messages import MOST_BYTES
from spacetime_rl.serving.page import make_page

logger = logging.getLogger(__name__)

MOST_GAMES = 256  # connections at a time
SEND_S = 10.0  # a game that does not read for as long is disconnected
HEARTBEAT_S = 30.0  # between pings, which find connections that are gone
_CLOSE_S = 1.0


class Server:
    """Serves policies at one address until `stop`."""

    def __init__(
        self, served: Served, access: Access, learner: Learner | None = None, *, most_games: int = MOST_GAMES
    ) -> None:
        self._served = served
        self._access = access
        self._learner = learner
        self._most_games = most_games
        self._batcher = Batcher()
        self._guests: dict[web.WebSocketResponse, Guest] = {}
        self._numbers = itertools.count(1)
        self._runner: web.AppRunner | None = None

    @property
    def games(self) -> int:
        """Games that are connected."""
        return len(self._guests)

    async def start(self) -> int:
        """Listen; returns the port. Raises UsageError where that is not possible."""
        app = web.Application(middlewares=[self._check_access], client_max_size=MOST_BYTES)
        app.add_routes(
            [
                web.get("/", self._root),
                web.get("/health", self._health),
                web.get("/policies", self._policies),
                web.post("/act", self._post),
                web.post("/act_batch", self._post),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_CLOSE_S)
        await self._runner.setup()
        access = self._access
        site = web.TCPSite(self._runner, access.host, access.port, ssl_context=access.tls, backlog=MOST_GAMES)
        try:
            await site.start()
        except (OSError, UnicodeError) as error:
            await self._runner.cleanup()
            raise cannot_listen(access, error) from error
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Say goodbye to every game, and listen no more."""
        await asyncio.gather(
            *(one.close(code=WSCloseCode.GOING_AWAY, message=b"the server stops") for one in list(self._guests)),
            return_exceptions=True,
        )
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _check_access(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        refused = self._access.refuses(request.headers)
        if refused is not None:
            status, why = refused
            headers = {"WWW-Authenticate": "Bearer"} if status == web.HTTPUnauthorized.status_code else {}
            return web.Response(status=status, text=f"{why}\n", headers=headers)
        return await handler(request)

    async def _root(self, request: web.Request) -> web.StreamResponse:
        """The WebSocket, or a page for a visitor who is none."""
        connection = web.WebSocketResponse(
            max_msg_size=MOST_BYTES, heartbeat=HEARTBEAT_S, timeout=_CLOSE_S, compress=False
        )
        if not connection.can_prepare(request):
            if "Upgrade" in request.headers:
                return web.Response(
                    status=426,
                    headers={"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"},
                    text="This is not the handshake of a WebSocket: expected the headers `Connection: Upgrade`, "
                    "`Upgrade: websocket`, `Sec-WebSocket-Version: 13` and `Sec-WebSocket-Key`.\n",
                )
            return self._page()
        if len(self._guests) >= self._most_games:
            return web.Response(status=503, text=f"{self._most_games} games are connected, which is the most\n")
        await connection.prepare(request)
        return await self._talk(connection, request)

    async def _talk(self, connection: web.WebSocketResponse, request: web.Request) -> web.WebSocketResponse:
        guest = Guest(f"game-{next(self._numbers)}", self._served, self._batcher, self._learner)
        self._guests[connection] = guest
        try:
            async for message in connection:
                if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    break
                answer = await guest.answer(message.data)
                sending = connection.send_str(answer) if isinstance(answer, str) else connection.send_bytes(answer)
                async with asyncio.timeout(SEND_S):  # `wait_for` would make a task for each answer
                    await sending
        except TimeoutError:
            logger.info("%s: does not read", guest.name)
            if request.transport is not None:
                request.transport.abort()  # a close would wait until everything is sent
        except (ConnectionError, RuntimeError) as error:
            logger.info("%s: is gone: %s", guest.name, error)
        finally:
            del self._guests[connection]
            guest.leave()
        return connection

    def _page(self) -> web.Response:
        games = [guest.game for guest in self._guests.values()]
        page = make_page(self._access.url, self._served.title, self._described(), games)
        return web.Response(text=page, content_type="text/html")

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "status": "ok",
                "server": f"spacetime_rl {__version__}",
                "games": self.games,
                "learns": self._served.learns,
            }
        )

    async def _policies(self, _: web.Request) -> web.Response:
        return web.json_response({"serves": self._served.title, "policies": self._described()})

    async def _post(self, request: web.Request) -> web.Response:
        """One question over HTTP: the body is the message, without its `type`."""
        try:
            text = (await request.read()).decode()
        except UnicodeDecodeError:
            return web.json_response({"type": "error", "code": "not_json", "message": "not UTF-8"}, status=400)
        guest = Guest("http", self._served, self._batcher, lasting=False)
        answer = await guest.answer(text, request.path.removeprefix("/"))
        status = 400 if message_from_json(str(answer))["type"] == "error" else 200
        return web.Response(body=str(answer).encode(), content_type="application/json", status=status)

    def _described(self) -> dict[str, Any]:
        return {name: describe_player(player) for name, player in self._served.players.items()}
