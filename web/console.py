"""The clerk's console: what the page asks, and what it is told. JSON both ways; every time is ISO 8601 with its offset.

A page that may be shown to anybody: `GET /console`, `/console/bar`, `/console/theme.css` (`--brand`, `--deep`),
`/console/texts` (`{"zh": {"console": {…}, …}, "en": …}`: tables console, refusal, console_refusal), `/console/start`:
    {"hall": {"zh", "en"}, "counters": [1, 2], "here": true, "signed_in": false}

Who signs in. Each POST needs `Content-Type: application/json` and an Origin of our own; each after `sign-in` also the
header `X-Hallcall-Token`, the `token` of the answer to `sign-in` or `GET /console/me`. The session is in a cookie.
    POST /console/sign-in   {"clerk", "pin", "counter": 3 | null, "take_over": false, "lang"}   → me
    GET  /console/me        → me, or 401
    POST /console/move      {"counter": 4, "take_over": false}   → me: a clerk staffs that counter then
    POST /console/stay      {}   → me: the session goes on
    POST /console/sign-out  {}   → {"done": true}: the counter is not staffed any more
    me = {"clerk", "role": "clerk" | "supervisor", "counter": 3 | null, "token", "lang", "left_s", "idle_s", "warn_s"}

Acts. `id` is drawn by the page for each press (a UUID) and kept when it asks again; `age_ms` counts since the press.
    POST /console/act   {"type": "CallNext", "id", "counter"?, "seen": call | null, "view_seq"?, "age_ms"?, "lang", …}
`type` and its further fields are those of the commands in docs/messages.md: CallNext, Recall, StartService,
FinishService(outcome?, reason?, due?), MarkNoShow, CallTicket(ticket), HoldVisit(hold), ResumeVisit(ticket),
TransferVisit(service?, to_counter?, to_clerk?, position?), NotEntitled, ServeWithoutTicket(service),
PauseCounter(reason), OpenCounter, CloseCounter, ArmCounter(armed), Undo, StateOutcome(visit, outcome, reason?, due?);
a supervisor's also Reclassify(ticket, priority_class), MarkServedByHand(up_to), StartEvacuation, EndEvacuation,
ConfirmDate(day), ApproveSpare(code, box).
`seen` is `counter.call`, `view_seq` is `counter.seq`, of the view on which the press was made. Answers:
    200 {"done": true, "answer": {"type": "Done" | "Called", …}}
    4xx, 5xx {"done": false, "reason", "text", "args": {…}, "meanwhile": [{"at", "text"}]}
with `text` in the page's `lang`. 400 what is not understood · 401 signed_out, wrong_pin · 403 wrong_token,
foreign_page, not_allowed · 409 what the hall refused (its `reason`: stale, nobody_waits …), counter_taken ({"clerk"}:
ask, then `take_over`), not_your_counter (another clerk staffs it now) · 429 throttled ({"seconds"}) · 503 away,
unanswered.

    POST /console/note  {"text": "…", "seen": call}   → {"done": true}: replaces this clerk's note on the current visit

`GET /console/live` pushes server-sent events, each whole, at once and at each change:
    me       as above
    hall     {"name", "services": [{"id", "name", "minutes", "documents", "closing"}], "classes": [{"id", "name"}],
             "needs", "zones", "counters": [{"number", "zone", "skills"}], "clerks": [{"id"}],
             "pause_reasons": [{"id", "name"}], "decline_reasons": [{"id", "name"}], "outcome_mandatory", "calls",
             "call_by_number", "return_days", "day", "evacuation"}; names are {"zh", "en"}
    counter  CounterView of docs/messages.md: state, call, ticket, times, card, held_visits, owed_visits, undoable, …
    queues   {"queues": [{"service", "waiting", "wait_low_min", "wait_high_min", "mine": true}]}
    notes    {"visit": id | null, "notes": [{"at", "counter", "clerk", "text"}]}
    spares   {"waiting": ["serial number"], "boxes": {"kiosk-2": true}, "refused": ""}: to supervisors; machines that
             wait for a place, the boxes and whether each is up, why the last approval came to nothing
    clock    {"wrong": ""}: to supervisors; why no new day begins, until one confirms the date
    here     {"here": true, "since"}: whether the dispatcher is within reach
    beat     {"now", "left_s"}: every 5 s; a page that hears none for 12 s is cut off
    ending   {"left_s"}: the session ends soon (once, `warn_s` before); POST stay
    ended    {"reason": "idle" | "longest" | "signed_out"}: then the stream closes
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from broker.contract.messages import AnyAnswer, AnyCommand, Language
from broker.contract.texts import texts
from broker.theme import Theme

from . import live
from .acting import Acting
from .answering import Denied, asked, language_of, said
from .hearing import Hearing
from .notes import LONGEST, Note, Notes
from .pins import WebRole
from .signing_in import Reception, Visitor

STATIC: Final = Path(__file__).with_name("static")
TABLES: Final = ("console", "refusal", "console_refusal")
MOST_LISTENERS: Final = 200
LONGEST_CLERK: Final = 32

Answering = Callable[[Request], Awaitable[Response]]


class Console:
    """The console's addresses. `now` gives an aware time, `new_id` ids of commands of our own."""

    def __init__(
        self,
        *,
        hearing: Hearing,
        ask: Callable[[AnyCommand], Awaitable[AnyAnswer]],
        new_id: Callable[[], str],
        reception: Reception,
        notes: Notes,
        now: Callable[[], datetime],
        theme: Theme,
    ) -> None:
        self._hearing, self._reception, self._notes, self._now = hearing, reception, notes, now
        self._new_id, self._theme = new_id, theme
        self._acting = Acting(hearing=hearing, ask=ask)
        self._listeners = 0
        self._day: str | None = None

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/console", _page("console.html")),
            Route("/console/bar", _page("console.html")),
            Route("/console/theme.css", self._colours),
            Route("/console/texts", _texts),
            Route("/console/start", self._start),
            Route("/console/me", self._answered(self._me)),
            Route("/console/live", self._answered(self._live)),
            Route("/console/sign-in", self._answered(self._sign_in), methods=["POST"]),
            Route("/console/move", self._answered(self._move), methods=["POST"]),
            Route("/console/stay", self._answered(self._stay), methods=["POST"]),
            Route("/console/sign-out", self._answered(self._sign_out), methods=["POST"]),
            Route("/console/act", self._answered(self._act), methods=["POST"]),
            Route("/console/note", self._answered(self._note), methods=["POST"]),
        ]

    def _answered(self, answer: Answering) -> Answering:
        """Put a refusal into words of the language in which the page, or else its session, speaks."""

        async def answered(request: Request) -> Response:
            try:
                return await answer(request)
            except Denied as denied:
                visitor = self._reception.visitor(request)
                otherwise = visitor.language if visitor is not None else Language.ZH
                return denied.answer(language_of(getattr(request.state, "lang", None), otherwise))

        return answered

    # Who is there -----------------------------------------------------------------------------------------------------

    async def _start(self, request: Request) -> Response:
        hall = self._hearing.hall
        return said(
            {
                "hall": hall.hall.name if hall is not None else None,
                "counters": [each.number for each in hall.hall.counters] if hall is not None else [],
                "here": self._hearing.here,
                "signed_in": self._reception.visitor(request) is not None,
            }
        )

    async def _colours(self, _: Request) -> Response:
        colours = f":root {{ --brand: {self._theme.brand}; --deep: {self._theme.dark} }}\n"
        return PlainTextResponse(colours, headers={"cache-control": "no-cache"}, media_type="text/css")

    async def _me(self, request: Request) -> Response:
        return said(self._reception.me(self._reception.who(request)))

    async def _sign_in(self, request: Request) -> Response:
        words = await asked(request)
        clerk, pin = words.get("clerk"), words.get("pin")
        if not isinstance(clerk, str) or not isinstance(pin, str) or len(clerk) > LONGEST_CLERK:
            raise Denied(400, "not_understood", {"problem": "clerk, pin"})
        role = await self._reception.check(request, clerk, pin)
        counter = self._free(words.get("counter"), clerk, role, take_over=words.get("take_over") is True)
        if role is WebRole.CLERK and counter is not None:
            await self._acting.staff(counter, clerk, by=clerk, new_id=self._new_id)
        language = language_of(words.get("lang"))
        session = self._reception.session(clerk, role, counter, language)
        return self._reception.let_in(request, self._told_me, session=session)

    async def _move(self, request: Request) -> Response:
        visitor, words = self._reception.who_acts(request), await asked(request)
        session, take_over = visitor.session, words.get("take_over") is True
        counter = self._free(words.get("counter"), session.clerk, session.role, take_over=take_over)
        if session.role is WebRole.CLERK and counter is not None:
            await self._acting.staff(counter, session.clerk, by=session.clerk, new_id=self._new_id)
        return self._told_me(self._reception.moved(visitor, counter))

    def _free(self, counter: object, clerk: str, role: WebRole, *, take_over: bool) -> int | None:
        """Return the counter that is asked for, unless there is none or somebody else staffs it. Raises Denied."""
        hall = self._hearing.hall
        if hall is None or not self._hearing.here:
            raise Denied(503, "away")
        if counter is None and role is WebRole.SUPERVISOR:
            return None
        if not isinstance(counter, int) or counter not in {each.number for each in hall.hall.counters}:
            raise Denied(400, "counter_missing")
        view = self._hearing.counters.get(counter)
        other = view.clerk if view is not None else None
        if role is WebRole.CLERK and other is not None and other != clerk and not take_over:
            raise Denied(409, "counter_taken", {"counter": counter, "clerk": other})
        return counter

    async def _stay(self, request: Request) -> Response:
        return self._told_me(self._reception.who_acts(request))

    async def _sign_out(self, request: Request) -> Response:
        """End the session in any case; the counter is left if the hall can be told, and if it still is this clerk's."""
        visitor = self._reception.who_acts(request)
        session = visitor.session
        view = self._hearing.counters.get(session.counter or 0)
        if view is not None and view.clerk == session.clerk:
            with contextlib.suppress(Denied):
                await self._acting.staff(view.counter, None, by=session.clerk, new_id=self._new_id)
        return self._reception.let_out(visitor, said({"done": True}))

    def _told_me(self, visitor: Visitor) -> Response:
        return said(self._reception.me(visitor))

    # Acts and notes ---------------------------------------------------------------------------------------------------

    async def _act(self, request: Request) -> Response:
        visitor, words = self._reception.who_acts(request), await asked(request)
        self._reception.spoke(visitor, language_of(words.get("lang"), visitor.language))
        return said({"done": True, "answer": await self._acting.act(visitor, words)})

    async def _note(self, request: Request) -> Response:
        visitor, words = self._reception.who_acts(request), await asked(request)
        text, session = words.get("text"), visitor.session
        view = self._hearing.counters.get(session.counter or 0)
        visit, day = live.visit_of(view), self._hearing.day
        if not isinstance(text, str) or len(text) > LONGEST:
            raise Denied(400, "note_too_long", {"most": LONGEST})
        if session.role is WebRole.CLERK and view is not None and view.clerk != session.clerk:
            raise Denied(409, "not_your_counter", {"counter": view.counter, "clerk": view.clerk or ""})
        if view is None or visit is None or day is None:
            raise Denied(409, "no_call", {"counter": session.counter or 0})
        if words.get("seen") != view.call:
            raise Denied(409, "stale")
        note = Note(at=self._now(), counter=view.counter, clerk=session.clerk, text=text.strip())
        self._notes.write(visit, note, day=day)
        self._hearing.wake()
        return said({"done": True})

    # What is pushed ---------------------------------------------------------------------------------------------------

    async def _live(self, request: Request) -> Response:
        visitor = self._reception.who(request)
        if self._listeners >= MOST_LISTENERS:
            return PlainTextResponse("too many pages are open at once; close some\n", 503, {"retry-after": "10"})
        return StreamingResponse(
            self._pushed(visitor),
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )

    async def _pushed(self, visitor: Visitor) -> AsyncIterator[bytes]:
        """Push what changed, a beat now and then, and that the session ends before it does."""
        self._listeners += 1
        sent: dict[str, bytes] = {}
        warned = False
        beats = asyncio.get_running_loop().time()
        try:
            yield b"retry: 1000\n\n"
            while (here := self._reception.again(visitor)) is not None:
                visitor, news = here, self._hearing.news
                for name, body in self._seen_by(visitor):
                    if sent.get(name) != body:
                        sent[name] = body
                        yield live.event(name, body)
                left_s, now_s = self._reception.left_s(visitor), asyncio.get_running_loop().time()
                if left_s <= self._reception.warn_s and not warned:
                    yield live.event("ending", live.beat(self._now(), left_s))
                warned = left_s <= self._reception.warn_s
                if now_s >= beats:
                    beats = now_s + live.BEAT_S
                    yield live.event("beat", live.beat(self._now(), left_s))
                next_s = left_s if warned else left_s - self._reception.warn_s
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(0.01, min(beats - now_s, next_s + 0.01))):
                        await news.wait()
            yield live.event("ended", live.ended(self._reception.why_over(visitor)))
        finally:
            self._listeners -= 1

    def _seen_by(self, visitor: Visitor) -> list[tuple[str, bytes]]:
        session = visitor.session
        if self._hearing.day is not None and self._hearing.day != self._day:
            self._day = self._hearing.day
            self._notes.forget_all_but(self._day)
        visit = live.visit_of(self._hearing.counters.get(session.counter or 0))
        return list(
            live.events(
                self._hearing,
                me=self._reception.me(visitor),
                counter=session.counter,
                clerk=session.clerk,
                notes=self._notes.on(visit) if visit is not None else (),
            )
        )


def _page(name: str) -> Answering:
    async def page(_: Request) -> Response:
        return FileResponse(STATIC / name, headers={"cache-control": "no-cache"})

    return page


async def _texts(_: Request) -> Response:
    found = {each.value: {table: texts(each)[table] for table in TABLES} for each in Language}
    return said(found)
