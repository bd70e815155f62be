"""What a clerk does on the console becomes one command of the hall: whose counter, under which id, answered how."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast, get_args
from uuid import UUID

import msgspec

from broker.contract.messages import (
    AnyAnswer,
    AnyCommand,
    ApproveSpare,
    ArmCounter,
    CallNext,
    CallTicket,
    CloseCounter,
    ConfirmDate,
    EndEvacuation,
    FinishService,
    HoldVisit,
    Language,
    MarkNoShow,
    MarkServedByHand,
    NotEntitled,
    OpenCounter,
    PauseCounter,
    Recall,
    Reclassify,
    Refused,
    ResumeVisit,
    ServeWithoutTicket,
    SignIn,
    StartEvacuation,
    StartService,
    StateOutcome,
    TransferVisit,
    Undo,
)
from broker.link import Unanswered

from .answering import Denied, language_of
from .hearing import Hearing
from .meanwhile import told
from .pins import WebRole
from .signing_in import Visitor

Act = (
    CallNext
    | Recall
    | StartService
    | FinishService
    | MarkNoShow
    | CallTicket
    | HoldVisit
    | ResumeVisit
    | TransferVisit
    | NotEntitled
    | ServeWithoutTicket
    | PauseCounter
    | OpenCounter
    | CloseCounter
    | ArmCounter
    | Undo
    | StateOutcome
    | Reclassify
    | MarkServedByHand
    | StartEvacuation
    | EndEvacuation
    | ConfirmDate
    | ApproveSpare
)
OF_SUPERVISORS: Final = (Reclassify, MarkServedByHand, StartEvacuation, EndEvacuation, ConfirmDate, ApproveSpare)
OF_COUNTERS: Final = frozenset(each for each in get_args(Act) if "counter" in each.__struct_fields__)
OUR_WORDS: Final = ("lang", "view_seq")  # of a page, and not of the command
SIGN_IN_TRIES: Final = 3  # a press on a pad may come between what we saw and the hall's answer
NEWS_S: Final = 1.0


class Acting:
    """Asks the hall. `ask` sends a command and returns the answer, or raises Unanswered."""

    def __init__(self, *, hearing: Hearing, ask: Callable[[AnyCommand], Awaitable[AnyAnswer]]) -> None:
        self._hearing, self._ask = hearing, ask
        self._under_way: dict[str, asyncio.Task[AnyAnswer]] = {}  # by command: a page that asks again waits for it too

    async def act(self, visitor: Visitor, words: dict[str, Any]) -> AnyAnswer:
        """Let the hall decide what a page asked for. Raises Denied."""
        seq = words.get("view_seq")
        command = _command(visitor, {key: value for key, value in words.items() if key not in OUR_WORDS})
        counter = getattr(command, "counter", None)
        self._allow(visitor, command, counter)
        if not self._hearing.here:
            raise Denied(503, "away")
        answer = await self._asked(command, counter or 0, visitor.session.clerk)
        if isinstance(answer, Refused):
            raise self._refusal(answer, counter, seq, language_of(words.get("lang"), visitor.language))
        return answer

    async def staff(self, counter: int, clerk: str | None, *, by: str, new_id: Callable[[], str]) -> None:
        """Let a clerk, or nobody, staff a counter. Raises Denied."""
        for _ in range(SIGN_IN_TRIES):
            news, view = self._hearing.news, self._hearing.counters.get(counter)
            if not self._hearing.here or view is None:
                raise Denied(503, "away")
            command = SignIn(id=new_id(), counter=counter, seen=view.call, clerk=clerk)
            answer = await self._asked(command, counter, by)
            if not isinstance(answer, Refused):
                return
            if answer.reason != "stale":
                raise Denied(409, answer.reason, answer.args)
            try:
                async with asyncio.timeout(NEWS_S):
                    await news.wait()
            except TimeoutError:
                pass
        raise Denied(409, "stale")

    def _allow(self, visitor: Visitor, command: Act, counter: int | None) -> None:
        session = visitor.session
        if session.role is WebRole.SUPERVISOR:
            return
        if isinstance(command, OF_SUPERVISORS) or counter != session.counter:
            raise Denied(403, "not_allowed")
        view = self._hearing.counters.get(counter or 0)
        if view is not None and view.clerk != session.clerk:
            raise Denied(409, "not_your_counter", {"counter": counter or 0, "clerk": view.clerk or ""})

    async def _asked(self, command: AnyCommand, counter: int, clerk: str) -> AnyAnswer:
        task = self._under_way.get(command.id)
        if task is None:
            task = self._under_way[command.id] = asyncio.ensure_future(self._carry_out(command, counter, clerk))
            task.add_done_callback(lambda _: self._under_way.pop(command.id, None))
        try:
            return await asyncio.shield(task)
        except Unanswered as error:
            raise Denied(503, "unanswered") from error

    async def _carry_out(self, command: AnyCommand, counter: int, clerk: str) -> AnyAnswer:
        kind, lately = type(command).__name__, self._hearing.lately
        lately.asks(counter, kind, clerk)
        try:
            return await self._ask(command)
        finally:
            lately.answered(counter, kind, clerk)

    def _refusal(self, answer: Refused, counter: int | None, seq: object, language: Language) -> Denied:
        """Return a refusal; of a press that came too late, with what had happened meanwhile."""
        deeds = self._hearing.lately.since(counter, seq) if counter is not None and isinstance(seq, int) else ()
        meanwhile = tuple(told(each, language, self._hearing.timezone) for each in deeds)
        return Denied(409, answer.reason, answer.args, meanwhile=meanwhile)


def _command(visitor: Visitor, words: dict[str, Any]) -> Act:
    """Return the command, under an id that no other clerk's page can name."""
    kinds = {each.__name__: each for each in get_args(Act)}
    kind = kinds.get(str(words.get("type")))
    if kind is None:
        raise Denied(400, "not_understood", {"problem": f"no act: {str(words.get('type'))[:40]}"})
    if kind in OF_COUNTERS:
        words.setdefault("counter", visitor.session.counter)
        if words["counter"] is None:
            raise Denied(400, "counter_missing")
    try:
        drawn = UUID(str(words.get("id")))
        return cast("Act", msgspec.convert({**words, "id": f"{visitor.session.clerk}-{drawn}"}, kind))
    except (msgspec.ValidationError, ValueError) as error:
        raise Denied(400, "not_understood", {"problem": str(error)}) from error
