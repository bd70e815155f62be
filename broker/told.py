"""What the hall was told, as against what the journal holds: a lost tail is noticed, not papered over."""

import asyncio
import contextlib
from typing import Final

from .bus import Bus, Letter
from .contract import wire
from .contract.messages import Role, View
from .journal import Journal
from .link import will

NODE: Final = Role.DISPATCHER.value


class JournalBehind(RuntimeError):
    """The hall was told of more than this journal holds."""


class Told:
    """What the broker remembers of the hall: the highest epoch and sequence of its retained views."""

    def __init__(self, *, hall: str, probe: bytes) -> None:
        self._hall = hall
        self._probe = probe
        self.place = (0, 0)
        self.known = asyncio.Event()

    def hear(self, letter: Letter) -> None:
        if letter.payload == self._probe and not letter.retained:
            self.known.set()
            return
        with contextlib.suppress(wire.BadMessage):
            message = wire.decode(self._hall, letter.topic, letter.payload).message
            if isinstance(message, View):
                self.place = max(self.place, (message.epoch, message.seq))


async def what_was_told(*, bus: Bus, hall: str) -> tuple[int, int]:
    """Return the highest (epoch, seq) that the broker has retained, (0, 0) if none.

    `bus` listens to `view/#` and to the dispatcher's own presence: when that comes back, all that was retained has.
    """
    absent = will(hall=hall, node=NODE, role=Role.DISPATCHER)
    told = Told(hall=hall, probe=absent.payload)

    def ask(connected: bool) -> None:  # noqa: FBT001 - the bus's callback has this shape
        if connected:  # each time: a connection that is lost takes the question with it
            bus.publish(absent)

    bus.listen(on_letter=told.hear, on_state=ask)
    running = asyncio.create_task(bus.run())
    try:
        await told.known.wait()
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    return told.place


def compare(journal: Journal, told: tuple[int, int], *, accept_loss: bool) -> None:
    """Make sure that the journal holds all that the hall was told of. Raises JournalBehind.

    With `accept_loss` the journal begins a new epoch instead, above any that was seen.
    """
    mine = (journal.epoch, journal.seq) if not journal.is_new else (0, 0)
    if told <= mine:
        return
    if accept_loss:
        journal.raise_epoch(told[0])
        return
    raise JournalBehind(
        f"the hall was told of event {told[1]} of epoch {told[0]}, but this journal ends at event {mine[1]} of epoch "
        f"{mine[0]}: its end is lost, or it is another journal. Put the right journal back; or, to go on without what "
        "was lost, start once with --accept-loss and serve those customers by hand."
    )
