"""What the kiosk does without the hall: gives numbers from its own range, and merges them when the hall is back."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from broker.contract.messages import (
    DeviceState,
    Hall,
    HallView,
    OfflineNumbers,
    Refused,
    Service,
    SlipFate,
    TicketTaken,
)
from broker.hall import hours
from broker.hall.clock import ms
from broker.link import HallLink

from .offline import BookOnDisk, Given, ages_ms, merging, next_number, on_day, with_given
from .owed import Owed

log = logging.getLogger(__name__)

UNTIL_ANSWERED_S: Final = 24 * 3600.0
HEALTH: Final = "offline"


class Alone:
    """The kiosk by itself. `boot` names this run of the machine, `clock` gives its monotonic seconds, `now` its time.

    Numbers that the hall does not take are left in `not-merged.jsonl` for a technician.
    """

    def __init__(
        self,
        *,
        link: HallLink,
        node: str,
        state_dir: Path,
        boot: str,
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self._link = link
        self._node = node
        self._disk = BookOnDisk(state_dir / "offline.json")
        self._not_merged = state_dir / "not-merged.jsonl"
        self._boot = boot
        self._clock = clock
        self._now = now
        self._heard_at: datetime | None = None
        self._news = asyncio.Event()

    @property
    def abandoned(self) -> set[str]:
        """The questions that numbers given here stand for."""
        return {each.abandoned for each in self._disk.book.given if each.abandoned is not None}

    def has_numbers(self, hall: Hall | None) -> bool:
        """Tell whether the hall lets this kiosk give numbers by itself."""
        return self._numbers(hall) is not None and not self._disk.wrong

    def gave(self, taken: TicketTaken) -> bool:
        """Tell whether a number was given here, and is not merged yet."""
        return any(each.id == taken.id for each in self._disk.book.given)

    def hall_here(self, here: bool) -> None:  # noqa: FBT001 - as the link says it
        self._heard_at = self._now()
        if here:
            self._news.set()

    def hall_seen(self, view: HallView) -> None:
        """Take note of the day, which the kiosk's own clock may not know."""
        if view.day is not None:
            self._disk.book = on_day(self._disk.book, view.day)  # on the disk with the first number

    def give(self, hall: Hall, asked: Owed, *, pressed_s: float, abandoned: bool) -> TicketTaken | Refused:
        """Give a number without the hall; it is on the disk when this returns.

        `pressed_s` is when the customer touched, by the clock. `abandoned`: the hall was asked, and may have given one.
        """
        service, numbers = self._offered(hall, asked.service)
        if service is None or numbers is None or self._disk.wrong:
            return Refused(id=asked.take, reason="unanswered")
        now = self._now()
        today = now.astimezone(ZoneInfo(hall.timezone)).date().isoformat()
        if today >= self._disk.book.day and not hours.is_open(hall, ms(now)):  # a clock that lags behind knows no hours
            return Refused(id=asked.take, reason="closed")
        book = on_day(self._disk.book, today)
        number = next_number(book, service.prefix, numbers)
        if number is None:
            return Refused(id=asked.take, reason="service_full")
        given = Given(
            id=self._link.new_id(),
            ticket=f"{service.prefix}{number:03d}",
            number=number,
            service=service.id,
            day=book.day,
            boot=self._boot,
            taken_s=pressed_s,
            at=now - timedelta(seconds=self._clock() - pressed_s),
            heard_at=self._heard_at,
            language=asked.language,
            priority_class=asked.priority_class,
            needs=asked.needs,
            booking=asked.booking,
            person=asked.person,
            abandoned=asked.take if abandoned else None,
        )
        try:
            self._disk.put(with_given(book, service.prefix, given))
        except OSError as error:
            log.error("no number without the hall: %s; is the disk full?", error)  # noqa: TRY400 - the text says it all
            return Refused(id=asked.take, reason="fault")
        return TicketTaken(
            id=given.id,
            visit=f"{given.day}-{given.ticket}",
            ticket=given.ticket,
            service=service.id,
            ahead=None,
            wait_low_min=None,
            wait_high_min=None,
            issued_at=given.at,
            priority_class=given.priority_class,
        )

    def note_slip(self, taken: TicketTaken, fate: SlipFate) -> None:
        """Note what became of the slip of a number that was given here; then it may be merged."""
        given = tuple(replace(each, slip=fate) if each.id == taken.id else each for each in self._disk.book.given)
        self._put(given)
        self._news.set()

    async def merge(self) -> None:
        """Merge what was given, whenever the hall is there, until cancelled."""
        if self._disk.wrong:
            self._link.device(HEALTH, DeviceState.FAULT, self._disk.wrong)
        while True:
            if self._link.here:
                await self._merge_all()
            await self._news.wait()
            self._news.clear()

    async def _merge_all(self) -> None:
        while ready := [each for each in self._disk.book.given if each.slip is not None]:
            ages = ages_ms(ready, boot=self._boot, clock_s=self._clock(), now=self._now())
            command = merging(ready[0], boot=self._boot, ago_ms=ages[0])
            answer = await self._link.ask(command, patience_s=UNTIL_ANSWERED_S)
            if isinstance(answer, Refused):
                self._leave_to_technician(ready[0], answer)
            self._put(tuple(each for each in self._disk.book.given if each.id != ready[0].id))

    def _leave_to_technician(self, given: Given, answer: Refused) -> None:
        detail = f"{given.ticket} of {given.day} was not merged ({answer.reason}): see {self._not_merged}"
        log.error("%s", detail)
        self._link.device(HEALTH, DeviceState.FAULT, detail)
        with self._not_merged.open("ab") as file:
            file.write(msgspec.json.encode({"refused": answer.reason, "args": answer.args, "number": given}) + b"\n")

    def _put(self, given: tuple[Given, ...]) -> None:
        """Write what is no more than news of numbers: without it they are merged again, which does no harm."""
        book = replace(self._disk.book, given=given)
        try:
            self._disk.put(book)
        except OSError as error:
            self._disk.book = book
            log.error("the numbers given without the hall: %s; is the disk full?", error)  # noqa: TRY400 - the same

    def _offered(self, hall: Hall, service_id: str) -> tuple[Service | None, OfflineNumbers | None]:
        """Return the service, if numbers are given for it, and this kiosk's own numbers."""
        service = next((each for each in hall.services if each.id == service_id and not each.closing), None)
        return service, self._numbers(hall)

    def _numbers(self, hall: Hall | None) -> OfflineNumbers | None:
        return next((each.offline for each in hall.nodes if each.id == self._node), None) if hall is not None else None
