"""What the voice says and when: one queue a zone, never two at once, no call dropped.

A recall that still waits is merged; a call whose customer has come, or will not come, or that was taken back, is not
spoken. When the newest call would wait too long, the second language goes first, then the repeat. Time is an argument.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from broker.contract.messages import (
    CallRepeated,
    Language,
    Recorded,
    ServiceStarted,
    TicketCalled,
    TicketReclassified,
    TicketVoided,
    TransactionEnded,
    Undone,
    VisitEnded,
    VisitHeld,
    VisitTransferred,
)
from broker.contract.texts import texts
from hardware.voice.bells import CHIME_S

TOO_OLD: Final = timedelta(seconds=30)  # a call that is new to us and older than this is not spoken
GAP_S: Final = 0.4
SECONDS: Final = {Language.ZH: 3.9, Language.EN: 3.1}  # measured, for the length of the queue


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """One sentence in one language."""

    language: Language
    text: str


@dataclass(frozen=True, kw_only=True)
class Announcement:
    """What follows one chime: the sentences of one call, in order."""

    call: str
    times: int
    ticket: str
    counter: int
    parts: tuple[Spoken, ...]


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A call that has not been spoken yet."""

    call: str
    visit: str
    ticket: str
    counter: int
    language: Language
    times: int


def chinese_number(number: int) -> str:
    """Return a window's number in words, 1 to 99: 十, 十二, 二十, 三十一."""
    digits = texts(Language.ZH)["voice"]["digits"]
    tens, units = divmod(number, 10)
    return (
        ("" if tens <= 1 else digits[tens])
        + ("" if tens == 0 else texts(Language.ZH)["voice"]["ten"])
        + (digits[units] if units or not tens else "")
    )


def phrase(ticket: str, counter: int, language: Language) -> str:
    """Return the sentence that calls a ticket, spelt so that engines read digits one by one."""
    words = texts(language)["voice"]
    signs = (words["digits"][int(sign)] if sign.isdecimal() else sign + words["after_letter"] for sign in ticket)
    number = chinese_number(counter) if language is Language.ZH else str(counter)
    return words["announcement"].format(ticket=" ".join(signs), counter=number)


def sentences(ticket: str, counter: int, languages: tuple[Language, ...], repeats: int) -> tuple[Spoken, ...]:
    """Return what one announcement says: the first language `repeats` times, each further one once."""
    first, *others = [Spoken(language=each, text=phrase(ticket, counter, each)) for each in languages]
    return (first,) * repeats + tuple(others)


def seconds(parts: tuple[Spoken, ...]) -> float:
    """Estimate how long an announcement takes, its chime included."""
    return CHIME_S + sum(GAP_S + SECONDS[part.language] for part in parts)


@dataclass(frozen=True, kw_only=True)
class SpeechQueue:
    """A zone's announcements; every change returns a new queue."""

    zone: str
    languages: tuple[Language, ...]
    repeats: int
    backlog_s: float
    spoken: frozenset[tuple[str, int]] = frozenset()  # (call, times) from before this start
    waiting: tuple[Waiting, ...] = ()
    speaking: Waiting | None = None
    withdrawn: bool = False  # the customer of the call being spoken has come by now

    def heard(self, recorded: Recorded, now: datetime) -> "SpeechQueue":
        """Take in one event of the hall; `now` is aware, like `recorded.at`."""
        match recorded.event:
            case TicketCalled(rule="resume"):
                return self  # whoever was set aside stands at the counter
            case TicketCalled(zone=self.zone) as event if now - recorded.at <= TOO_OLD:
                return self._with(event, times=1)
            case CallRepeated(zone=self.zone) as event if now - recorded.at <= TOO_OLD:
                return self._with(event, times=event.times)
            case (
                ServiceStarted(visit=visit)
                | TransactionEnded(visit=visit)
                | VisitEnded(visit=visit)
                | TicketVoided(visit=visit)
                | VisitHeld(visit=visit)
                | VisitTransferred(visit=visit)
            ):
                return self._without(visit)
            case TicketReclassified(visit=visit, call=str()) | Undone(visit=str(visit), call=str()):
                return self._without(visit)  # the call was taken back
            case _:
                return self

    def begin(self) -> tuple[Announcement | None, "SpeechQueue"]:
        """Return what to say now, or None while something is being said or nothing waits."""
        if self.speaking is not None or not self.waiting:
            return None, self
        first, *rest = self.waiting
        announcement = Announcement(
            call=first.call,
            times=first.times,
            ticket=first.ticket,
            counter=first.counter,
            parts=self._parts(first, *self._measure()),
        )
        return announcement, replace(self, waiting=tuple(rest), speaking=first, withdrawn=False)

    def ended(self) -> "SpeechQueue":
        """Note that the announcement was heard to its end."""
        return replace(self, speaking=None)

    def failed(self) -> "SpeechQueue":
        """Note that it was not heard: it is the next again, unless its customer has come or it was called anew."""
        call = self.speaking
        if call is None or self.withdrawn or any(each.visit == call.visit for each in self.waiting):
            return replace(self, speaking=None)
        return replace(self, speaking=None, waiting=(call, *self.waiting))

    def _with(self, event: TicketCalled | CallRepeated, *, times: int) -> "SpeechQueue":
        call = Waiting(
            call=event.call,
            visit=event.visit,
            ticket=event.ticket,
            counter=event.counter,
            language=event.language,
            times=times,
        )
        if any(spoken == call.call and times >= call.times for spoken, times in self.spoken):
            return self
        if any(each.call == call.call for each in self.waiting):
            merged = tuple(call if each.call == call.call else each for each in self.waiting)
            return replace(self, waiting=merged)
        return replace(self, waiting=(*self.waiting, call))

    def _without(self, visit: str) -> "SpeechQueue":
        gone = self.speaking is not None and self.speaking.visit == visit
        left = tuple(each for each in self.waiting if each.visit != visit)
        return replace(self, waiting=left, withdrawn=self.withdrawn or gone)

    def _measure(self) -> tuple[bool, bool]:
        """Return whether there is time for all languages and for the repeat, judged by the wait of the newest call."""
        for all_languages, repeated in ((True, True), (False, True)):
            ahead = self.waiting[:-1]
            if sum(seconds(self._parts(call, all_languages, repeated)) for call in ahead) <= self.backlog_s:
                return all_languages, repeated
        return False, False

    def _parts(self, call: Waiting, all_languages: bool, repeated: bool) -> tuple[Spoken, ...]:  # noqa: FBT001 - one measure of two
        spoken = self.languages
        if not all_languages:
            spoken = tuple(each for i, each in enumerate(spoken) if i == 0 or each is call.language)
        return sentences(call.ticket, call.counter, spoken, self.repeats if repeated else 1)
