"""Who asks: sessions by their cookie, PINs that are tried slowly, and no word from a foreign page."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from broker.contract.messages import Language

from .answering import Denied, language_of
from .pins import BrokenPins, Pins, WebRole
from .session_file import SessionFile
from .sessions import Doorman, Session, Sessions, is_same, page_token

TOKEN_HEADER: Final = "x-hallcall-token"  # noqa: S105 - a header's name
AT_ONCE: Final = 2  # hashes at one time: each takes 19 MiB
WARN_S: Final = 120.0  # a page is told so long before a session ends, or for a tenth of a short one


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Somebody who is signed in, and the token of the cookie that says so."""

    token: str
    session: Session

    @property
    def language(self) -> Language:
        return language_of(self.session.language)


class Reception:
    """Lets clerks in and out. `now_s` gives seconds of the wall clock."""

    def __init__(
        self,
        *,
        pins: Pins,
        kept: SessionFile,
        now_s: Callable[[], float],
        secure: bool,
        changed: Callable[[], None],
    ) -> None:
        self._pins, self._kept, self._now_s, self._changed = pins, kept, now_s, changed
        self._secure = secure
        self._cookie = "__Host-hallcall" if secure else "hallcall"
        self._doorman = Doorman()
        self._hashing = asyncio.Semaphore(AT_ONCE)

    # Who asks ---------------------------------------------------------------------------------------------------------

    def visitor(self, request: Request) -> Visitor | None:
        """Return who is signed in in this browser."""
        return self._found(request.cookies.get(self._cookie, ""))

    def who(self, request: Request) -> Visitor:
        """Return who is signed in in this browser. Raises Denied."""
        visitor = self.visitor(request)
        if visitor is None:
            raise Denied(401, "signed_out")
        return visitor

    def who_acts(self, request: Request) -> Visitor:
        """Return who acts, on a page of ours that knows the session, and whose time begins anew. Raises Denied."""
        own_page(request)
        visitor = self.who(request)
        if not is_same(request.headers.get(TOKEN_HEADER, ""), page_token(visitor.token)):
            raise Denied(403, "wrong_token")
        self._keep(self._sessions.acted(visitor.token, self._now_s()))
        return self.again(visitor) or visitor

    def again(self, visitor: Visitor) -> Visitor | None:
        """Return how somebody's session stands by now; None: it is over."""
        return self._found(visitor.token)

    def _found(self, token: str) -> Visitor | None:
        """Return whose token this is, if the session goes on and the file of PINs still has such a clerk."""
        session = self._sessions.find(token, self._now_s())
        if session is None or self._pins.role(session.clerk) is not session.role:
            return None
        return Visitor(token=token, session=session)

    def left_s(self, visitor: Visitor) -> float:
        return self._sessions.left_s(visitor.session, self._now_s())

    def why_over(self, visitor: Visitor) -> str:
        return self._sessions.why_over(visitor.session, self._now_s()).value

    @property
    def warn_s(self) -> float:
        return min(WARN_S, self._sessions.idle_s / 10)

    def me(self, visitor: Visitor) -> dict[str, object]:
        """Return what a page may know of its session."""
        session = visitor.session
        return {
            "clerk": session.clerk,
            "role": session.role.value,
            "counter": session.counter,
            "token": page_token(visitor.token),
            "lang": session.language,
            "left_s": round(self.left_s(visitor)),
            "idle_s": round(self._sessions.idle_s),
            "warn_s": round(self.warn_s),
        }

    # Coming and going -------------------------------------------------------------------------------------------------

    async def check(self, request: Request, clerk: str, pin: str) -> WebRole:
        """Return the role of a clerk with the right PIN. Raises Denied."""
        own_page(request)
        address = request.client.host if request.client is not None else ""
        keys = (f"clerk {clerk}", f"from {address}")
        self._throttle(keys)
        self._doorman.tries(keys, self._now_s())
        async with self._hashing:
            try:
                role = await asyncio.to_thread(self._pins.check, clerk, pin)
            except BrokenPins as error:
                self._doorman.came_in(keys)
                raise Denied(503, "no_pins", {"problem": str(error)}) from error
        if role is None:
            self._throttle(keys)
            raise Denied(401, "wrong_pin")
        self._doorman.came_in(keys)
        return role

    def let_in(self, request: Request, response_of: Callable[[Visitor], Response], *, session: Session) -> Response:
        """Begin a session, in place of the one that this browser may have had; return its answer with the cookie."""
        old, token = request.cookies.get(self._cookie, ""), secrets.token_urlsafe(32)
        self._keep(self._sessions.ended(old).began(token, session))
        response = response_of(Visitor(token=token, session=session))
        response.set_cookie(self._cookie, token, path="/", secure=self._secure, httponly=True, samesite="strict")
        return response

    def moved(self, visitor: Visitor, counter: int | None) -> Visitor:
        self._keep(self._sessions.moved(visitor.token, counter))
        return self.again(visitor) or visitor

    def spoke(self, visitor: Visitor, language: Language) -> None:
        """Note in which language somebody works."""
        if visitor.session.language != language.value:
            self._keep(self._sessions.spoke(visitor.token, language.value))

    def let_out(self, visitor: Visitor, response: Response) -> Response:
        self._keep(self._sessions.ended(visitor.token))
        response.delete_cookie(self._cookie, path="/", secure=self._secure, httponly=True, samesite="strict")
        return response

    def session(self, clerk: str, role: WebRole, counter: int | None, language: Language) -> Session:
        now_s = self._now_s()
        return Session(clerk=clerk, role=role, counter=counter, language=language.value, began_s=now_s, acted_s=now_s)

    def _throttle(self, keys: tuple[str, ...]) -> None:
        wait_s = self._doorman.wait_s(keys, self._now_s())
        if wait_s:
            raise Denied(429, "throttled", {"seconds": round(wait_s + 0.5)})

    @property
    def _sessions(self) -> Sessions:
        return self._kept.sessions

    def _keep(self, sessions: Sessions) -> None:
        self._kept.keep(sessions)
        self._changed()


def own_page(request: Request) -> None:
    """Refuse a question that no page of ours has asked: browsers say in headers, which pages cannot set, who asks."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site != "same-origin":
        raise Denied(403, "foreign_page")
    if origin is not None and origin.partition("://")[2] != request.headers.get("host"):
        raise Denied(403, "foreign_page")
    if site is None and origin is None:
        raise Denied(403, "foreign_page")
