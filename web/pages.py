"""What a browser may ask for. Nothing here decides anything about the hall."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .node import WebNode

STATIC: Final = Path(__file__).with_name("static")
MOST_LISTENERS: Final = 200  # pages that are told of changes at one time
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

    def __init__(self, node: WebNode, *, further: Sequence[BaseRoute] = ()) -> None:
        self._node = node
        self._further = further
        self._listeners = 0

    def app(self) -> ASGIApp:
        return Careful(
            Starlette(
                routes=[
                    Route("/", self._front),
                    Route("/board/{board}", self._board),
                    Route("/board/{board}/live", self._live),
                    Route("/board/{board}/media/{name}", self._media),
                    *self._further,
                    Mount("/static", StaticFiles(directory=STATIC)),
                ],
                exception_handlers={404: _not_found},
            )
        )

    async def _front(self, _: Request) -> Response:
        """Send a browser to the first board; the address bar then shows what the others are called."""
        for board in self._node.boards:
            return RedirectResponse(f"/board/{board}")
        return PlainTextResponse("没有配置大屏 · no boards in this node's file: add [[boards]]\n", 404)

    async def _board(self, request: Request) -> Response:
        if request.path_params["board"] not in self._node.boards:
            return _no_page(request)
        return FileResponse(STATIC / "board.html", headers={"cache-control": "no-cache"})

    async def _live(self, request: Request) -> Response:
        """Push a board's layout, then each sight, as server-sent events."""
        board = request.path_params["board"]
        if board not in self._node.boards:
            return _no_page(request)
        if self._listeners >= MOST_LISTENERS:
            return PlainTextResponse("too many boards are open at once; close some\n", 503, {"retry-after": "10"})
        return StreamingResponse(
            self._told(board),
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )

    async def _told(self, board: str) -> AsyncIterator[bytes]:
        self._listeners += 1
        try:
            yield b"retry: 2000\nevent: layout\ndata: " + self._node.boards[board].layout() + b"\n\n"
            async for sight in self._node.sights(board):
                yield b"data: " + sight + b"\n\n"
        finally:
            self._listeners -= 1

    async def _media(self, request: Request) -> Response:
        """Return a picture or film that lies in the board's folder now, and no other file."""
        board, name = request.path_params["board"], request.path_params["name"]
        slides = await self._node.slides(board) if board in self._node.boards else ()
        path = next((each for each in slides if Path(each).name == name), None)
        return FileResponse(path) if path is not None else _no_page(request)


async def _not_found(request: Request, _: Exception) -> Response:
    return _no_page(request)


def _no_page(request: Request) -> Response:
    return PlainTextResponse(f"{request.url.path}: 没有这个页面 · no such page\n", 404)
