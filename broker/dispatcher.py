"""The dispatcher: decides, writes down, then tells. `python -m broker.dispatcher --config dispatcher.toml`.

For each command that waits: look its id up, decide, apply. Then one commit for all of them. Then answers and views go
out. Nobody is told of what is not on disk; a failed commit ends the process, and replay restores the hall.
"""

import argparse
import asyncio
import contextlib
import hashlib
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from .bus import Bus, BusDown, Letter, Login, MqttBus
from .config import BrokenConfig, DispatcherFile, load_hall, load_node, login_of
from .contract import wire
from .contract.messages import (
    AnyAnswer,
    AnyCommand,
    AnyEvent,
    AnyView,
    Command,
    ConfigureHall,
    DeviceState,
    DeviceStatus,
    Elapsed,
    EventsRead,
    Hall,
    OpenDay,
    Presence,
    ReadEvents,
    Recorded,
    Role,
    TakeTicket,
    TicketCalled,
    TicketIssued,
)
from .hall import views
from .hall.answers import Decision, refused
from .hall.apply import apply
from .hall.clock import ms, utc
from .hall.decide import decide, pushed
from .hall.estimate import promises
from .hall.request import NO_PROMISES, Promises, Request
from .hall.state import HallState
from .journal import Entry, Journal, JournalDamaged, JournalInUse, JournalTooNew
from .link import will
from .pulse import BEAT_S, Pulse
from .told import NODE, JournalBehind, compare, what_was_told

log = logging.getLogger(__name__)

REFUSED: Final = 3  # exit code: a person must look at the journal, the broker or a file first
LOOK_AT_CLOCK_S: Final = 20
PROMISES_S: Final = 0.5  # the waits that are told are at most so old
REST_S: Final = 0.1  # views of counters that a commit did not touch follow after this, many commits at once


@dataclass(frozen=True, kw_only=True)
class Waiting:
    node: str
    command: AnyCommand


