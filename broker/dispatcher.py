"""The dispatcher: decides, writes down, then tells. `python -m broker.dispatcher --config dispatcher.toml`.

All commands that wait are decided and written down together (`deciding.py`); then answers, events and views go out
(`telling.py`). Nobody is told of what is not on disk; a failed commit ends the process, and replay restores the hall.
"""

import argparse
import asyncio
import contextlib
import hashlib
import logging
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from .alive import keep_alive
from .bus import Bus, Letter, Login, MqttBus
from .clock_trust import ClockRule, Machine, TrustedClock
from .config import BrokenConfig, DispatcherFile, load_hall, load_node, login_of
from .contract import wire
from .contract.messages import (
    AnyAnswer,
    AnyCommand,
    Command,
    ConfigureHall,
    DateConfirmed,
    DayOpened,
    DeviceState,
    DeviceStatus,
    GivenNumbers,
    Hall,
    OpenDay,
    Presence,
    ReadEvents,
    Refused,
    ResumeNumbers,
    Role,
)
from .deciding import Deciding, Waiting
from .hall.clock import ms, utc
from .hall.own import numbers_missing
from .journal import SCHEMA, Journal, JournalDamaged, JournalInUse, JournalTooNew
from .link import will
from .memory import Snapshots, remembered
from .poison import Poison
from .promising import PromiseTable
from .pulse import BEAT_S, Pulse
from .readable import NO_TRIAL, BrokenReader, OnTrial
from .telling import Telling
from .told import NODE, RESTORED, JournalBehind, Seen, compare, restored, what_nodes_saw, what_was_told

log = logging.getLogger(__name__)

