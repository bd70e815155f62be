"""What the hall was told, as against what the journal holds: a lost tail is noticed, not papered over."""

import asyncio
import contextlib
import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from .bus import Bus, Letter
from .contract import wire
from .contract.messages import GivenNumbers, Presence, Role, View
from .journal import Journal
from .link import will

log = logging.getLogger(__name__)

NODE: Final = Role.DISPATCHER.value


RESTORED: Final = "restored.json"  # beside a journal that came from a copy: its end may be lost
HEARD_S: Final = 30.0  # three presences of every node


class Restored(Struct, frozen=True, kw_only=True):
    """What stands in that mark: what is known of the hall that is not in the journal any more."""

    epoch: int = 0
    given: tuple[GivenNumbers, ...] = ()


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


def restored(mark: Path) -> Restored | None:
    """Return what a mark says; None where there is none, and so a whole journal."""
    if not mark.exists():
        return None
    try:
        return msgspec.json.decode(mark.read_bytes(), type=Restored)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Restored()


@dataclass
class Seen:
    """What nodes have seen of the hall: the highest epoch, the last numbers that kiosks printed, who said nothing."""

    silent: set[str]  # kiosks
    epoch: int = 0
    given: list[GivenNumbers] = field(default_factory=list)


async def what_nodes_saw(*, bus: Bus, hall: str, kiosks: Collection[str], patience_s: float = HEARD_S) -> Seen:
    """Listen to presences until every kiosk has told its numbers, or patience ends; `bus` listens to `node/+`."""
    seen, complete = Seen(silent=set(kiosks)), asyncio.Event()
    if not kiosks:
        return seen

    def hear(letter: Letter) -> None:
        if letter.retained:  # up to ten seconds old when the hall was lost
            return
        with contextlib.suppress(wire.BadMessage):
            heard = wire.decode(hall, letter.topic, letter.payload)
            if isinstance(heard.message, Presence) and heard.message.up and heard.level != NODE:
                seen.epoch = max(seen.epoch, heard.message.epoch)
                seen.given += [heard.message.given] if heard.message.given is not None else []
                seen.silent.discard(heard.level)
                if not seen.silent:
                    complete.set()

    bus.listen(on_letter=hear, on_state=lambda _: None)
    running = asyncio.create_task(bus.run())
    try:
        async with asyncio.timeout(patience_s):
            await complete.wait()
    except TimeoutError:
        log.warning("not heard: %s", ", ".join(sorted(seen.silent)))
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    return seen


def compare(journal: Journal, told: tuple[int, int], *, accept_loss: bool) -> bool:
    """Tell whether the hall was told of more than the journal holds, which a person has accepted.

    The journal must then begin a new epoch, above any that was seen. Raises JournalBehind where nobody accepts it.
    """
    mine = (journal.epoch, journal.seq) if not journal.is_new else (0, 0)
    if told <= mine:
        return False
    if accept_loss:
        return True
    raise JournalBehind(
        f"the hall was told of event {told[1]} of epoch {told[0]}, but this journal ends at event {mine[1]} of epoch "
        f"{mine[0]}: its end is lost, or it is another journal. Put the right journal back; or, to go on without what "
        "was lost, start once with --accept-loss and serve those customers by hand."
    )
