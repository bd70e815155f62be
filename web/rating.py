"""The rating page of a tablet at a window: it asks when a service has ended, as a keypad does, and makes its events.

A tablet is known by the `code` of its `[[tablets]]`, which a technician types once as `/window/3/rate?code=…`; the
browser then keeps a cookie. JSON both ways:
    GET  /window/3/live   pushes `window` at each change, `beat` {} every 5 s:
        {"counter", "rate": the call whose customer may rate now | null, "language": "zh" | "en" (of that customer),
         "clerk": "0731" | null, "photo": address | null, "here", "asks_s", "grades": [{"grade", "name", "bad"}],
         "reasons": [{"id", "name"}], "words": {"zh": {…}, "en": {…}}}; names are {"zh", "en"}
    POST /window/3/rate   {"id": a UUID, "call", "rating": grade | null (nobody pressed), "after_ms", "late"}
    POST /window/3/why    {"id": a UUID, "call", "reasons": [id, …]}
        200 {"done": true} · 4xx, 5xx {"done": false, "reason", "text"}, as in `console.py`
"""

import asyncio
import contextlib
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from broker.config import Tablet
from broker.contract.messages import AnyAnswer, AnyCommand, ExplainRating, Language, Rate, Refused
from broker.contract.texts import texts
from broker.link import Unanswered

from . import live
from .answering import Denied, asked, language_of, said
from .hearing import Hearing
from .sessions import is_same
from .signing_in import own_page

STATIC: Final = Path(__file__).with_name("static")
A_YEAR_S: Final = 366 * 86_400
NO_TABLET: Final = (
    "这台平板还没有登记。请技术人员用 ?code=… 打开一次。\n"
    "This tablet is not known. Open this address once with ?code=… as web.toml's [[tablets]] gives it.\n"
)
Answering = Callable[[Request], Awaitable[Response]]


