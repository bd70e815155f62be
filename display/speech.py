"""What the voice says and when: one queue a zone, never two at once, no call dropped.

A recall that still waits is merged; a call whose customer has come, or will not come, or that was taken back, is not
spoken. When the newest call would wait too long, further languages go first, then the repeat; then calls are announced
together after one chime, each in the language of its ticket. Evacuation cuts in and is repeated until it ends. Time is
an argument.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from broker.contract.messages import (
    CallRepeated,
    HallView,
    Language,
    Recorded,
    ServiceStarted,
    TicketCalled,
    TicketIssued,
    TicketReclassified,
    TicketVoided,
    TransactionEnded,
    Undone,
    VisitEnded,
    VisitHeld,
    VisitTransferred,
)
from hardware.voice.bells import ALARM_S, CHIME_S

from .phrases import Spoken, seconds, sentences, short, warning

TOO_OLD: Final = timedelta(seconds=30)  # a call that is new to us and older than this is not spoken
MOST_TOGETHER: Final = 15  # calls after one chime


class Rush(IntEnum):
    """How short announcements are."""

    NONE = 0
    ONE_LANGUAGE = 1  # and that of the ticket
    ONCE = 2
    TOGETHER = 3


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A call that has not been spoken yet."""

    call: str
    visit: str
    ticket: str
    counter: int
    language: Language
    times: int
    slow: bool = False  # the customer walks slowly: the call is never cut short
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Announcement:
    """What follows one chime: the sentences of its calls, in order. Without calls: the warning, after an alarm."""

    calls: tuple[Waiting, ...]
    parts: tuple[Spoken, ...]

    @property
    def seconds(self) -> float:
        """Estimate its length, with what comes before the first word."""
        return (CHIME_S if self.calls else ALARM_S) + seconds(self.parts)


