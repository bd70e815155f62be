"""The kiosk's slips: written, put on paper, their paper counted; and what ails the printer."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from broker.contract.messages import DeviceState, Hall, TicketTaken
from hardware.devices import PaperState, Printed, PrintResult, Reached, TicketPrinter

from .flow import PrintReturn, PrintSlip
from .public_address import CHECK_S
from .slip import Item
from .stationery import Stationery
from .trial_slip import trial_slip
from .written import Occasion, written


class Slips:
    """One printer and its stationery; `encode` makes its bytes of a slip."""

    def __init__(
        self, *, printer: TicketPrinter, encode: Callable[[Sequence[Item]], bytes], stationery: Stationery
    ) -> None:
        self._printer = printer
        self._encode = encode
        self._stationery = stationery
        self._was_out = False  # of paper
        self._is_acknowledged = True  # the last slip

    @property
    def public_url(self) -> str:
        """Return the template of the address on slips; empty where there is none."""
        return self._stationery.address.template

    async def print(self, wish: PrintSlip, *, hall: Hall, needs: tuple[str, ...], large: bool) -> PrintResult:
        """Put a ticket's slip on paper; a copy bears its mark."""
        return await self._put(self._written(wish, hall, needs, large=large))

    async def print_return(self, wish: PrintReturn, *, hall: Hall, large: bool) -> PrintResult:
        """Put the new place of a number that waits again on paper."""
        return await self._put(self._written_again(wish, hall, large=large))

    async def print_trial(self, *, hall: str, node: str, at: datetime) -> PrintResult:
        """Put a slip on paper that is nobody's ticket."""
        return await self._put(trial_slip(hall=hall, node=node, at=at))

    async def _put(self, items: Sequence[Item]) -> PrintResult:
        result = await self._printer.print(self._encode(items))
        self._is_acknowledged = result.printed is not Printed.UNKNOWN
        roll = self._stationery.roll
        if roll is not None and result.reached is not Reached.PREPARED:
            roll.take(self._stationery.length_mm(items))
        return result

    def _written(self, wish: PrintSlip, hall: Hall, needs: tuple[str, ...], *, large: bool) -> Sequence[Item]:
        ticket = wish.ticket
        occasion = Occasion(
            hall=hall,
            service=ticket.service,
            zone=ticket.zone,
            taken=ticket.taken,
            at=ticket.taken.issued_at.astimezone(ZoneInfo(hall.timezone)),
            language=wish.language,
            needs=needs,
            url=self._stationery.url_of(ticket.taken),
            code=self._stationery.code_of(ticket.taken),
            large=large,
            reprint=wish.is_copy,
            offline=ticket.taken.ahead is None,
        )
        return written(self._stationery.template, occasion, width_dots=self._stationery.width_dots)

    def _written_again(self, wish: PrintReturn, hall: Hall, *, large: bool) -> Sequence[Item]:
        back, answer = wish.back, wish.back.answer
        assert back.service is not None  # noqa: S101 - without them no slip is wished for
        assert back.zone is not None  # noqa: S101
        assert answer.at is not None  # noqa: S101
        low_min, high_min = back.wait_min or (None, None)
        taken = TicketTaken(
            id=answer.id,
            visit=answer.visit,
            ticket=answer.ticket,
            service=answer.service,
            ahead=answer.ahead,
            wait_low_min=low_min,
            wait_high_min=high_min,
            issued_at=answer.at,
        )
        occasion = Occasion(
            hall=hall,
            service=back.service,
            zone=back.zone,
            taken=taken,
            at=answer.at.astimezone(ZoneInfo(hall.timezone)),
            language=wish.language,
            url=self._stationery.url_of(taken),
            code=self._stationery.code_of(taken),
            large=large,
            after_next=answer.after_next,
        )
        return written(self._stationery.return_template, occasion, width_dots=self._stationery.width_dots)

    async def paper(self, *, was: PaperState | None) -> PaperState:
        """Ask the printer; ask again before one late answer closes a kiosk that was well."""
        paper = await self._printer.status()
        if paper is PaperState.UNKNOWN and was is PaperState.OK:
            paper = await self._printer.status()
        self._look_for_new_roll(paper)
        return paper

    def _look_for_new_roll(self, paper: PaperState) -> None:
        """Start counting again when paper is there after there was none, or a technician says so."""
        roll = self._stationery.roll
        if roll is None:
            return
        roll.renew_if_told()
        if paper is PaperState.OUT:
            self._was_out = True
        elif paper is PaperState.OK and self._was_out:
            self._was_out = False
            roll.renew()

    def health(self, paper: PaperState) -> tuple[DeviceState, str]:
        """Return how the printer is, and what a technician should know."""
        return self._stationery.health(paper, acknowledged=self._is_acknowledged)

    async def watch_address(self) -> None:
        """Keep trying the public address, where there is one: no slip bears one that does not answer."""
        while self._stationery.address.is_set:
            await asyncio.to_thread(self._stationery.address.check)
            await asyncio.sleep(CHECK_S)