class Dispatcher:
    """The shell around the hall. `now` returns aware UTC; all else comes in as parts."""

    def __init__(
        self,
        *,
        bus: Bus,
        journal: Journal,
        hall: str,
        poison: Path,
        now: Callable[[], datetime],
    ) -> None:
        self._bus = bus
        self._journal = journal
        self._hall = hall
        self._now = now
        self._poison = poison
        self._poisoned = _read_poison(poison)
        self._alarms: dict[str, DeviceStatus] = {}
        self._waiting: list[Waiting] = []
        self._called = False  # the waiting commands will be taken when the loop comes round
        self._ahead = False  # the state holds what is not on disk: nothing more is done, and nobody is told
        self._loop = asyncio.get_running_loop()
        self._pulse = Pulse(now_s=self._loop.time())
        self._failed: asyncio.Future[None] = self._loop.create_future()
        self._told: dict[str, AnyView] = {}
        self._rest: asyncio.TimerHandle | None = None
        self._connected = False
        self._deadline: asyncio.TimerHandle | None = None
        self._promised: Promises = NO_PROMISES
        self._promised_at_s = float("-inf")
        self._bad_messages = 0
        self.state = HallState(epoch=journal.epoch, seq=journal.seq)
        for recorded in journal.replay():
            apply(self.state, recorded)
        self._answers = journal.answers()
        self._answers_before: dict[tuple[str, str], AnyAnswer] = {}  # of the business day before
        bus.listen(on_letter=self._hear, on_state=self._connection)

    async def run(self) -> None:
        """Serve the hall until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._bus.run())
            tasks.create_task(self._keep_presence())
            tasks.create_task(self._keep_day())
            tasks.create_task(self._keep_pulse())
            try:
                await self._failed
            finally:
                self._publish(will(hall=self._hall, node=NODE, role=Role.DISPATCHER))

    def configure(self, hall: Hall) -> AnyAnswer:
        """Take the hall file into force; the first one of all opens the first day."""
        if self.state.day is None:
            self._open_day(ZoneInfo(hall.timezone))
        digest = hashlib.sha256(msgspec.json.encode(hall)).hexdigest()[:16]
        return self._order(ConfigureHall(id=f"hall-{self.state.epoch}-{self.state.seq}-{digest}", hall=hall))

    def alarm(self, name: str, detail: str) -> None:
        """Raise a red alarm in this node's presence."""
        log.error("%s: %s", name, detail)
        self._alarms[name] = DeviceStatus(name=name, state=DeviceState.FAULT, detail=detail)

    @property
    def alarms(self) -> tuple[DeviceStatus, ...]:
        """What is wrong just now, as this node's presence tells it."""
        return tuple(self._alarms.values())

    def open_day(self) -> None:
        """Open today's business day if the clock has reached it."""
        if self.state.hall is not None:
            self._open_day(ZoneInfo(self.state.hall.timezone))

    def _open_day(self, zone: ZoneInfo) -> None:
        today = self._now().astimezone(zone).date()
        if self.state.day is None or today >= date.fromisoformat(self.state.day):
            self._alarms.pop("clock", None)
        if self.state.day is not None and today <= date.fromisoformat(self.state.day):
            if today < date.fromisoformat(self.state.day):
                self.alarm("clock", f"the clock says {today}, the journal {self.state.day}: set the clock")
            return
        self._order(OpenDay(id=f"day-{today}", day=today.isoformat()))
        self._answers_before, self._answers = self._answers, {}

    def _order(self, command: AnyCommand) -> AnyAnswer:
        """Carry out a command of our own."""
        return self._carry_out([Waiting(node=NODE, command=command)])[0]

    def _hear(self, letter: Letter) -> None:
        if letter.retained:  # nobody presses now, whatever its age says
            self._bad_messages += 1
            log.warning("dropped: a command that the broker had kept on %s", letter.topic)
            return
        try:
            heard = wire.decode(self._hall, letter.topic, letter.payload)
        except wire.BadMessage as error:
            self._bad_messages += 1
            log.warning("dropped: %s", error)
            return
        if not isinstance(heard.message, Command):
            return
        late_ms = self._pulse.late_ms(now_s=self._loop.time())
        command = msgspec.structs.replace(heard.message, age_ms=heard.message.age_ms + late_ms)
        self._waiting.append(Waiting(node=heard.level, command=command))
        if not self._called:
            self._called = True
            asyncio.get_running_loop().call_soon(self._work)

    def _work(self) -> None:
        """Take all that waits; whatever fails ends `run`, and so the process."""
        self._called = False
        try:
            self._take_all()
        except Exception as error:  # noqa: BLE001 - not to carry on: the loop would log it and go on
            if not self._failed.done():
                self._failed.set_exception(error)

    def _take_all(self) -> None:
        batch, self._waiting = self._waiting, []
        reads = [each for each in batch if isinstance(each.command, ReadEvents)]
        orders = [each for each in batch if not isinstance(each.command, ReadEvents)]
        answers = self._carry_out(orders)
        for each, answer in zip(orders, answers, strict=True):
            self._answer(each.node, answer)
        for each in reads:
            self._answer(each.node, self._read(each.command))

    def _carry_out(self, batch: list[Waiting]) -> list[AnyAnswer]:
        """Decide and apply each command, commit them together, tell what happened; return the answers."""
        if self._ahead:
            raise RuntimeError("a commit has failed: what is in memory is not on disk")
        self._ahead = True
        entries: list[Entry] = self._elapse()
        answers: list[AnyAnswer] = []
        for each in batch:
            key = (each.node, each.command.id)
            known = self._answers.get(key, self._answers_before.get(key))
            if known is None:
                entries += self._elapse()
                entry = self._decide(each)
                entries.append(entry)
                known = self._answers[key] = entry.answer
            answers.append(known)
        happened = [recorded for entry in entries for recorded in entry.events]
        if entries and (self.state.day is not None):
            self._journal.append(entries)
        self._ahead = False
        self._tell(happened)
        self._wait_for_deadline()
        return answers

    def _wait_for_deadline(self) -> None:
        """See to it that the next deadline is noticed, though nobody presses anything."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        deadline_ms = self.state.next_deadline_ms()
        if deadline_ms is not None:
            wait_s = max((deadline_ms - self._now_ms()) / 1000, 0)
            self._deadline = self._loop.call_later(min(wait_s, LOOK_AT_CLOCK_S), self._work)

    def _now_ms(self) -> int:
        return max(ms(self._now()), self.state.last_ms)

    def _elapse(self) -> list[Entry]:
        """Let happen what is due by now."""
        deadline_ms, now_ms = self.state.next_deadline_ms(), self._now_ms()
        if deadline_ms is None or deadline_ms > now_ms:
            return []
        command = Elapsed(id=f"elapsed-{self.state.epoch}-{self.state.seq}-{now_ms}")
        entry = self._decide(Waiting(node=NODE, command=command))
        self.state.forget_deadlines(now_ms)
        return [entry]

    def _decide(self, each: Waiting) -> Entry:
        request = Request(each.node, self._now_ms(), self._promises_for(each.command))
        decision = self._decision(each, request)
        happened = [self._happen(each, event, request.now_ms) for event in decision.events]
        while (called := self._pushed(each, request)) is not None:
            happened.append(self._happen(each, called, request.now_ms))
        answer = msgspec.structs.replace(decision.answer, epoch=self.state.epoch, seq=self.state.seq)
        return Entry(node=each.node, command=each.command.id, answer=answer, events=happened)

    def _happen(self, each: Waiting, event: AnyEvent, now_ms: int) -> Recorded:
        recorded = Recorded(epoch=self.state.epoch, seq=self.state.seq + 1, at=utc(now_ms), event=event)
        self._apply(each, recorded)
        return recorded

    def _promises_for(self, command: AnyCommand) -> Promises:
        return self._promises() if isinstance(command, TakeTicket) else NO_PROMISES

    def _promises(self) -> Promises:
        """Return the table of waits, made anew at most twice a second."""
        at_s = self._loop.time()
        if at_s - self._promised_at_s >= PROMISES_S:
            self._promised_at_s, self._promised = at_s, promises(self.state, self._now_ms())
        return self._promised

    def _decision(self, each: Waiting, request: Request) -> Decision:
        if each.command.id in self._poisoned:
            return refused(each.command, "fault")
        try:
            return decide(self.state, each.command, request)
        except Exception:  # the one wide catch: decide has changed nothing, so the hall can go on
            log.exception("fault: %s asked %r", each.node, each.command)
            return refused(each.command, "fault")

    def _pushed(self, each: Waiting, request: Request) -> TicketCalled | None:
        try:
            return pushed(self.state, request)
        except Exception:  # the same: nothing has changed, and the counter can still ask
            log.exception("fault: whom to push after %s asked %r", each.node, each.command)
            return None

    def _apply(self, each: Waiting, recorded: Recorded) -> None:
        try:
            apply(self.state, recorded)
        except BaseException:
            with self._poison.open("a", encoding="utf-8") as notes:
                notes.write(json.dumps(each.command.id) + "\n")
            log.critical("command %s of %s broke the hall's state; it is refused from now on", each.command, each.node)
            raise

    def _read(self, command: AnyCommand) -> AnyAnswer:
        after = min(command.after_seq, self.state.seq) if isinstance(command, ReadEvents) else self.state.seq
        found = self._journal.read(after_seq=after, limit=wire.EVENTS_PER_READ)
        more = bool(found) and found[-1].seq < self.state.seq
        return EventsRead(id=command.id, epoch=self.state.epoch, seq=self.state.seq, events=tuple(found), more=more)

    def _answer(self, node: str, answer: AnyAnswer) -> None:
        self._publish(Letter(topic=wire.topic(self._hall, "reply/{}", node), payload=wire.encode(answer)))

    def _tell(self, happened: list[Recorded]) -> None:
        """Send what the commit changed, where somebody waits for it first: signs, voice, boards; the rest follows."""
        if not happened:
            return
        numbers = [number for each in happened if (number := getattr(each.event, "counter", None)) is not None]
        counters = dict.fromkeys(numbers)  # in the order of the calls
        for number in counters:
            self._show(views.counter_view(self.state, number))
        for recorded in happened:
            self._publish(Letter(topic=wire.event_topic(self._hall, recorded), payload=wire.encode(recorded)))
        for zone in {counter.zone for number in counters if (counter := self.state.counter(number)) is not None}:
            self._show(views.board_view(self.state, zone))
        if counters or any(isinstance(each.event, TicketIssued) for each in happened):
            self._show(views.queues_view(self.state, self._promises(), self._now_ms()))
        if self._rest is None and self._connected:
            self._rest = asyncio.get_running_loop().call_later(REST_S, self._show_all)

    def _show_all(self) -> None:
        self._rest = None
        hall = views.hall_view(self.state)
        if hall is None or self._ahead:
            return
        self._show(hall)
        self._show(views.queues_view(self.state, self._promises(), self._now_ms()))
        for zone in hall.hall.zones:
            self._show(views.board_view(self.state, zone.id))
        for counter in hall.hall.counters:
            self._show(views.counter_view(self.state, counter.number))

    def _show(self, view: AnyView) -> None:
        """Send a view, unless the hall has been told the same before."""
        topic = wire.view_topic(self._hall, view)
        bare = msgspec.structs.replace(view, seq=0)
        if self._told.get(topic) != bare and self._publish(
            Letter(topic=topic, payload=wire.encode(view), retained=True)
        ):
            self._told[topic] = bare

    def _publish(self, letter: Letter) -> bool:
        try:
            self._bus.publish(letter)
        except BusDown:
            return False  # the views are sent anew when the broker is back, and commands are repeated
        return True

    def _connection(self, connected: bool) -> None:  # noqa: FBT001 - the bus's callback has this shape
        self._connected = connected
        self._told.clear()
        if connected:
            self._show_all()
            self._presence()

    def _presence(self) -> None:
        presence = Presence(
            node=NODE,
            role=Role.DISPATCHER,
            up=True,
            devices=self.alarms,
            bad_messages=self._bad_messages,
        )
        self._publish(
            Letter(
                topic=wire.topic(self._hall, "node/{}", NODE),
                payload=wire.encode(presence),
                retained=True,
                expiry_s=wire.PRESENCE_EXPIRY_S,
            )
        )

    async def _keep_presence(self) -> None:
        while True:
            await asyncio.sleep(wire.PRESENCE_INTERVAL_S)
            self._presence()

    async def _keep_pulse(self) -> None:
        while True:
            self._pulse.beat(now_s=self._loop.time())
            await asyncio.sleep(BEAT_S)

    async def _keep_day(self) -> None:
        while True:
            await asyncio.sleep(LOOK_AT_CLOCK_S)
            self.open_day()
            if self._connected:
                self._show_all()  # opening hours begin and end, and waits grow, though nobody presses anything


def _read_poison(path: Path) -> frozenset[str]:
    if not path.exists():
        return frozenset()
    ids = set()
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            ids.add(json.loads(line))
        except ValueError:
            log.warning("%s: a line cut off by a power failure is passed over: %r", path, line)
    return frozenset(ids)


async def serve(config: DispatcherFile, hall: Hall | BrokenConfig, login: Login, *, accept_loss: bool) -> None:
    """Run the dispatcher over its journal; `hall` is the hall file, or what is wrong with it."""
    journal = Journal(Path(config.state_dir))
    presence = wire.topic(config.hall, "node/{}", NODE)
    probe = MqttBus(login=login, subscriptions=[wire.topic(config.hall, "view/#"), presence])
    compare(journal, await what_was_told(bus=probe, hall=config.hall), accept_loss=accept_loss)
    dispatcher = Dispatcher(
        bus=MqttBus(
            login=login,
            subscriptions=[wire.topic(config.hall, "cmd/{}", "+")],
            will=will(hall=config.hall, node=NODE, role=Role.DISPATCHER),
        ),
        journal=journal,
        hall=config.hall,
        poison=Path(config.state_dir) / "refused-commands.jsonl",
        now=lambda: datetime.now(UTC),
    )
    dispatcher.open_day()
    if isinstance(hall, Hall):
        dispatcher.configure(hall)
    elif dispatcher.state.hall is None:
        raise hall
    else:
        dispatcher.alarm("hall.toml", f"broken; the last good one stays in force. {hall}")
    log.info("hall %s, day %s, epoch %d, event %d", config.hall, dispatcher.state.day, journal.epoch, journal.seq)
    await dispatcher.run()


async def _until_told_to_stop(serving: Coroutine[None, None, None]) -> None:
    """Serve until SIGTERM or SIGINT; the hall hears a goodbye, and does not wait for a presence to expire."""
    task = asyncio.ensure_future(serving)
    for order in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(order, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _hall(path: Path) -> Hall | BrokenConfig:
    try:
        return load_hall(path)
    except BrokenConfig as error:
        return error


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m broker.dispatcher", description="Decides whose turn it is.")
    parser.add_argument("--config", type=Path, required=True, help="the dispatcher's node file")
    parser.add_argument("--accept-loss", action="store_true", help="go on though the journal lacks what the hall knows")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        config = load_node(options.config, DispatcherFile)
        hall, login = _hall(Path(config.hall_file)), login_of(config)
        asyncio.run(_until_told_to_stop(serve(config, hall, login, accept_loss=options.accept_loss)))
    except BrokenConfig as error:
        log.critical("%s", error)
        return os.EX_CONFIG
    except (JournalDamaged, JournalTooNew, JournalInUse, JournalBehind, OSError) as error:
        log.critical("%s", error)
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
