"""Customers, clerks and the desk of the large hall: they look, touch and press at devices; the desk has a console.

All chances come from one seed. Whoever is somebody's customer just now stands in `Town.at`.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from broker.contract.messages import (
    AnyCommand,
    ArmCounter,
    CancelTicket,
    CloseCounter,
    Done,
    Hold,
    HoldVisit,
    NotEntitled,
    PauseCounter,
    Position,
    Reclassify,
    Refused,
    ResumeVisit,
    Returned,
    ReturnTicket,
    ServeWithoutTicket,
    SignIn,
    TakeTicket,
    TicketTaken,
    TransferVisit,
    Undo,
)
from hardware.devices import Printed
from kiosk import flow

from .building import Building, Place, Stand
from .large_hall import HALL, Visitor, second

BOUNCE_S: Final = 0.4
LOOK_S: Final = 5.0
GONE_HOME_S: Final = second("17:30")
EARLY_SHIFT_S: Final = second("17:00")  # every other clerk goes home then
LAST_TWIST_S: Final = second("16:30")
ARMED: Final = 3  # every third counter is given its customers


class Town:
    """Everybody. `called` is told of each call that a board shows."""

    def __init__(self, *, chance: random.Random) -> None:
        self._chance = chance
        self._building: Building | None = None
        self._calls: dict[str, asyncio.Future[int]] = {}  # by ticket
        self._results: dict[str, asyncio.Future[str]] = {}
        self._pressed_s: dict[tuple[int, str], float] = {}
        self._back: dict[int, list[Visitor]] = defaultdict(list)  # whose papers a counter keeps, and who are back
        self.at: dict[int, Visitor] = {}
        self.waiting: dict[str, Visitor] = {}
        self.served: dict[int, list[str]] = defaultdict(list)  # tickets, by counter, as their clerks count
        self.given_up: dict[int, int] = defaultdict(int)  # customers who did not come, by counter
        self.rated = 0
        self.walk_ups = 0
        self.undone = 0
        self.pauses = 0
        self.reclassified = 0
        self.refused: list[str] = []

    @property
    def building(self) -> Building:
        assert self._building is not None
        return self._building

    def move_in(self, building: Building) -> None:
        self._building = building

    def called(self, ticket: str, counter: int) -> None:
        future = self._calls.get(ticket)
        if future is not None and not future.done():
            future.set_result(counter)

    async def _ask_desk(self, command: AnyCommand) -> bool:
        answer = await self.building.desk.ask(command)
        if isinstance(answer, Refused):
            self.refused.append(f"{type(command).__name__}: {answer.reason}")
        return not isinstance(answer, Refused)

    def _id(self) -> str:
        return self.building.desk.new_id()

    # A customer -------------------------------------------------------------------------------------------------------

    async def come(self, visitors: Sequence[Visitor]) -> None:
        """Let everybody come in at their time."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as inside:
            for each in sorted(visitors, key=lambda visitor: visitor.comes_s):
                await asyncio.sleep(each.comes_s - loop.time())
                inside.create_task(self._visit(each))

    async def _visit(self, visitor: Visitor) -> None:
        ticket = await (self._number_at_desk(visitor) if visitor.at_desk else self._number_at_kiosk(visitor))
        if ticket is None:
            visitor.end = "no number"
            return
        visitor.ticket = ticket
        if visitor.habit == "leaves":
            visitor.end = "left"
            return
        self._wait(visitor)
        already = next((each.number for each in self.building.places.values() if each.sign == ticket), None)
        if already is not None:
            self.called(ticket, already)  # the sign had it before the customer had looked
        while not visitor.end:
            await self._wait_and_be_served(visitor)

    async def _wait_and_be_served(self, visitor: Visitor) -> None:
        self._wait(visitor)
        counter = await self._call_of(visitor)
        if counter is None:
            return
        if visitor.habit == "late":
            visitor.habit = ""
            await self._come_back(visitor, self._chance.uniform(200, 500))
            return
        await asyncio.sleep(visitor.walk_s)
        place = self.building.places[counter]
        if place.sign != visitor.ticket:  # given up meanwhile
            await self._come_back(visitor, 20)
            return
        result = await self._stand_before(place, visitor)
        while result == "kept":
            await asyncio.sleep(self._chance.uniform(200, 700))
            self._back[counter].append(visitor)
            result = await self._stand_before(place, None, visitor=visitor)
        match result:
            case "served":
                await self._rate(place, visitor)
                visitor.end = "served"
            case "away":
                await self._come_back(visitor, self._chance.uniform(200, 700))
            case _:  # moved on, or sent back into the line
                pass

    def _wait(self, visitor: Visitor) -> None:
        if visitor.ticket not in self._calls:
            self._calls[visitor.ticket] = asyncio.get_running_loop().create_future()
        self.waiting[visitor.ticket] = visitor

    async def _call_of(self, visitor: Visitor) -> int | None:
        """Return the counter; None when patience ended first and the number was given back."""
        future = self._calls[visitor.ticket]
        try:
            counter = await asyncio.wait_for(asyncio.shield(future), visitor.patience_s)
        except TimeoutError:
            visitor.patience_s = 1e9
            if await self._ask_desk(CancelTicket(id=self._id(), ticket=visitor.ticket)):
                visitor.end = "cancelled"
                self.waiting.pop(visitor.ticket, None)
                return None
            counter = await future
        self._calls.pop(visitor.ticket, None)
        self.waiting.pop(visitor.ticket, None)
        return counter

    async def _come_back(self, visitor: Visitor, after_s: float) -> None:
        """Go to the desk with a number whose call was missed, or with the paper that was lacking."""
        await asyncio.sleep(after_s)
        self._wait(visitor)
        while True:
            answer = await self.building.desk.ask(ReturnTicket(id=self._id(), ticket=visitor.ticket))
            if isinstance(answer, Returned) or (isinstance(answer, Refused) and answer.reason == "still_waits"):
                return
            if self._calls[visitor.ticket].done():
                return
            await asyncio.sleep(30)

    async def _stand_before(self, place: Place, comes: Visitor | None, *, visitor: Visitor | None = None) -> str:
        who = comes or visitor
        assert who is not None
        result: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._results[who.ticket] = result
        if comes is not None:
            self.at[place.number] = comes
        place.stir()
        return await result

    async def _rate(self, place: Place, visitor: Visitor) -> None:
        if visitor.grade is None or not await place.until(lambda: place.keypad.is_asking, 12):
            return
        await asyncio.sleep(self._chance.uniform(1, 4))
        self.rated += place.keypad.rate(visitor.grade)

    async def _number_at_desk(self, visitor: Visitor) -> str | None:
        while True:
            answer = await self.building.desk.ask(
                TakeTicket(id=self._id(), service=visitor.service, priority_class="courtesy")
            )
            if isinstance(answer, TicketTaken):
                return answer.ticket
            await asyncio.sleep(30)

    async def _number_at_kiosk(self, visitor: Visitor) -> str | None:
        stand = min(self.building.stands, key=lambda each: each.people)
        stand.people += 1
        try:
            async with stand.turn:
                for _ in range(3):
                    ticket = await self._take_slip(stand, visitor)
                    if ticket is not None:
                        return ticket
                return None
        finally:
            stand.people -= 1

    async def _take_slip(self, stand: Stand, visitor: Visitor) -> str | None:
        def offers(kiosk: flow.Kiosk) -> bool:
            row = kiosk.queue(visitor.service)
            return isinstance(kiosk.screen, flow.Home) and row is not None and not row.closed and flow.can_print(kiosk)

        await stand.until(offers)
        slips = len(stand.slips)
        stand.node.touch(f"service:{visitor.service}")
        await asyncio.sleep(self._chance.uniform(1, 4))
        stand.node.touch("take")
        await stand.until(lambda kiosk: not isinstance(kiosk.screen, flow.Taking | flow.Confirm))
        await stand.until(lambda kiosk: not isinstance(kiosk.screen, flow.Ticket) or kiosk.screen.slip is not None)
        screen = stand.node.kiosk.screen
        took = isinstance(screen, flow.Ticket) and screen.slip is Printed.YES
        await asyncio.sleep(self._chance.uniform(0.5, 2))
        stand.node.touch("home")
        await stand.until(lambda kiosk: isinstance(kiosk.screen, flow.Home | flow.Away))
        if not took or len(stand.slips) == slips or not isinstance(screen, flow.Ticket):
            return None
        assert screen.taken.ticket in stand.slips[slips].lines
        return screen.taken.ticket

    # A clerk ----------------------------------------------------------------------------------------------------------

    async def work(self, place: Place) -> None:
        """Staff a counter from morning to closing time."""
        loop, number = asyncio.get_running_loop(), place.number
        await asyncio.sleep(second("08:28") + self._chance.uniform(0, 120))
        await self._ask_desk(SignIn(id=self._id(), counter=number, clerk=f"clerk-{number}"))
        armed = number % ARMED == 0
        if armed:
            await self._ask_desk(ArmCounter(id=self._id(), counter=number, armed=True))
        lunch_s = second("11:45") + (number % 2) * 2700 + self._chance.uniform(0, 300)
        home_s = GONE_HOME_S if number % 2 else EARLY_SHIFT_S
        while loop.time() < home_s or place.sign:
            if place.sign:
                await self._attend(place)
            elif self._back[number]:
                await self._resume(place)
            elif loop.time() > lunch_s:
                if await self._lunch(place):
                    lunch_s = float("inf")
            elif not armed and place.waits:
                await asyncio.sleep(self._chance.uniform(1, 5))
                await self._call(place)
            else:
                await place.until(
                    lambda: bool(place.sign or self._back[number]) or (not armed and place.waits > 0),
                    timeout_s=min(60.0, max(home_s - loop.time(), 0.1)),
                )
        while not await self._ask_desk(CloseCounter(id=self._id(), counter=number)):  # somebody was pushed just now
            await place.until(lambda: bool(place.sign), 3)
            await self._attend(place)

    async def _press(self, place: Place, key: str) -> None:
        loop = asyncio.get_running_loop()
        pause_s = self._pressed_s.get((place.number, key), -1.0) + BOUNCE_S - loop.time()
        if pause_s > 0:
            await asyncio.sleep(pause_s)
        self._pressed_s[place.number, key] = loop.time()
        place.press(key)

    async def _call(self, place: Place) -> None:
        beeps = place.beeps
        await self._press(place, "call")
        await place.until(lambda: bool(place.sign) or place.beeps > beeps, LOOK_S)
        if not place.sign:
            await asyncio.sleep(self._chance.uniform(2, 5))

    def _has_come(self, place: Place) -> Visitor | None:
        visitor = self.at.get(place.number)
        return visitor if visitor is not None and visitor.ticket == place.sign else None

    async def _attend(self, place: Place) -> None:
        """See to the call on the sign, until it is gone from there."""
        ticket = place.sign
        for recall in (False, True, True):
            if recall:
                await self._press(place, "call")
            await place.until(lambda: place.sign != ticket or self._has_come(place) is not None, 35)
            if place.sign != ticket or self._has_come(place) is not None:
                break
        visitor = self._has_come(place)
        if place.sign != ticket:
            return
        if visitor is None:
            await self._give_up(place, ticket)
            return
        del self.at[place.number]
        if visitor.twist == "not entitled":
            visitor.twist = ""
            await self._send_away(place, visitor, NotEntitled, "sent back")
            return
        await self._press(place, "start")
        if not await place.until(lambda: place.lamp == "green" or place.sign != ticket, LOOK_S):
            await self._press(place, "start")
        await self._serve(place, visitor)

    async def _give_up(self, place: Place, ticket: str) -> None:
        await self._press(place, "finish")
        gone = await place.until(lambda: place.sign != ticket, LOOK_S)
        if not gone:
            return
        if not place.sign and self._chance.random() < 0.2 and place.number % ARMED:
            undone = await self._ask_desk(Undo(id=self._id(), counter=place.number))  # was that somebody coming?
            self.undone += undone
            if undone:
                return
        self.given_up[place.number] += 1

    async def _serve(self, place: Place, visitor: Visitor) -> None:
        await asyncio.sleep(visitor.served_s)
        late = asyncio.get_running_loop().time() > LAST_TWIST_S
        match "" if late else visitor.twist:
            case "away" | "kept" as twist:
                visitor.twist = ""
                hold = Hold.DOCUMENTS_AWAY if twist == "away" else Hold.DOCUMENTS_KEPT
                await self._set_aside(place, visitor, hold, twist)
            case "moved":
                visitor.twist = ""
                await self._move_on(place, visitor)
            case _:
                await self._finish(place, visitor)

    async def _finish(self, place: Place, visitor: Visitor) -> None:
        for _ in range(3):
            await self._press(place, "finish")
            if await place.until(lambda: place.sign != visitor.ticket, LOOK_S):
                break
        self.served[place.number].append(visitor.ticket)
        visitor.transactions += 1
        self._tell(visitor, "served")
        if place.number % ARMED:
            await asyncio.sleep(self._chance.uniform(8, 16))  # tidies up; the customer has time to rate
        if self._chance.random() < 0.01:
            await self._answer_a_question(place)

    async def _answer_a_question(self, place: Place) -> None:
        service = next(each.skills[0] for each in HALL.counters if each.number == place.number)
        asked = ServeWithoutTicket(id=self._id(), counter=place.number, service=service)
        if place.sign or not await self._ask_desk(asked):
            return
        self.walk_ups += 1
        await place.until(lambda: place.lamp == "green", LOOK_S)
        await asyncio.sleep(40)
        await self._press(place, "finish")
        await place.until(lambda: place.lamp != "green", LOOK_S)

    def _tell(self, visitor: Visitor, result: str) -> None:
        future = self._results.pop(visitor.ticket)
        future.set_result(result)

    async def _set_aside(self, place: Place, visitor: Visitor, hold: Hold, twist: str) -> None:
        seen = self.building.call_at(place.number)
        done = await self._ask_desk(HoldVisit(id=self._id(), counter=place.number, seen=seen, hold=hold))
        await self._sent_on(place, visitor, twist, done=done)

    async def _move_on(self, place: Place, visitor: Visitor) -> None:
        seen = self.building.call_at(place.number)
        position = self._chance.choice(list(Position))
        service = self._chance.choice([visitor.service, "complain", "ask"])
        command = TransferVisit(id=self._id(), counter=place.number, seen=seen, service=service, position=position)
        self._wait(visitor)  # the call may come at once
        await self._sent_on(place, visitor, "moved", done=await self._ask_desk(command))

    async def _send_away(self, place: Place, visitor: Visitor, kind: type[NotEntitled], result: str) -> None:
        seen = self.building.call_at(place.number)
        self._wait(visitor)
        done = await self._ask_desk(kind(id=self._id(), counter=place.number, seen=seen))
        await self._sent_on(place, visitor, result, done=done)

    async def _sent_on(self, place: Place, visitor: Visitor, result: str, *, done: bool) -> None:
        if not done:
            await self._press(place, "start")
            await self._serve(place, visitor)
            return
        self._tell(visitor, result)
        await place.until(lambda: place.sign != visitor.ticket, LOOK_S)

    async def _resume(self, place: Place) -> None:
        """Take up again the visit of a customer whose papers this counter keeps."""
        visitor = self._back[place.number][0]
        resumed = await self._ask_desk(ResumeVisit(id=self._id(), counter=place.number, ticket=visitor.ticket))
        if not resumed:
            await place.until(lambda: bool(place.sign), 3)
            return
        self._back[place.number].pop(0)
        visitor.served_s /= 3
        await place.until(lambda: place.sign == visitor.ticket, LOOK_S)
        await self._serve(place, visitor)

    async def _lunch(self, place: Place) -> bool:
        if not await self._ask_desk(PauseCounter(id=self._id(), counter=place.number, reason="lunch")):
            await place.until(lambda: bool(place.sign), 3)
            return False
        self.pauses += 1
        await asyncio.sleep(40 * 60)
        await self._press(place, "start")
        return True

    # The desk ---------------------------------------------------------------------------------------------------------

    async def mind(self) -> None:
        """Give some of those who wait another class; one of them is an emergency, some have no right to it."""
        for number in range(1, 60):
            await asyncio.sleep(500)
            if not self.waiting:
                continue
            ticket = self._chance.choice(sorted(self.waiting))
            name = "emergency" if number % 20 == 0 else "courtesy"
            command = Reclassify(id=self._id(), ticket=ticket, priority_class=name)
            if isinstance(await self.building.desk.ask(command), Done):
                self.reclassified += 1
                visitor = self.waiting.get(ticket)
                if visitor is not None and number % 5 == 0 and not visitor.twist and name == "courtesy":
                    visitor.twist = "not entitled"
