"""Virtual customers and clerks: they see the floor, and act on devices alone, by touches and presses."""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Final

from .floor import Floor, Glimpse
from .touch import Finger

TRIES: Final = 8
COME_BACK_S: Final = 4.0
HEAR_S: Final = 30.0  # customers hear their call to its end, or come when they see it for so long
WALK_S: Final = (0.3, 1.0)
SERVE_S: Final = (1.0, 3.0)
THINK_S: Final = (0.3, 0.8)
PATIENCE_S: Final = 6.0  # a clerk's, for a customer who does not come when the call has been announced
RATING_S: Final = 8.0  # a clerk waits so long for a customer who stands at the keypad
LISTEN_S: Final = 9.0  # a polite clerk lets an announcement end, up to this
GRADES: Final = (1, 1, 1, 1, 2, 1, 3)  # mostly 满意

Order = Callable[..., None]


class Crowd:
    """Everybody in the hall. `order` sends an act to the far ends of the cables."""

    def __init__(self, *, floor: Floor, finger: Finger, order: Order, services: Sequence[str], seed: int) -> None:
        self._floor = floor
        self._finger = finger
        self._order = order
        self._services = services
        self._random = random.Random(seed)  # noqa: S311 - people, not secrets
        self._kiosk = asyncio.Lock()
        self._sent = 0
        self.expected: dict[int, str] = {}  # counter → ticket of the customer who stands there
        self.gone: set[str] = set()  # tickets whose holders left the hall
        self.unlucky = 0  # customers who got no number
        self.unheard = 0  # customers who wanted to rate, and no keypad let them
        self.clerks_at_work = asyncio.Event()
        self.clerks_at_work.set()

    @property
    def inside(self) -> int:
        """How many are in the hall now."""
        return self._sent - len(self.gone) - self.unlucky

    async def send(self, *, stays: bool = True) -> None:
        """Let one customer come in, take a number, wait, be served and rate (two of three do)."""
        number = self._sent
        self._sent += 1
        chance = random.Random(self._random.random())  # noqa: S311
        service = chance.choice(self._services)
        ticket = await self._come_for_a_number(service, chance)
        if ticket is None:
            self.unlucky += 1
            return
        if not stays:
            self.gone.add(ticket)
            return
        await self._floor.until(lambda: self._call_of(ticket) is not None, timeout_s=3600)
        call = self._call_of(ticket)
        if call is None:
            return
        await self._floor.until(lambda: self._floor.announced(call), timeout_s=HEAR_S)
        await asyncio.sleep(chance.uniform(*WALK_S))
        self.expected[call.counter] = ticket
        self._floor.stir()
        rates = number % 3 != 2  # noqa: PLR2004 - two of three
        if rates and not await self._rate(call, chance):
            self.unheard += 1
        self.gone.add(ticket)
        self._floor.stir()

    async def _rate(self, call: Glimpse, chance: random.Random) -> bool:
        """Press a key once the keypad asks; return whether it took the rating."""
        if not await self._floor.until(lambda: self._asked(call), timeout_s=60):
            return False
        await asyncio.sleep(chance.uniform(*THINK_S))
        self._order(do="rate", counter=call.counter, grade=chance.choice(GRADES))
        return await self._floor.until(lambda: call.rating is not None, timeout_s=3)

    def _call_of(self, ticket: str) -> Glimpse | None:
        """Find one's call on a sign or on the board."""
        return next((each for each in self._floor.glimpses.values() if each.ticket == ticket), None)

    def _asked(self, call: Glimpse) -> bool:
        return call.served and self._floor.asking.get(call.counter, False)

    async def _come_for_a_number(self, service: str, chance: random.Random) -> str | None:
        """Come back a few times where the kiosk has no number to give."""
        for _ in range(TRIES):
            async with self._kiosk:
                ticket = await self._take_number(service, chance)
            if ticket is not None:
                return ticket
            await asyncio.sleep(COME_BACK_S)
        return None

    async def _take_number(self, service: str, chance: random.Random) -> str | None:
        """Touch the service, touch *take a number*, take the slip; give up when the kiosk says that it cannot."""
        floor = self._floor
        slips = len(floor.slips)
        if not await self.touch(f"service:{service}", on="home"):
            return None
        await asyncio.sleep(chance.uniform(*THINK_S))
        await floor.until(lambda: floor.glass.screen == "confirm" or floor.glass.screen in _NO_NUMBER, timeout_s=15)
        if floor.glass.screen in _NO_NUMBER or not await self.touch("take", on="confirm"):
            await self._leave(chance)
            return None
        await floor.until(lambda: len(floor.slips) > slips or floor.glass.screen in _NO_NUMBER, timeout_s=15)
        ticket = floor.slips[slips] if len(floor.slips) > slips else None
        await floor.until(lambda: floor.glass.screen != "taking", timeout_s=15)
        await self._leave(chance)
        return ticket

    async def _leave(self, chance: random.Random) -> None:
        """Touch home where the kiosk offers it, and make room for the next."""
        floor = self._floor
        await floor.until(lambda: "home" in floor.glass.targets or floor.glass.screen == "home", timeout_s=3)
        if "home" in floor.glass.targets:
            await asyncio.sleep(chance.uniform(*THINK_S))
            await self.touch("home", on=floor.glass.screen)
        await floor.until(lambda: floor.glass.screen == "home", timeout_s=30)

    async def touch(self, target: str, *, on: str) -> bool:
        """Touch a key once its screen stands; again, as people do, when nothing moves."""
        floor = self._floor
        for _ in range(5):
            if not await floor.until(lambda: floor.glass.screen == on and target in floor.glass.targets, timeout_s=20):
                return False
            await self._finger.tap(floor.glass.targets[target])
            if await floor.until(lambda: floor.glass.screen != on, timeout_s=2):
                return True
        return False

    async def staff(self, counter: int) -> None:
        """Work at a counter for ever: call, wait, start, serve, finish, give time to rate."""
        chance = random.Random(self._random.random())  # noqa: S311
        floor = self._floor
        while True:
            await self.clerks_at_work.wait()
            if floor.signs.get(counter):  # called by another hand
                await self._serve(counter, chance)
                continue
            if not await floor.until(lambda: self._somebody_waits(counter), timeout_s=5):
                continue
            await asyncio.sleep(chance.uniform(0.05, 0.4))
            if chance.random() < 0.8:  # noqa: PLR2004 - most clerks let an announcement end
                await floor.until(lambda: floor.quiet, timeout_s=LISTEN_S)
            if await self._call(counter):
                await self._serve(counter, chance)
            else:
                await asyncio.sleep(0.5)

    def _somebody_waits(self, counter: int) -> bool:
        text = self._floor.pad_texts.get(counter, "")
        return not self._floor.signs.get(counter) and text.isdigit() and int(text) > 0

    async def _call(self, counter: int) -> bool:
        floor = self._floor
        beeps = floor.beeps.get(counter, 0)
        self._order(do="press", counter=counter, key="call")
        await floor.until(lambda: bool(floor.signs.get(counter)) or floor.beeps.get(counter, 0) > beeps, timeout_s=6)
        return bool(floor.signs.get(counter))

    async def _serve(self, counter: int, chance: random.Random) -> None:
        floor = self._floor
        ticket = floor.signs[counter]
        call = floor.at_counter(counter)
        await floor.until(lambda: call is None or floor.announced(call), timeout_s=HEAR_S)
        if not await floor.until(lambda: self.expected.get(counter) == ticket, timeout_s=PATIENCE_S):
            await self._press_until(counter, "finish", lambda: not floor.signs.get(counter))
            return
        await self._press_until(counter, "start", lambda: floor.lamps.get(counter) == "green")
        await asyncio.sleep(chance.uniform(*SERVE_S))
        await self._press_until(counter, "finish", lambda: not floor.signs.get(counter))
        await floor.until(lambda: ticket in self.gone, timeout_s=RATING_S)

    async def _press_until(self, counter: int, key: str, seen: Callable[[], bool]) -> None:
        for _ in range(5):
            self._order(do="press", counter=counter, key=key)
            if await self._floor.until(seen, timeout_s=3):
                return


_NO_NUMBER: Final = frozenset({"no_paper", "refused", "away"})