@dataclass(frozen=True, kw_only=True)
class SpeechQueue:
    """A zone's announcements; every change returns a new queue."""

    zone: str
    languages: tuple[Language, ...]
    repeats: int
    backlog_s: float
    spoken: frozenset[tuple[str, int]] = frozenset()  # (call, times) from before this start
    waiting: tuple[Waiting, ...] = ()
    speaking: tuple[Waiting, ...] = ()
    withdrawn: frozenset[str] = frozenset()  # visits among those being spoken to who have come by now
    evacuation: bool = False
    walking: frozenset[str] = frozenset()  # needs of those who take longer to come
    slow: frozenset[str] = frozenset()  # visits of theirs

    def viewed(self, view: HallView) -> "SpeechQueue":
        """Take in what the hall is, and whether everybody has to leave."""
        walking = frozenset(need.id for need in view.hall.needs if need.walk_s)
        return replace(self, evacuation=view.evacuation, walking=walking)

    def heard(self, recorded: Recorded, now: datetime) -> "SpeechQueue":
        """Take in one event of the hall; `now` is aware, like `recorded.at`."""
        match recorded.event:
            case TicketIssued(visit=visit, needs=needs) if self.walking.intersection(needs):
                return replace(self, slow=self.slow | {visit})
            case TicketCalled(rule="resume"):
                return self  # whoever was set aside stands at the counter
            case TicketCalled(zone=self.zone) as event if now - recorded.at <= TOO_OLD:
                return self._with(event, times=1, at=recorded.at)
            case CallRepeated(zone=self.zone) as event if now - recorded.at <= TOO_OLD:
                return self._with(event, times=event.times, at=recorded.at)
            case VisitEnded(visit=visit) | TicketVoided(visit=visit):
                return replace(self._without(visit), slow=self.slow - {visit})
            case (
                ServiceStarted(visit=visit)
                | TransactionEnded(visit=visit)
                | VisitHeld(visit=visit)
                | VisitTransferred(visit=visit)
            ):
                return self._without(visit)
            case TicketReclassified(visit=visit, call=str()) | Undone(visit=str(visit), call=str()):
                return self._without(visit)  # the call was taken back
            case _:
                return self

    def begin(self) -> tuple[Announcement | None, "SpeechQueue"]:
        """Return what to say now, or None when nothing waits. What was begun before has ended or failed."""
        if self.evacuation:
            return Announcement(calls=(), parts=warning(self.languages)), self
        if self.speaking or not self.waiting:
            return None, self
        rush = self._rush()
        calls = self._together() if rush is Rush.TOGETHER else self.waiting[:1]
        rest = self.waiting[len(calls) :]
        announcement = Announcement(calls=calls, parts=self._parts(calls, rush))
        return announcement, replace(self, waiting=rest, speaking=calls, withdrawn=frozenset())

    def ended(self) -> "SpeechQueue":
        """Note that the announcement was heard to its end."""
        return replace(self, speaking=(), withdrawn=frozenset())

    def failed(self) -> "SpeechQueue":
        """Note that it was not heard: its calls are the next again, but for who has come or was called anew."""
        gone = self.withdrawn.union(each.visit for each in self.waiting)
        again = tuple(each for each in self.speaking if each.visit not in gone)
        return replace(self, speaking=(), withdrawn=frozenset(), waiting=(*again, *self.waiting))

    def knows(self, call: str, times: int) -> bool:
        """Tell whether a call waits or is being spoken, so often called or oftener."""
        return any(each.call == call and each.times >= times for each in (*self.waiting, *self.speaking))

    def _with(self, event: TicketCalled | CallRepeated, *, times: int, at: datetime) -> "SpeechQueue":
        call = Waiting(
            call=event.call,
            visit=event.visit,
            ticket=event.ticket,
            counter=event.counter,
            language=event.language,
            times=times,
            slow=event.visit in self.slow,
            at=at,
        )
        if any(spoken == call.call and times >= call.times for spoken, times in self.spoken):
            return self
        for earlier in self.waiting:
            if earlier.call == call.call:
                merged = replace(call, at=earlier.at)
                return replace(self, waiting=tuple(merged if each is earlier else each for each in self.waiting))
        return replace(self, waiting=(*self.waiting, call))

    def _without(self, visit: str) -> "SpeechQueue":
        left = tuple(each for each in self.waiting if each.visit != visit)
        gone = {each.visit for each in self.speaking if each.visit == visit}
        return replace(self, waiting=left, withdrawn=self.withdrawn | gone)

    def _rush(self) -> Rush:
        """Return how short to be, judged by the wait of the newest call."""
        for rush in (Rush.NONE, Rush.ONE_LANGUAGE, Rush.ONCE):
            if sum(CHIME_S + seconds(self._parts((call,), rush)) for call in self.waiting[:-1]) <= self.backlog_s:
                return rush
        return Rush.TOGETHER

    def _together(self) -> tuple[Waiting, ...]:
        """Return the first calls, up to somebody who walks slowly: that call is made in full, by itself."""
        slow = next((place for place, each in enumerate(self.waiting) if each.slow), MOST_TOGETHER)
        return self.waiting[: min(max(slow, 1), MOST_TOGETHER)]

    def _parts(self, calls: tuple[Waiting, ...], rush: Rush) -> tuple[Spoken, ...]:
        if len(calls) > 1:
            return tuple(
                short(each.ticket, each.counter, self._languages(each, rush)[-1], first=place == 0)
                for place, each in enumerate(calls)
            )
        (only,) = calls
        repeats = self.repeats if rush < Rush.ONCE or only.slow else 1
        return sentences(only.ticket, only.counter, self._languages(only, rush), repeats, calm=only.slow)

    def _languages(self, call: Waiting, rush: Rush) -> tuple[Language, ...]:
        """Return the languages of a call: in a rush the first, and that which the ticket chose."""
        if rush is Rush.NONE:
            return self.languages
        return tuple(dict.fromkeys(each for each in (self.languages[0], call.language) if each in self.languages))