REFUSED: Final = 3  # exit code: a person must look at the journal, the broker or a file first
LOOK_AT_CLOCK_S: Final = 20
_SILENT: Final = (
    "not heard since the journal was restored: the numbers that it printed last may be given again. Switch it on"
)
LEAST_WAIT_S: Final = 0.05  # for a deadline: a clock that was set back stands still, and would be asked all the time


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
        on_trial: OnTrial = NO_TRIAL,
        clock: TrustedClock | None = None,
    ) -> None:
        self._bus = bus
        self._hall = hall
        self._now = now
        self._clock = clock  # None: any time will do
        self._alarms: dict[str, DeviceStatus] = {}
        self._given: list[GivenNumbers] = []  # that the journal may lack
        self._waiting: list[Waiting] = []
        self._called = False  # the waiting commands will be taken when the loop comes round
        self._loop = asyncio.get_running_loop()
        self._pulse = Pulse(now_s=self._loop.time())
        self._failed: asyncio.Future[None] = self._loop.create_future()
        self._deadline: asyncio.TimerHandle | None = None
        self._bad_messages = 0
        self.state = remembered(journal)
        promises = PromiseTable(clock=self._loop.time)
        self._deciding = Deciding(
            journal=journal,
            state=self.state,
            poison=Poison(poison),
            now_ms=self._now_ms,
            promises=promises,
            on_trial=on_trial,
        )
        self._telling = Telling(
            bus=bus,
            hall=hall,
            state=self.state,
            promises=promises,
            now_ms=self._now_ms,
            is_on_disk=lambda: not self._deciding.is_ahead,
        )
        self._snapshots = Snapshots(journal=journal, state=self.state)
        bus.listen(on_letter=self._hear, on_state=self._connection)

    async def run(self) -> None:
        """Serve the hall until cancelled."""
        self._wait_for_deadline()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._bus.run())
            tasks.create_task(self._keep_presence())
            tasks.create_task(self._keep_day())
            tasks.create_task(self._keep_pulse())
            tasks.create_task(keep_alive())
            try:
                await self._failed
            finally:
                self._telling.farewell()

    # The hall's own affairs -------------------------------------------------------------------------------------------

    def take_up(self, hall: Hall | BrokenConfig) -> None:
        """Take a hall file into force; a broken one leaves the last good one there, with a red alarm that says why.

        Raises BrokenConfig where there is no last good one.
        """
        if isinstance(hall, Hall) and hall.id == self._hall:
            self._alarms.pop("hall.toml", None)
            self.configure(hall)
        elif self.state.hall is None:
            raise hall if isinstance(hall, BrokenConfig) else BrokenConfig(self._another_hall(hall))
        else:
            wrong = str(hall) if isinstance(hall, BrokenConfig) else self._another_hall(hall)
            self.alarm("hall.toml", f"broken; the last good one stays in force. {wrong}")
        self._presence()

    def _another_hall(self, hall: Hall) -> str:
        return f'id = "{hall.id}": it is the file of another hall; this dispatcher\'s own file says "{self._hall}"'

    def configure(self, hall: Hall) -> AnyAnswer:
        """Take a hall into force; the first one of all opens the first day."""
        if self.state.day is None:
            self._open_day(ZoneInfo(hall.timezone))
        digest = hashlib.sha256(msgspec.json.encode(hall)).hexdigest()[:16]
        answer = self._order(ConfigureHall(id=f"hall-{self.state.epoch}-{self.state.seq}-{digest}", hall=hall))
        if isinstance(answer, Refused):
            self.alarm("hall.toml", f"it could not be taken into force ({answer.reason}): see this program's log")
        return answer

    def alarm(self, name: str, detail: str) -> None:
        """Raise a red alarm in this node's presence."""
        status = DeviceStatus(name=name, state=DeviceState.FAULT, detail=detail)
        if self._alarms.get(name) != status:
            log.error("%s: %s", name, detail)
        self._alarms[name] = status

    @property
    def alarms(self) -> tuple[DeviceStatus, ...]:
        """What is wrong just now, as this node's presence tells it."""
        return tuple(self._alarms.values())

    def open_day(self) -> None:
        """Open today's business day if the clock has reached it."""
        if self.state.hall is not None:
            self._open_day(ZoneInfo(self.state.hall.timezone))

    def _open_day(self, zone: ZoneInfo) -> None:
        today, day = self._now().astimezone(zone).date().isoformat(), self.state.day
        distrust = self._distrust()
        if day is not None and today < day:
            self.alarm("clock", f"the clock says {today}, the journal {day}: set the clock")
        elif distrust and day is not None and day != today:
            self.alarm(
                "clock",
                f"no new day, {day} goes on: the clock says {today}, but {distrust}. Set it (hallcall clock), "
                f"or let a supervisor confirm the date: ConfirmDate day={today}",
            )
        elif distrust:
            detail = f"no day begins after {day or today}: {distrust}. Look for the time source (hallcall clock)"
            self._alarms["clock"] = DeviceStatus(name="clock", state=DeviceState.WARNING, detail=detail)
        else:
            self._alarms.pop("clock", None)
        if day is None or (today > day and not distrust):  # the first day of all: a technician stands by
            self._order(OpenDay(id=f"day-{today}", day=today))

    def _distrust(self) -> str:
        """Return why the clock is not believed, or nothing."""
        if self._clock is None:
            return ""
        last_ms = self.state.last_ms
        verdict = self._clock.verdict(last_event=utc(last_ms) if last_ms else None)
        return "" if verdict.trusted else verdict.why

    def resume(self, seen: Seen) -> None:
        """Go on after a restore, above all that was printed; a kiosk that said nothing is a red alarm until it does."""
        self._given += seen.given
        self._resume_numbers()
        for node in sorted(seen.silent):
            self.alarm(_silent(node), _SILENT)

    def _resume_numbers(self) -> None:
        """Give higher numbers than kiosks have printed, should the journal lack some of them."""
        for given in self._given:
            if numbers_missing(self.state, given.day, given.last):
                name = f"resume-{self.state.epoch}-{self.state.seq}"
                self._order(ResumeNumbers(id=name, day=given.day, last=given.last))
        self._given = [each for each in self._given if each.day > (self.state.day or "")]

    def _order(self, command: AnyCommand) -> AnyAnswer:
        """Carry out a command of our own."""
        return self._carry_out([Waiting(node=NODE, command=command)])[0]

    # What the nodes ask -----------------------------------------------------------------------------------------------

    def _hear(self, letter: Letter) -> None:
        if not letter.payload:
            return
        try:
            heard = wire.decode(self._hall, letter.topic, letter.payload)
        except wire.BadMessage as error:
            self._drop(str(error))
            return
        if isinstance(heard.message, Presence):
            self._heard_of(heard.level, heard.message)
            return
        if not isinstance(heard.message, Command):
            return
        if letter.retained:  # nobody presses now, whatever its age says
            self._drop(f"a command that the broker had kept on {letter.topic}")
            return
        if heard.level == NODE:
            self._drop(f"a command in this program's own name on {letter.topic}; who may write there?")
            return
        late_ms = self._pulse.late_ms(now_s=self._loop.time())
        command = msgspec.structs.replace(heard.message, age_ms=heard.message.age_ms + late_ms)
        self._waiting.append(Waiting(node=heard.level, command=command))
        if not self._called:
            self._called = True
            self._loop.call_soon(self._work)

    def _heard_of(self, node: str, presence: Presence) -> None:
        self._alarms.pop(_silent(node), None)
        given = presence.given
        if given is None or self.state.roles.get(node) is not Role.KIOSK or self._failed.done():
            return
        if numbers_missing(self.state, given.day, given.last):
            self._given.append(given)
            self._loop.call_soon(self._work)

    def _drop(self, what: str) -> None:
        self._bad_messages += 1
        log.warning("dropped: %s", what)

    def _work(self) -> None:
        """Take all that waits; whatever fails ends `run`, and so the process."""
        self._called = False
        try:
            self._take_all()
        except Exception as error:  # noqa: BLE001 - not to carry on: the loop would log it and go on
            if not self._failed.done():
                self._failed.set_exception(error)

    def _take_all(self) -> None:
        self._resume_numbers()
        batch, self._waiting = self._waiting, []
        orders = [each for each in batch if not isinstance(each.command, ReadEvents)]
        answers = self._carry_out(orders)
        for each, answer in zip(orders, answers, strict=True):
            self._telling.answer(each.node, answer)
        for each in batch:
            if isinstance(each.command, ReadEvents):
                self._telling.answer(each.node, self._deciding.read(each.command))

    def _carry_out(self, batch: list[Waiting]) -> list[AnyAnswer]:
        """Let commands be decided and written down, then tell what happened; return the answers."""
        answers, happened = self._deciding.carry_out(batch)
        if any(isinstance(each.event, DayOpened) for each in happened):
            self._deciding.forget_day_before_last()
        if self._clock is not None and any(isinstance(each.event, DateConfirmed) for each in happened):
            self._clock.confirmed()
            self._alarms.pop("clock", None)
        self._telling.happened(happened)
        self._snapshots.after(len(happened))
        self._wait_for_deadline()
        return answers

    def _wait_for_deadline(self) -> None:
        """See to it that the next deadline is noticed, though nobody presses anything."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        deadline_ms = self.state.next_deadline_ms()
        if deadline_ms is not None:
            wait_s = max((deadline_ms - self._now_ms()) / 1000, LEAST_WAIT_S)
            self._deadline = self._loop.call_later(min(wait_s, LOOK_AT_CLOCK_S), self._work)

    def _now_ms(self) -> int:
        return max(ms(self._now()), self.state.last_ms)

    # From time to time ------------------------------------------------------------------------------------------------

    def _connection(self, connected: bool) -> None:  # noqa: FBT001 - the bus's callback has this shape
        self._telling.connection(connected)
        if connected:
            self._presence()

    def _presence(self) -> None:
        self._telling.presence(devices=self.alarms, bad_messages=self._bad_messages)

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
            self._telling.all()  # opening hours begin and end, and waits grow, though nobody presses anything


# The program ----------------------------------------------------------------------------------------------------------


async def serve(config: DispatcherFile, login: Login, *, changed: asyncio.Event, accept_loss: bool) -> None:
    """Run the dispatcher over its journal. The hall file is read at the start, and again whenever it has `changed`."""
    path = Path(config.hall_file)
    hall = _hall(path)
    on_trial = OnTrial(Path(config.also_read_by) if config.also_read_by else None)
    if on_trial.reader is not None:
        log.info("on trial: whatever is written can be read by release %s", on_trial.reader.release)
    journal = Journal(Path(config.state_dir), newest=on_trial.reader.journal_format if on_trial.reader else SCHEMA)
    presence = wire.topic(config.hall, "node/{}", NODE)
    probe = MqttBus(login=login, subscriptions=[wire.topic(config.hall, "view/#"), presence])
    told = await what_was_told(bus=probe, hall=config.hall)
    mark = Path(config.state_dir) / RESTORED
    if compare(journal, told, accept_loss=accept_loss):
        mark.touch()
    seen = None
    if (known := restored(mark)) is not None:
        witness = MqttBus(login=login, subscriptions=[wire.topic(config.hall, "node/{}", "+")])
        seen = await what_nodes_saw(bus=witness, hall=config.hall, kiosks=_kiosks(hall))
        seen.given += known.given
        journal.raise_epoch(max(told[0], seen.epoch, known.epoch))
    trusted = config.clock is ClockRule.TRUSTED
    dispatcher = Dispatcher(
        bus=MqttBus(
            login=login,
            subscriptions=[wire.topic(config.hall, "cmd/{}", "+"), wire.topic(config.hall, "node/{}", "+")],
            will=will(hall=config.hall, node=NODE, role=Role.DISPATCHER),
        ),
        journal=journal,
        hall=config.hall,
        poison=Path(config.state_dir) / "refused-commands.jsonl",
        now=lambda: datetime.now(UTC),
        on_trial=on_trial,
        clock=_clock(config) if trusted else None,
    )
    dispatcher.open_day()
    dispatcher.take_up(hall)
    if seen is not None:
        dispatcher.resume(seen)
        mark.unlink()
    log.info("hall %s, day %s, epoch %d, event %d", config.hall, dispatcher.state.day, journal.epoch, journal.seq)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(dispatcher.run())
        tasks.create_task(_follow(path, dispatcher, changed))


def _kiosks(hall: Hall | BrokenConfig) -> list[str]:
    """Return the kiosks of a hall; of one whose file is broken somebody who never speaks, and is waited for."""
    return [each.id for each in hall.nodes if each.role is Role.KIOSK] if isinstance(hall, Hall) else [""]


def _clock(config: DispatcherFile) -> TrustedClock:
    ahead = timedelta(days=config.clock_days_ahead)
    return TrustedClock(kept=Path(config.state_dir) / "clock.json", ahead=ahead, facts=Machine().facts)


async def _follow(path: Path, dispatcher: Dispatcher, changed: asyncio.Event) -> None:
    while True:
        await changed.wait()
        changed.clear()
        log.info("reading %s again", path)
        dispatcher.take_up(await asyncio.to_thread(_hall, path))  # presses go on meanwhile


def _silent(node: str) -> str:
    return f"numbers of {node}"


def _hall(path: Path) -> Hall | BrokenConfig:
    try:
        return load_hall(path)
    except BrokenConfig as error:
        return error


async def _until_told_to_stop(config: DispatcherFile, login: Login, *, accept_loss: bool) -> None:
    """Serve until SIGTERM or SIGINT; the hall hears a goodbye, and does not wait for a presence to expire.

    SIGHUP: the hall file has changed.
    """
    loop, changed = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, changed.set)
    task = asyncio.ensure_future(serve(config, login, changed=changed, accept_loss=accept_loss))
    for order in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(order, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m broker.dispatcher", description="Decides whose turn it is.")
    parser.add_argument("--config", type=Path, required=True, help="the dispatcher's node file")
    parser.add_argument("--accept-loss", action="store_true", help="go on though the journal lacks what the hall knows")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        config = load_node(options.config, DispatcherFile)
        asyncio.run(_until_told_to_stop(config, login_of(config), accept_loss=options.accept_loss))
    except BrokenConfig as error:
        log.critical("%s", error)
        return os.EX_CONFIG
    except (JournalDamaged, JournalTooNew, JournalInUse, JournalBehind, BrokenReader, OSError) as error:
        log.critical("%s", error)
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
