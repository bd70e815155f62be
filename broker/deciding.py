"""What the dispatcher decides: commands become events of the hall, and are on disk before anybody is told.

For each command that waits: look its id up, decide, apply; see to what follows by itself. Then one commit for all.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from .contract import wire
from .contract.messages import (
    AnyAnswer,
    AnyCommand,
    AnyEvent,
    Elapsed,
    EventsRead,
    MergeTicket,
    ReadEvents,
    Recorded,
    TakeTicket,
    TicketCalled,
    TicketTaken,
)
from .hall.answers import Decision, refused
from .hall.apply import apply
from .hall.clock import utc
from .hall.decide import decide, pushed
from .hall.request import NO_PROMISES, Request
from .hall.state import HallState
from .journal import Entry, Journal
from .poison import Poison
from .promising import PromiseTable
from .readable import NO_TRIAL, OnTrial
from .told import NODE

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    node: str
    command: AnyCommand


class CarriedOut(NamedTuple):
    """The answers to a batch, in its order, and what happened; both are on disk."""

    answers: list[AnyAnswer]
    happened: list[Recorded]


class Deciding:
    """`now_ms` is the hall's time; `promises` are the waits that a customer may be told of."""

    def __init__(
        self,
        *,
        journal: Journal,
        state: HallState,
        poison: Poison,
        now_ms: Callable[[], int],
        promises: PromiseTable,
        on_trial: OnTrial = NO_TRIAL,
    ) -> None:
        self._journal = journal
        self._state = state
        self._poison = poison
        self._now_ms = now_ms
        self._promises = promises
        self._on_trial = on_trial
        self._answers = journal.answers()
        self._answers_before: dict[tuple[str, str], AnyAnswer] = {}  # of the business day before
        self.is_ahead = False  # the state holds what is not on disk: nothing more is done, and nobody is told

    def carry_out(self, batch: Sequence[Waiting]) -> CarriedOut:
        """Decide and apply each command, and commit them together. Whatever is raised must end the process."""
        if self.is_ahead:
            raise RuntimeError("a commit has failed: what is in memory is not on disk")
        self.is_ahead = True
        entries: list[Entry] = []
        answers: list[AnyAnswer] = []
        for each in batch:
            key = (each.node, each.command.id)
            known = self._answer_to(*key)
            if known is None:
                entries += self._elapse()
                entries += self._give_up(each)
                known, entry = self._decide(each)
                entries.append(entry)
                if entry.answer is not None:
                    self._answers[key] = known
            answers.append(known)
        entries += self._elapse()  # so that on disk, too, whatever was due by the last event has been seen to
        happened = [recorded for entry in entries for recorded in entry.events]
        if entries and self._state.day is not None:
            self._journal.append(entries)
        self.is_ahead = False
        return CarriedOut(answers, happened)

    def forget_day_before_last(self) -> None:
        """Keep the answers of two days; a new one has begun."""
        self._answers_before, self._answers = self._answers, {}

    def _answer_to(self, node: str, command: str) -> AnyAnswer | None:
        return self._answers.get((node, command), self._answers_before.get((node, command)))

    def _give_up(self, each: Waiting) -> list[Entry]:
        """Refuse for ever a question that its sender gave up; what was answered, `decide` puts right."""
        asked = each.command.abandoned if isinstance(each.command, MergeTicket) else None
        if asked is None or self._answer_to(each.node, asked) is not None:
            return []
        answer = msgspec.structs.replace(
            refused(each.command, "abandoned").answer, id=asked, epoch=self._state.epoch, seq=self._state.seq
        )
        self._answers[each.node, asked] = answer
        return [Entry(node=each.node, command=asked, answer=answer)]

    def _abandoned(self, each: Waiting) -> str | None:
        """Return the visit of a number that its kiosk never heard of."""
        asked = each.command.abandoned if isinstance(each.command, MergeTicket) else None
        answer = self._answer_to(each.node, asked) if asked is not None else None
        return answer.visit if isinstance(answer, TicketTaken) else None

    def _elapse(self) -> list[Entry]:
        """Let happen what is due by now."""
        entries = []
        while (deadline_ms := self._state.next_deadline_ms()) is not None and deadline_ms <= (now_ms := self._now_ms()):
            command = Elapsed(id=f"elapsed-{self._state.epoch}-{self._state.seq}")  # the same again after a crash
            _, entry = self._decide(Waiting(node=NODE, command=command))
            self._state.forget_deadlines(now_ms)
            if entry.events:
                entries.append(entry)
        return entries

    def _decide(self, each: Waiting) -> tuple[AnyAnswer, Entry]:
        """Decide and apply one command, and what follows from it by itself."""
        promises = self._promises.table if isinstance(each.command, TakeTicket) else NO_PROMISES
        request = Request(each.node, self._now_ms(), promises, abandoned=self._abandoned(each))
        decision = self._decision(each, request)
        happened = [self._happen(each.command.id, event, request.now_ms) for event in decision.events]
        while (called := self._pushed(each, request)) is not None:
            happened.append(self._happen(called.call, called, request.now_ms))
        answer = msgspec.structs.replace(decision.answer, epoch=self._state.epoch, seq=self._state.seq)
        kept = None if each.node == NODE else answer  # we ask ourselves once, and under a new id after a restart
        return answer, Entry(node=each.node, command=each.command.id, answer=kept, events=happened)

    def _decision(self, each: Waiting, request: Request) -> Decision:
        if each.command.id in self._poison:
            return refused(each.command, "fault")
        try:
            decision = decide(self._state, each.command, request)
        except Exception:  # the one wide catch: decide has changed nothing, so the hall can go on
            log.exception("fault: %s asked %r", each.node, each.command)
            return refused(each.command, "fault")
        if obstacle := self._on_trial.obstacle((decision.answer, *decision.events)):
            log.warning("%s asked what must wait until the update is confirmed: %s", each.node, obstacle)
            return refused(each.command, "on_trial")
        return decision

    def _pushed(self, each: Waiting, request: Request) -> TicketCalled | None:
        try:
            called = pushed(self._state, request)
        except Exception:  # the same: nothing has changed, and the counter can still ask
            log.exception("fault: whom to push after %s asked %r", each.node, each.command)
            return None
        if called is None or called.call in self._poison or self._on_trial.obstacle([called]):
            return None
        return called

    def _happen(self, cause: str, event: AnyEvent, now_ms: int) -> Recorded:
        """Apply an event that has been decided; `cause` is the id of the command, or of the call that was pushed."""
        recorded = Recorded(epoch=self._state.epoch, seq=self._state.seq + 1, at=utc(now_ms), event=event)
        try:
            apply(self._state, recorded)
        except BaseException:
            self._poison.note(cause)
            log.critical("%s broke the hall's state; it is refused from now on: %r", cause, event)
            raise
        return recorded

    def read(self, command: ReadEvents) -> EventsRead:
        """Answer a node that catches up."""
        after = min(command.after_seq, self._state.seq)
        found = self._journal.read(after_seq=after, limit=wire.EVENTS_PER_READ)
        more = bool(found) and found[-1].seq < self._state.seq
        return EventsRead(id=command.id, epoch=self._state.epoch, seq=self._state.seq, events=tuple(found), more=more)
