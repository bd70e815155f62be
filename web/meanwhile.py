"""What happened at a counter lately, and by whom: for the clerk whose press came too late. Pure."""

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from broker.contract.messages import Language, Recorded, TicketCalled
from broker.contract.texts import texts

KEPT: Final = 20
TOLD: Final = 4
# Which events a command makes: what comes while such a command of ours is under way was done here.
EVENTS_OF: Final[Mapping[str, frozenset[str]]] = {
    "CallNext": frozenset({"TicketCalled"}),
    "CallTicket": frozenset({"TicketCalled"}),
    "ResumeVisit": frozenset({"TicketCalled", "ServiceStarted"}),
    "Recall": frozenset({"CallRepeated"}),
    "StartService": frozenset({"ServiceStarted"}),
    "FinishService": frozenset({"VisitEnded", "TransactionEnded", "CaseOpened"}),
    "MarkNoShow": frozenset({"VisitEnded"}),
    "HoldVisit": frozenset({"VisitHeld"}),
    "TransferVisit": frozenset({"VisitTransferred"}),
    "NotEntitled": frozenset({"TicketReclassified"}),
    "ServeWithoutTicket": frozenset({"WalkUpServed"}),
    "PauseCounter": frozenset({"CounterPaused"}),
    "OpenCounter": frozenset({"CounterOpened"}),
    "CloseCounter": frozenset({"CounterClosed"}),
    "ArmCounter": frozenset({"CounterArmed"}),
    "SignIn": frozenset({"ClerkSignedIn"}),
    "Undo": frozenset({"Undone"}),
}


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened at a counter; `by` is a clerk on a console, "pad" or "hall"."""

    seq: int
    at: datetime
    kind: str
    ticket: str | None
    by: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    at: datetime
    text: str


class Lately:
    """The last deeds of each counter."""

    def __init__(self) -> None:
        self._deeds: dict[int, deque[Deed]] = {}
        self._pending: dict[int, list[tuple[str, str]]] = {}  # kinds of commands under way, and whose

    def asks(self, counter: int, kind: str, clerk: str) -> None:
        self._pending.setdefault(counter, []).append((kind, clerk))

    def answered(self, counter: int, kind: str, clerk: str) -> None:
        self._pending[counter].remove((kind, clerk))

    def happened(self, recorded: Recorded) -> None:
        event = recorded.event
        counter, kind = getattr(event, "counter", None), type(event).__name__
        if counter is None or f"did_{kind}" not in texts(Language.EN)["meanwhile"]:
            return
        deed = Deed(
            seq=recorded.seq,
            at=recorded.at,
            kind=kind,
            ticket=getattr(event, "ticket", None),
            by="hall" if isinstance(event, TicketCalled) and event.pushed else self._whose(counter, kind),
        )
        self._deeds.setdefault(counter, deque(maxlen=KEPT)).append(deed)

    def since(self, counter: int, seq: int) -> tuple[Deed, ...]:
        """Return what happened at a counter after an event, the last few, oldest first."""
        return tuple(each for each in self._deeds.get(counter, ()) if each.seq > seq)[-TOLD:]

    def _whose(self, counter: int, kind: str) -> str:
        ours = (clerk for asked, clerk in self._pending.get(counter, ()) if kind in EVENTS_OF.get(asked, ()))
        return next(ours, "pad")


def told(deed: Deed, language: Language, timezone: str) -> Told:
    """Return a deed in words: "10:42: B012 was called (call pad)"."""
    words = texts(language)["meanwhile"]
    by = words.get(f"by_{deed.by}") or words["by_clerk"].format(clerk=deed.by)
    time = f"{deed.at.astimezone(ZoneInfo(timezone)):%H:%M}"
    did = words[f"did_{deed.kind}"].format(ticket=deed.ticket or "")
    return Told(at=deed.at, text=words["line"].format(time=time, did=did, by=by))
