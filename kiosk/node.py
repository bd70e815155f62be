"""The kiosk without its screen: listens to the hall, takes numbers, prints slips and tells what became of them.

Runs on one event loop; `touch` and all callbacks belong to that loop's thread.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from broker.ailments import found
from broker.alive import keep_alive
from broker.bus import Bus
from broker.contract.messages import (
    AnyView,
    BookingFound,
    BoxFinding,
    CheckBooking,
    DeviceState,
    DeviceStatus,
    Hall,
    HallView,
    QueuesView,
    Refused,
    ReportSlip,
    Returned,
    ReturnTicket,
    Role,
    SlipFate,
    TakeTicket,
    TicketTaken,
)
from broker.link import HallLink, Unanswered
from broker.trying import Tries
from hardware.devices import PaperState, Printed, PrintResult, TactileKey, TicketPrinter

from .alone import Alone
from .flow import (
    Answered,
    CardRead,
    Check,
    HallHere,
    Happening,
    Kiosk,
    PaperSeen,
    Patience,
    Pressed,
    PrintReturn,
    PrintSlip,
    Return,
    Scanned,
    SlipDone,
    Take,
    Taking,
    Ticked,
    Ticket,
    Touched,
    due_at_s,
    follow,
    started,
)
from .glass import LOOK_S, Glass
from .identity import person_of
from .last_numbers import LastNumbers
from .owed import Owed, OwedFile
from .printing import Slips
from .remembered import remember, remembered_hall
from .slip import Item
from .stationery import Stationery
from .trying import PRINTER, is_free, of_slip

log = logging.getLogger(__name__)

VIEWS: Final = ("view/hall", "view/queues", "event/DeviceTestAsked")  # and that its printer is to be tried
POLL_S: Final = 5.0
POLL_TROUBLED_S: Final = 1.0  # whoever fills in paper wants to see that it worked
PATIENCE_S: Final = 5.0  # with the hall, before the kiosk gives a number by itself
ANSWER_S: Final = (TakeTicket.DEADLINE_MS or 0) / 1000  # longest wait of a customer for a number
UNTIL_ANSWERED_S: Final = 24 * 3600.0
FATES: Final = {
    Printed.YES: SlipFate.PRINTED,
    Printed.NO: SlipFate.NOT_PRINTED,
    Printed.UNKNOWN: SlipFate.UNKNOWN,
}


class KioskNode:
    """One kiosk; run `run()` for as long as the program lives.

    `encode` makes the printer's bytes of a slip that is written on `stationery`, `clock` gives monotonic seconds,
    `now` an aware time, `boot` the name of this run of the machine, `identity_key` hides account and ID numbers;
    `in_background` does what may take long, such as
    waiting for the disk; `on_change` hears each new state; `glass` is what the window tells of itself.
    """

    def __init__(
        self,
        *,
        bus: Bus,
        hall: str,
        node: str,
        printer: TicketPrinter,
        encode: Callable[[Sequence[Item]], bytes],
        stationery: Stationery | None = None,
        state_dir: Path,
        idle_s: float,
        ticket_s: float,
        patience: Patience | None = None,
        per_page: int = 6,
        identity_key: bytes | None = None,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        boot: str,
        in_background: Callable[[Callable[[], None]], object],
        on_change: Callable[[Kiosk], None] = lambda _: None,
        glass: Glass | None = None,
    ) -> None:
        self._slips = Slips(printer=printer, encode=encode, stationery=stationery or Stationery())
        self._identity_key = identity_key
        self._clock = clock
        self._in_background = in_background
        self._on_change = on_change
        self._beside: list[Callable[[], Coroutine[None, None, None]]] = []
        self._glass = glass
        self._hall_file = state_dir / "hall.json"
        self._owed = OwedFile(state_dir / "owed.json")
        self._hall, self._node, self._now = hall, node, now
        self._tries = Tries(node=node, devices=lambda: (PRINTER,), one=self._try_out)
        self._link = HallLink(
            bus=bus,
            hall=hall,
            node=node,
            role=Role.KIOSK,
            clock=clock,
            on_view=self._viewed,
            on_hall_here=self._hall_here,
            on_test=self._tries.asked,
        )
        self._numbers = LastNumbers(state_dir / "numbers.json")
        if self._numbers.now is not None:
            self._link.gave(self._numbers.now)
        self._alone = Alone(link=self._link, node=node, state_dir=state_dir, boot=boot, clock=clock, now=now)
        self._tasks = asyncio.TaskGroup()
        self._slip_was_tried = asyncio.Event()
        self._changed = asyncio.Event()
        remembered = remembered_hall(self._hall_file)
        if remembered is not None:
            self._alone.hall_seen(remembered)
        self.kiosk = started(
            hall=remembered,
            idle_s=idle_s,
            ticket_s=ticket_s,
            now_s=clock(),
            per_page=per_page,
            node=node,
            public_url=self._slips.public_url,
            can_hash=identity_key is not None,
            patience=patience,
        )

    async def run(self) -> None:
        """Serve customers until cancelled."""
        self._on_change(self.kiosk)
        async with self._tasks:
            for owed in self._owed:
                self._start(self._settle(owed))
            self._start(self._link.run())
            self._start(self._tries.run(self._link))
            self._start(self._alone.merge())
            self._start(self._watch_printer())
            self._start(self._slips.watch_address())
            self._start(self._tick())
            for each in self._beside:
                self._start(each())
            if self._glass is not None:
                self._start(self._watch_screen(self._glass))
                self._start(keep_alive(self._glass_ailment))

    def accompany(
        self, run: Callable[[], Coroutine[None, None, None]], see: Callable[[Kiosk], None] = lambda _: None
    ) -> None:
        """Let `run` go on for as long as this node, from its start, and `see` hear each new state."""
        self._beside.append(run)
        before = self._on_change

        def on_change(kiosk: Kiosk) -> None:
            before(kiosk)
            see(kiosk)

        self._on_change = on_change

    def device(self, name: str, state: DeviceState, detail: str = "") -> None:
        """Tell how a device is that hangs on this kiosk beside its printer."""
        self._link.device(name, state, detail)

    @property
    def devices(self) -> tuple[DeviceStatus, ...]:
        """What the hall is told of this kiosk's devices."""
        return self._link.devices

    def press(self, key: TactileKey, offered: tuple[str, ...]) -> None:
        """Let a press of a tactile key happen, on a screen that offers these keys."""
        self._happen(Pressed(key=key, offered=offered))

    def scan(self, text: str) -> None:
        """Let a code happen that a scanner has read."""
        self._happen(Scanned(text=text))

    def read_card(self, number: str) -> None:
        """Let an ID card happen that a reader has read."""
        self._happen(CardRead(number=number))

    def touch(self, key: str) -> None:
        """Let a customer's touch of a key happen."""
        self._happen(Touched(key=key))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        self._tasks.create_task(work)

    def _happen(self, happening: Happening) -> None:
        before = self.kiosk
        self.kiosk, wish = follow(before, happening, self._clock())
        match wish:
            case Take():
                self._start(self._take(wish))
            case Check():
                self._start(self._inquire(CheckBooking(id=self._link.new_id(), code=wish.code)))
            case Return():
                self._start(self._inquire(ReturnTicket(id=self._link.new_id(), ticket=wish.ticket)))
            case PrintSlip():
                self._start(self._print(wish))
            case PrintReturn():
                self._start(self._print_return(wish))
            case None:
                pass
        if _calls(self.kiosk) != _calls(before):
            self._link.device("guide", *_calls(self.kiosk))
        if self.kiosk is not before and self.kiosk != before:
            self._changed.set()
            self._on_change(self.kiosk)

    def _hall_here(self, here: bool) -> None:  # noqa: FBT001 - the link's callback has this shape
        self._alone.hall_here(here)
        self._happen(HallHere(here=here))

    def _viewed(self, view: AnyView) -> None:
        match view:
            case HallView():
                self._alone.hall_seen(view)
                self._tell_identity(view.hall)
                self._in_background(partial(remember, self._hall_file, view))
                self._happen(view)
            case QueuesView():
                self._remember_given(view)
                self._happen(view)
            case _:
                log.warning("view of no use to a kiosk: %s", type(view).__name__)

    def _remember_given(self, view: QueuesView) -> None:
        """Keep what was given elsewhere as well, such as at a desk that remembers nothing."""
        if self.kiosk.hall is not None and (numbers := self._numbers.seen(view, self.kiosk.hall)) is not None:
            self._link.gave(numbers)

    def _note(self, owed: Owed) -> None:
        self._owed.note(owed)
        self._in_background(self._owed.sync)  # a slow disk keeps no customer waiting

    # A number and its slip --------------------------------------------------------------------------------------------

    async def _take(self, wish: Take) -> None:
        owed = Owed(
            take=self._link.new_id(),
            service=wish.service,
            language=wish.language,
            priority_class=wish.priority_class,
            needs=wish.needs,
            booking=wish.booking,
            person=self._person(wish.identity),
        )
        hall, pressed_s = self.kiosk.hall, self._clock()
        if hall is not None and self.kiosk.is_alone and self._gave_alone(hall, owed, pressed_s, abandoned=False):
            return
        self._note(owed)
        asking = asyncio.ensure_future(self._ask_for_number(owed))
        patience_s = PATIENCE_S if self._alone.has_numbers(hall) else ANSWER_S
        in_time, _ = await asyncio.wait({asking}, timeout=patience_s)
        if not in_time and hall is not None and self._gave_alone(hall, owed, pressed_s, abandoned=True):
            asking.cancel()
            self._owed.settle(owed)
            return
        if not in_time:
            self._happen(Answered(answer=None))  # the customer is sent to the desk; the question stays until answered
            await self._report_unseen(owed, await asking)
            return
        answer = await asking
        if isinstance(answer, TicketTaken):
            self._note(msgspec.structs.replace(owed, visit=answer.visit))
        else:
            log.warning("no number for %s: %s", wish.service, answer.reason)
            self._owed.settle(owed)
        self._happen(Answered(answer=answer))

    def _gave_alone(self, hall: Hall, asked: Owed, pressed_s: float, *, abandoned: bool) -> bool:
        """Give a number without the hall; tell whether there was one."""
        answer = self._alone.give(hall, asked, pressed_s=pressed_s, abandoned=abandoned)
        if isinstance(answer, Refused) and abandoned:
            return False  # the hall may answer yet
        self._happen(Answered(answer=answer))
        return True

    async def _ask_for_number(self, owed: Owed) -> TicketTaken | Refused:
        command = TakeTicket(
            id=owed.take,
            service=owed.service,
            language=owed.language,
            priority_class=owed.priority_class,
            needs=owed.needs,
            booking=owed.booking,
            person=owed.person,
        )
        answer = await self._link.ask(command, patience_s=UNTIL_ANSWERED_S)
        if isinstance(answer, TicketTaken):
            self._link.gave(self._numbers.note(answer))
            self._in_background(self._numbers.sync)
        if isinstance(answer, TicketTaken | Refused):
            return answer
        log.error("%r is no answer to TakeTicket: do dispatcher and kiosk have the same version?", answer)
        return Refused(id=owed.take, reason="fault")

    async def _print(self, wish: PrintSlip) -> None:
        hall = self.kiosk.hall
        assert hall is not None  # noqa: S101 - nobody takes a number in no hall
        result = await self._slips.print(wish, hall=hall, needs=self.kiosk.needs, large=self.kiosk.large)
        if wish.is_copy:  # whatever becomes of the copy, the ticket lives on
            known = Printed.YES if result.printed is Printed.YES else Printed.UNKNOWN
            self._slip_tried(replace(result, printed=known))
            return
        if self._alone.gave(wish.ticket.taken):
            self._alone.note_slip(wish.ticket.taken, FATES[result.printed])
            self._slip_tried(result)
            return
        owed = msgspec.structs.replace(self._owed.of(wish.ticket.taken.visit), fate=FATES[result.printed])
        self._note(owed)
        self._slip_tried(result)
        await self._report(owed)

    async def _print_return(self, wish: PrintReturn) -> None:
        hall = self.kiosk.hall
        assert hall is not None  # noqa: S101 - its dispatcher has just answered
        self._slip_tried(await self._slips.print_return(wish, hall=hall, large=self.kiosk.large))

    def _slip_tried(self, result: PrintResult) -> None:
        self._tell_health(result.paper)
        self._happen(SlipDone(result=result))
        self._slip_was_tried.set()

    def _person(self, number: str) -> str | None:
        """Return what is sent of an account or ID number; the number itself goes no further."""
        hall, day = self.kiosk.hall, self.kiosk.day
        if not number or hall is None or hall.identity is None or day is None or self._identity_key is None:
            return None
        return person_of(number, key=self._identity_key, hall=hall.id, day=day, kind=hall.identity.kind)

    def _tell_identity(self, hall: Hall) -> None:
        """Say so where the hall asks who customers are and this kiosk may not."""
        if hall.identity is None:
            return
        if self._identity_key is not None:
            self._link.device("identity", DeviceState.OK)
            return
        detail = "hall.toml has [identity], and this kiosk no key to hide numbers: set identity_key_file in its file"
        log.error("%s; nobody is asked who he is", detail)
        self._link.device("identity", DeviceState.FAULT, detail)

    async def _inquire(self, command: ReturnTicket | CheckBooking) -> None:
        """Ask what does no harm when it is asked twice, so that nothing is owed."""
        try:
            answer = await self._link.ask(command)
        except Unanswered:
            self._happen(Answered(answer=None))
            return
        known = answer if isinstance(answer, Returned | BookingFound | Refused) else None
        self._happen(Answered(answer=known or Refused(id=answer.id, reason="fault")))

    # What is owed -----------------------------------------------------------------------------------------------------

    async def _report(self, owed: Owed) -> None:
        """Tell what became of a slip, until the dispatcher has heard it."""
        assert owed.visit is not None  # noqa: S101 - a slip has a ticket
        command = ReportSlip(id=f"{owed.take}-slip", visit=owed.visit, fate=owed.fate_after_crash)
        answer = await self._link.ask(command, patience_s=UNTIL_ANSWERED_S)
        if isinstance(answer, Refused):
            log.warning("the fate of the slip of %s was refused: %s", owed.visit, answer.reason)
        self._owed.settle(owed)

    async def _report_unseen(self, owed: Owed, answer: TicketTaken | Refused) -> None:
        """Give back a number that nobody has seen."""
        if isinstance(answer, Refused):
            self._owed.settle(owed)
            return
        unseen = msgspec.structs.replace(owed, visit=answer.visit, fate=SlipFate.NOT_PRINTED)
        self._note(unseen)
        await self._report(unseen)

    async def _settle(self, owed: Owed) -> None:
        """Settle what an earlier run of this program left open."""
        if owed.take in self._alone.abandoned:
            self._owed.settle(owed)
            return
        log.warning("the kiosk had stopped while a number was taken: %s", owed)
        if owed.visit is None:
            await self._report_unseen(owed, await self._ask_for_number(owed))
        else:
            await self._report(owed)

    # Printer and time -------------------------------------------------------------------------------------------------

    async def _watch_printer(self) -> None:
        while True:
            if not isinstance(self.kiosk.screen, Taking) and not self._is_printing():
                paper = await self._slips.paper(was=self.kiosk.paper)
                self._tell_health(paper)
                self._happen(PaperSeen(paper=paper))
            self._slip_was_tried.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_S if self.kiosk.paper is PaperState.OK else POLL_TROUBLED_S):
                    await self._slip_was_tried.wait()

    def _is_printing(self) -> bool:
        return isinstance(self.kiosk.screen, Ticket) and self.kiosk.screen.slip is None

    def _tell_health(self, paper: PaperState) -> None:
        state, detail = self._slips.health(paper)
        self._link.device("printer", state, detail)
        if paper is not self.kiosk.paper and (self.kiosk.paper is not None or detail):
            log.warning("printer: %s", detail or "fine again")

    async def _try_out(self, device: str, _press_s: int) -> BoxFinding:
        """Print a test slip, where no customer stands at the kiosk."""
        if not is_free(self.kiosk):
            return found("test_busy", node=self._node, device=device)
        begun_s = self._clock()
        result = await self._slips.print_trial(hall=self._hall, node=self._node, at=self._now())
        took_s = self._clock() - begun_s
        self._tell_health(result.paper)
        self._happen(PaperSeen(paper=result.paper))
        return of_slip(result, node=self._node, took_s=took_s, ailment=self._slips.health(result.paper)[1])

    def _glass_ailment(self) -> str:
        return self._glass.health(now_s=self._clock())[1] if self._glass is not None else ""

    async def _watch_screen(self, glass: Glass) -> None:
        while True:
            state, detail = glass.health(now_s=self._clock())
            self._link.device("screen", state, detail)
            await asyncio.sleep(LOOK_S)

    async def _tick(self) -> None:
        """Let time pass whenever the kiosk waits for nothing else."""
        while True:
            self._changed.clear()
            due_s = due_at_s(self.kiosk)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(due_s - self._clock(), 0) if due_s is not None else None):
                    await self._changed.wait()
            if due_s is not None and self._clock() >= due_s:
                self._happen(Ticked())


def _calls(kiosk: Kiosk) -> tuple[DeviceState, str]:
    """Return whether the guide should come, and why: whoever watches the nodes sees it beside the printer."""
    if kiosk.is_guide_called:
        return DeviceState.WARNING, "a customer asks for help: send the guide to this kiosk"
    if kiosk.effort.struggles:
        return (
            DeviceState.WARNING,
            "a customer struggles and has no number yet: send the guide to this kiosk",
        )
    return DeviceState.OK, ""
