"""Spares that supervisors approve on the bus: each approval is acted on once, however long nobody was there to do so.

The hall's journal holds the approvals, and the registrar notes up to where it has heard: when it is back it reads on
from there. What it could not read or carry out it says.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from broker.contract.messages import Recorded, SpareApproved
from broker.joining.words import Denied, Done

from .book import Book
from .changes import AnyChange
from .register import Register

log = logging.getLogger(__name__)

NOTE_EVERY: Final = 200  # events: so many at most are heard once more


class Approving:
    """Hears the hall's events. `write` puts changes into the book and does what follows from them."""

    def __init__(
        self,
        *,
        register: Register,
        book: Book,
        write: Callable[[tuple[AnyChange, ...]], None],
        now: Callable[[], datetime],
    ) -> None:
        self._register, self._book, self._write, self._now = register, book, write, now
        self.place = self._noted = book.heard()  # epoch and sequence of the last event heard

    def hear(self, recorded: Recorded) -> Done | Denied | None:
        """Take an event in; return what came of it, None where it is not about spares."""
        before, self.place = self.place, (recorded.epoch, recorded.seq)
        missed = before is not None and before[0] == recorded.epoch and recorded.seq > before[1] + 1
        answer = self._approved(recorded, recorded.event) if isinstance(recorded.event, SpareApproved) else None
        noted = self._noted
        if answer is not None or noted is None or noted[0] != recorded.epoch or recorded.seq >= noted[1] + NOTE_EVERY:
            self._book.note_heard(self.place)
            self._noted = self.place
        return Denied(reason="events_missed") if missed and not isinstance(answer, Denied) else answer

    def _approved(self, recorded: Recorded, event: SpareApproved) -> Done | Denied:
        now = self._now()
        decided = self._register.approve(event.code, event.box, by=event.node, at=recorded.at, now=now)
        if isinstance(decided, Denied):
            log.warning("spare %s was approved for %s by %s: %s", event.code, event.box, event.node, decided)
            self._book.refuse(at=now, who=event.node, what=f"ApproveSpare {event.box}", reason=decided.reason)
            return decided
        if decided is not None:
            self._write(decided)
        return Done()
