"""What a browser may ask for. Nothing here decides anything about the hall."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .node import WebNode

STATIC: Final = Path(__file__).with_name("static")
MOST_LISTENERS: Final = 200  # pages that are told of changes at one time
ZONE: Final = re.compile(r"^[a-z0-9][a-z0-9_-]{0,31}$")
HEADERS: Final = [
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'self'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]


class Careful:
    """Every answer tells the browser to load nothing from elsewhere."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS]
            await send(message)

        await self._app(scope, receive, sent)


class Site:
    """The pages of one hall."""

    def __init__(self, node: WebNode) -> None:
        self._node = node
        self._listeners = 0

    def app(self) -> ASGIApp:
        return Careful(
            Starlette(
                routes=[
                    Route("/", self._front),
                    Route("/board/{zone}", self._board),
                    Route("/board/{zone}/live", self._live),
                    Mount("/static", StaticFiles(directory=STATIC)),
                ],
                exception_handlers={404: _not_found},
            )
        )

    async def _front(self, _: Request) -> Response:
        """Send a browser to the board of the first zone; the address bar then shows what others are called."""
        hall = self._node.hall
        if hall is None:
            return PlainTextResponse("营业厅尚未就绪，请稍候刷新。\nThe hall is not there yet; try again soon.\n", 503)
        return RedirectResponse(f"/board/{hall.hall.zones[0].id}")

    async def _board(self, request: Request) -> Response:
        if not self._has_zone(request.path_params["zone"]):
            return await _not_found(request, Exception())
        return FileResponse(STATIC / "board.html", headers={"cache-control": "no-cache"})

    async def _live(self, request: Request) -> Response:
        """Push a zone's picture as server-sent events."""
        zone = request.path_params["zone"]
        if not self._has_zone(zone):
            return await _not_found(request, Exception())
        if self._listeners >= MOST_LISTENERS:
            return PlainTextResponse("too many boards are open at once; close some\n", 503, {"retry-after": "10"})
        return StreamingResponse(
            self._told(self._node.pictures(zone)),
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )

    async def _told(self, pictures: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        self._listeners += 1
        try:
            yield b"retry: 2000\n\n"
            async for picture in pictures:
                yield b"data: " + picture + b"\n\n"
        finally:
            self._listeners -= 1

    def _has_zone(self, zone: str) -> bool:
        """Return whether there may be such a zone; while the hall is not known, any may."""
        hall = self._node.hall
        return bool(ZONE.match(zone)) and (hall is None or any(each.id == zone for each in hall.hall.zones))


async def _not_found(request: Request, _: Exception) -> Response:
    return PlainTextResponse(f"{request.url.path}: 没有这个页面 · no such page\n", 404)
