"""A node's link to its hall: commands until answered, views and events in order, presence.

The shells of kiosk, display and counter box stand on it; what they do with what they hear is theirs.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Final

import msgspec

from .bus import Bus, BusDown, Letter
from .contract import wire
from .contract.messages import (
    Answer,
    AnyAnswer,
    AnyCommand,
    AnyEvent,
    AnyView,
    BoxHealth,
    Command,
    DeviceState,
    DeviceStatus,
    DeviceTestAsked,
    EventsRead,
    GivenNumbers,
    Medium,
    Presence,
    Reached,
    ReadEvents,
    Recorded,
    Role,
    View,
)

log = logging.getLogger(__name__)

DISPATCHER: Final = Role.DISPATCHER.value
PROGRAM: Final = version("hallcall")
CATCH_UP_S: Final = 10
REPEAT_S: Final = 1.0  # a command is sent again after this, until answered


class Unanswered(TimeoutError):
    """The dispatcher did not answer in time: it or the network is away."""


def will(*, hall: str, node: str, role: Role) -> Letter:
    """Return the letter that the broker sends when this node is cut off."""
    return _presence_letter(hall, Presence(node=node, role=role, up=False))


def _presence_letter(hall: str, presence: Presence) -> Letter:
    return Letter(
        topic=wire.topic(hall, "node/{}", presence.node),
        payload=wire.encode(presence),
        retained=True,
        expiry_s=wire.PRESENCE_EXPIRY_S,
    )


def subscriptions(*, hall: str, node: str, also: Sequence[str]) -> list[str]:
    """Return what a node listens to: its replies, the dispatcher's presence, and the views and events in `also`.

    `also` holds topics as `wire.topic` takes them, without hall: "view/hall", "view/counter/3", "event/+".
    """
    rest = [wire.topic(hall, pattern) for pattern in also]
    return [
        wire.topic(hall, "reply/{}", node),
        wire.topic(hall, "node/{}", DISPATCHER),
        *rest,
    ]


class HallLink:
    """Speaks the contract over a bus. All callbacks run on the event loop.

    `clock` returns monotonic seconds. `on_view` gets each view that is news (never one older than was seen),
    `on_event`, for a node that listens to "event/+", each event once and in order, after a catch-up if some were
    missed; of the events from before this link's first sight of the hall the last `look_back` are delivered, or those
    `since` the last one (epoch and sequence) that an earlier run of the program has heard.
    `on_test` hears once, and only at the time, that this node is to try its devices ("event/DeviceTestAsked").
    `on_hall_here(True)` when the dispatcher is reachable. `on_other` gets letters of other topics as they came,
    `on_letter` each letter before anybody has read it.
    """

    def __init__(
        self,
        *,
        bus: Bus,
        hall: str,
        node: str,
        role: Role,
        clock: Callable[[], float],
        on_view: Callable[[AnyView], None] = lambda _: None,
        on_event: Callable[[Recorded], None] | None = None,
        on_test: Callable[[DeviceTestAsked], None] = lambda _: None,
        on_hall_here: Callable[[bool], None] = lambda _: None,
        on_other: Callable[[Letter], None] = lambda _: None,
        on_letter: Callable[[Letter], None] = lambda _: None,
        look_back: int = 0,
        since: tuple[int, int] | None = None,
    ) -> None:
        self._bus = bus
        self._hall = hall
        self._node = node
        self._role = role
        self._clock = clock
        self._on_view = on_view
        self._on_event = on_event
        self._on_test = on_test
        self._last_test = ""
        self._on_hall_here = on_hall_here
        self._on_other = on_other
        self._on_letter = on_letter
        self._look_back = look_back
        self._boot = secrets.token_hex(6)  # ids of this run of the program
        self._sent = 0
        self._answers: dict[str, asyncio.Future[AnyAnswer]] = {}
        self._epoch = since[0] if since is not None else 0
        self._seq = since[1] if since is not None else None  # of the last event delivered, or of the first sight
        self._resumes = since is not None
        self._joining = True  # until the first word that was not kept for us: what is older is not ours
        self._known = self._seq or 0  # the highest sequence heard of
        self._early: dict[int, Recorded] = {}  # events that wait for one before them
        self._catching_up = False
        self._seen_views: dict[str, tuple[int, int]] = {}
        self._connected = False
        self._dispatcher_up = False
        self._here = False
        self._devices: dict[str, DeviceStatus] = {}
        self._reached: dict[tuple[str, Medium], Reached] = {}
        self._given: GivenNumbers | None = None
        self._box: BoxHealth | None = None
        self._spares: tuple[str, ...] = ()
        self._told = asyncio.Event()
        self._tasks: asyncio.TaskGroup | None = None
        self.bad_messages = 0
        self.dispatcher_program = ""  # its version, once it was heard
        bus.listen(on_letter=self._hear, on_state=self._connection)

    @property
    def here(self) -> bool:
        """Whether broker and dispatcher are both within reach."""
        return self._here

    @property
    def connected(self) -> bool:
        """Whether the broker is within reach, with a dispatcher or without."""
        return self._connected

    @property
    def devices(self) -> tuple[DeviceStatus, ...]:
        """What this node tells of its devices; from any thread."""
        return tuple(self._devices.values())

    def new_id(self) -> str:
        self._sent += 1
        return f"{self._boot}-{self._sent}"

    async def run(self) -> None:
        """Stay in the hall until cancelled; leave with a word, so that nobody waits for the presence to expire."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            tasks.create_task(self._bus.run())
            tasks.create_task(self._keep_presence())
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                with contextlib.suppress(BusDown):
                    self._bus.publish(will(hall=self._hall, node=self._node, role=self._role))

    async def ask(self, command: AnyCommand, *, patience_s: float | None = None) -> AnyAnswer:
        """Send a command until it is answered. Its age is counted from this call, and from what it says itself.

        Without `patience_s` the command's own deadline holds, or no end. Raises Unanswered.
        """
        deadline_ms = type(command).DEADLINE_MS
        if patience_s is None and deadline_ms is not None:
            patience_s = deadline_ms / 1000
        future: asyncio.Future[AnyAnswer] = asyncio.get_running_loop().create_future()
        self._answers[command.id] = future
        pressed = self._clock() - command.age_ms / 1000
        try:
            async with asyncio.timeout(patience_s):
                while True:
                    self._send(command, pressed)
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(REPEAT_S):
                            return await asyncio.shield(future)
        except TimeoutError as error:
            raise Unanswered(f"no answer to {type(command).__name__} within {patience_s} s") from error
        finally:
            self._answers.pop(command.id, None)

    def device(self, name: str, state: DeviceState, detail: str = "") -> None:
        """State a device's health; it is told at once when it changed."""
        status = DeviceStatus(name=name, state=state, detail=detail)
        if self._devices.get(name) != status:
            self._devices[name] = status
            self._told.set()

    def reached(self, figures: Reached) -> None:
        """State how soon a zone's calls are seen or heard here; it is told at once when it changed."""
        if self._reached.get((figures.zone, figures.medium)) != figures:
            self._reached[figures.zone, figures.medium] = figures
            self._told.set()

    def gave(self, numbers: GivenNumbers) -> None:
        """State which numbers of the hall were printed here last; told with the next presence."""
        self._given = numbers

    def box(self, health: BoxHealth) -> None:
        """State how this node's machine is; it is told at once when something else was found than before."""
        if self._box is None or self._box.findings != health.findings:
            self._told.set()
        self._box = health

    def spares(self, serials: tuple[str, ...]) -> None:
        """State which machines wait for a place in the hall; it is told at once when it changed."""
        if self._spares != serials:
            self._spares = serials
            self._told.set()

    def _send(self, command: Command, pressed: float) -> None:
        aged = msgspec.structs.replace(command, age_ms=int((self._clock() - pressed) * 1000))
        with contextlib.suppress(BusDown):
            self._bus.publish(
                Letter(topic=wire.topic(self._hall, "cmd/{}", self._node), payload=wire.encode(aged))  # type: ignore[arg-type]
            )

    async def _keep_presence(self) -> None:
        while True:
            self._told.clear()
            presence = Presence(
                node=self._node,
                role=self._role,
                up=True,
                program=PROGRAM,
                devices=tuple(self._devices.values()),
                bad_messages=self.bad_messages,
                reached=tuple(self._reached.values()),
                box=self._box,
                epoch=self._epoch,
                given=self._given,
                spares=self._spares,
            )
            with contextlib.suppress(BusDown):
                self._bus.publish(_presence_letter(self._hall, presence))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wire.PRESENCE_INTERVAL_S):
                    await self._told.wait()

    def _connection(self, connected: bool) -> None:  # noqa: FBT001 - the bus's callback has this shape
        self._connected = connected
        if connected:
            self._told.set()
        else:
            self._dispatcher_up = False
            self._joining = self._seq is None
        self._judge_here()

    def _judge_here(self) -> None:
        here = self._connected and self._dispatcher_up
        if here != self._here:
            self._here = here
            self._on_hall_here(here)

    def _hear(self, letter: Letter) -> None:
        self._on_letter(letter)
        if not letter.payload:
            self._on_other(letter)
            return
        try:
            heard = wire.decode(self._hall, letter.topic, letter.payload)
        except wire.BadMessage as error:
            self.bad_messages += 1
            log.warning("dropped: %s", error)
            return
        match heard.message:
            case Answer() as answer:
                self._answered(answer)
            case View() as view:
                self._viewed(letter, view)
            case Recorded() as recorded:
                self._asked_to_try(recorded.event)
                if self._on_event is not None:
                    self._happened(recorded)
            case Presence(up=up, program=program) if heard.level == DISPATCHER:
                self._dispatcher_up = up
                self.dispatcher_program = program or self.dispatcher_program
                self._judge_here()
                self._on_other(letter)
            case _:
                self._on_other(letter)

    def _answered(self, answer: AnyAnswer) -> None:
        future = self._answers.get(answer.id)
        if future is not None and not future.done():
            future.set_result(answer)

    def _asked_to_try(self, event: AnyEvent) -> None:
        if isinstance(event, DeviceTestAsked) and event.node == self._node and event.test != self._last_test:
            self._last_test = event.test
            self._on_test(event)

    def _enter_epoch(self, epoch: int, seq: int) -> None:
        """Forget the order of an older epoch: a restore or takeover has begun a new one."""
        if self._seq is None:
            self._epoch = epoch
            self._seq = max(0, seq - self._look_back)
            self._known = seq
        elif epoch > self._epoch:
            self._epoch, self._known = epoch, seq
            self._seq = min(self._seq, seq) if self._resumes and self._joining else seq
            self._early.clear()
        elif self._joining and not self._resumes:
            self._seq = max(self._seq, seq - self._look_back)
            self._known = max(self._known, seq)

    def _viewed(self, letter: Letter, view: AnyView) -> None:
        place = (view.epoch, view.seq)
        if place < self._seen_views.get(letter.topic, (0, 0)) or view.epoch < self._epoch:
            return
        self._enter_epoch(view.epoch, view.seq)
        self._joining = self._joining and letter.retained
        self._seen_views[letter.topic] = place
        self._on_view(view)
        self._know_of(view.seq)

    def _happened(self, recorded: Recorded) -> None:
        if recorded.epoch < self._epoch:
            return
        self._enter_epoch(recorded.epoch, recorded.seq - 1)
        self._joining = False
        self._early[recorded.seq] = recorded
        self._deliver()
        self._know_of(recorded.seq)

    def _deliver(self) -> None:
        for seq in [seq for seq in self._early if seq <= self._seq_or_zero]:
            del self._early[seq]
        while self._seq_or_zero + 1 in self._early:
            self._seq = self._seq_or_zero + 1
            recorded = self._early.pop(self._seq)
            if self._on_event is not None:
                self._on_event(recorded)

    @property
    def _seq_or_zero(self) -> int:
        return self._seq or 0

    def _know_of(self, seq: int) -> None:
        """Note that the hall is at `seq`; events go out before views, so whatever is missing by now was missed."""
        self._known = max(self._known, seq)
        if (
            self._on_event is not None
            and self._known > self._seq_or_zero
            and not self._catching_up
            and self._tasks is not None
        ):
            self._catching_up = True
            self._tasks.create_task(self._catch_up())

    async def _catch_up(self) -> None:
        try:
            while self._known > self._seq_or_zero:
                after = self._seq_or_zero
                answer = await self.ask(ReadEvents(id=self.new_id(), after_seq=after), patience_s=CATCH_UP_S)
                if isinstance(answer, EventsRead) and answer.events and answer.events[-1].seq > after:
                    self._early.update({each.seq: each for each in answer.events})
                    self._seq = max(self._seq_or_zero, answer.events[0].seq - 1)  # older ones are in older journals
                else:
                    log.warning("events after %d cannot be read: %r", self._seq_or_zero, answer)
                    self._seq = self._known
                self._deliver()
        except Unanswered:
            log.warning("missed events could not be read: the dispatcher is away")
        finally:
            self._catching_up = False