class RatingPages:
    """The tablets' addresses. `ask` sends a command and returns the answer, or raises Unanswered."""

    def __init__(
        self,
        *,
        hearing: Hearing,
        tablets: tuple[Tablet, ...],
        ask: Callable[[AnyCommand], Awaitable[AnyAnswer]],
        secure: bool,
    ) -> None:
        self._hearing, self._ask, self._secure = hearing, ask, secure
        self._tablets: Mapping[int, Tablet] = {each.counter: each for each in tablets}

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/window/{counter:int}/rate", self._page),
            Route("/window/{counter:int}/live", self._answered(self._live)),
            Route("/window/{counter:int}/photo", self._answered(self._photo)),
            Route("/window/{counter:int}/rate", self._answered(self._rate), methods=["POST"]),
            Route("/window/{counter:int}/why", self._answered(self._why), methods=["POST"]),
        ]

    def _answered(self, answer: Answering) -> Answering:
        async def answered(request: Request) -> Response:
            try:
                return await answer(request)
            except Denied as denied:
                return denied.answer(language_of(getattr(request.state, "lang", None), Language.ZH))

        return answered

    # Which tablet -----------------------------------------------------------------------------------------------------

    async def _page(self, request: Request) -> Response:
        """Show the page to a tablet that is known, and make one known that comes with its window's code."""
        counter, code = request.path_params["counter"], request.query_params.get("code")
        tablet = self._tablets.get(counter)
        if tablet is not None and code is not None and is_same(code, tablet.code):
            response = RedirectResponse(f"/window/{counter}/rate", 303)
            response.set_cookie(
                _cookie(counter),
                _proof(tablet),
                max_age=A_YEAR_S,
                path=f"/window/{counter}",
                secure=self._secure,
                httponly=True,
                samesite="strict",
            )
            return response
        if tablet is None or not self._is_known(request, tablet):
            return PlainTextResponse(NO_TABLET, 403)
        return FileResponse(STATIC / "rate.html", headers={"cache-control": "no-cache"})

    def _tablet(self, request: Request) -> Tablet:
        """Return the tablet that asks. Raises Denied."""
        tablet = self._tablets.get(request.path_params["counter"])
        if tablet is None or not self._is_known(request, tablet):
            raise Denied(401, "signed_out")
        return tablet

    def _is_known(self, request: Request, tablet: Tablet) -> bool:
        return is_same(request.cookies.get(_cookie(tablet.counter), ""), _proof(tablet))

    # What it says -----------------------------------------------------------------------------------------------------

    async def _rate(self, request: Request) -> Response:
        tablet, words = await self._words(request)
        return await self._sent(Rate, tablet, words, ("call", "rating", "after_ms", "late"))

    async def _why(self, request: Request) -> Response:
        tablet, words = await self._words(request)
        return await self._sent(ExplainRating, tablet, words, ("call", "reasons"))

    async def _words(self, request: Request) -> tuple[Tablet, dict[str, Any]]:
        own_page(request)
        return self._tablet(request), await asked(request)

    async def _sent(
        self, kind: type[Rate] | type[ExplainRating], tablet: Tablet, words: dict[str, Any], named: tuple[str, ...]
    ) -> Response:
        fields = {key: words[key] for key in named if key in words}
        try:
            drawn = UUID(str(words.get("id")))
            command = msgspec.convert({**fields, "id": f"tablet-{drawn}", "counter": tablet.counter}, kind)
        except (msgspec.ValidationError, ValueError) as error:
            raise Denied(400, "not_understood", {"problem": str(error)}) from error
        if not self._hearing.here:
            raise Denied(503, "away")
        try:
            async with asyncio.timeout(live.BEAT_S):
                answer = await self._ask(command)
        except (Unanswered, TimeoutError) as error:
            raise Denied(503, "unanswered") from error
        if isinstance(answer, Refused):
            raise Denied(409, answer.reason, answer.args)
        return said({"done": True})

    # What it shows ----------------------------------------------------------------------------------------------------

    async def _live(self, request: Request) -> Response:
        return StreamingResponse(
            self._pushed(self._tablet(request)),
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )

    async def _pushed(self, tablet: Tablet) -> AsyncIterator[bytes]:
        yield b"retry: 1000\n\n"
        sent = b""
        while True:
            news, shown = self._hearing.news, msgspec.json.encode(self._window(tablet))
            if shown != sent:
                sent = shown
                yield live.event("window", shown)
            try:
                async with asyncio.timeout(live.BEAT_S):
                    await news.wait()
            except TimeoutError:
                yield live.event("beat", b"{}")

    def _window(self, tablet: Tablet) -> dict[str, object]:
        view, hall = self._hearing.counters.get(tablet.counter), self._hearing.hall
        clerk = view.clerk if view is not None else None
        scale = hall.hall.rating if hall is not None else None
        return {
            "counter": tablet.counter,
            "rate": view.rate if view is not None else None,
            "language": view.language if view is not None else Language.ZH,
            "clerk": clerk,
            "photo": f"/window/{tablet.counter}/photo?of={clerk}" if _photo(tablet, clerk) is not None else None,
            "here": self._hearing.here,
            "asks_s": tablet.asks_s,
            "grades": scale.grades if scale is not None else (),
            "reasons": scale.reasons if scale is not None else (),
            "words": {each.value: texts(each)["rating_page"] for each in Language},
        }

    async def _photo(self, request: Request) -> Response:
        """Return the photo of the clerk who staffs the window now."""
        tablet = self._tablet(request)
        view = self._hearing.counters.get(tablet.counter)
        path = _photo(tablet, view.clerk if view is not None else None)
        if path is None:
            raise Denied(404, "no_call", {"counter": tablet.counter})
        return FileResponse(path)


def _photo(tablet: Tablet, clerk: str | None) -> Path | None:
    """Return the file with a clerk's photo, if there is one. A clerk's number is no path: hall.toml sees to that."""
    path = Path(tablet.photos) / f"{clerk}.jpg" if tablet.photos and clerk is not None else None
    with contextlib.suppress(OSError):
        return path if path is not None and path.is_file() else None
    return None


def _cookie(counter: int) -> str:
    return f"hallcall-window-{counter}"


def _proof(tablet: Tablet) -> str:
    """Return what a tablet's cookie says; it does not tell the code."""
    return hmac.new(tablet.code.encode(), f"window {tablet.counter}".encode(), hashlib.sha256).hexdigest()
