"""The dispatcher over a bus: decides once, writes before it tells, and knows what was told."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from broker.bus import Letter, MemoryBroker, MemoryBus
from broker.contract import wire
from broker.contract.messages import (
    AnyCommand,
    ArmCounter,
    Called,
    CallNext,
    CallRepeated,
    CounterView,
    FinishService,
    GivenNumbers,
    Hall,
    HallView,
    OpenDay,
    Policy,
    Presence,
    Recall,
    Recorded,
    Refused,
    ReportSlip,
    Role,
    SlipFate,
    TakeTicket,
    TicketCalled,
    TicketReady,
    TicketTaken,
    View,
)
from broker.dispatcher import Dispatcher
from broker.hall.life import ISSUED
from broker.journal import Journal, read_day
from broker.link import HallLink, subscriptions, will
from broker.told import JournalBehind, Seen, compare, what_nodes_saw, what_was_told
from display.voice_node import heard_by_voice

Story = Callable[[Coroutine[Any, Any, None]], None]
ALL = ("view/hall", "view/queues", "view/board/+", "view/counter/+", "event/+")
AT = datetime(2026, 11, 21, 1, tzinfo=UTC)


class Member:
    """A node of the hall, and what it heard."""

    def __init__(
        self,
        broker: MemoryBroker,
        name: str,
        role: Role,
        clock: Callable[[], float],
        *,
        also: Sequence[str] = ALL,
        look_back: int = 0,
    ) -> None:
        bus = broker.bus(
            name=name,
            subscriptions=subscriptions(hall="east", node=name, also=also),
            will=will(hall="east", node=name, role=role),
        )
        self.views: list[View] = []
        self.events: list[Recorded] = []
        self.here = asyncio.Event()
        self.heard = asyncio.Event()  # something has happened
        self.link = HallLink(
            bus=bus,
            hall="east",
            node=name,
            role=role,
            clock=clock,
            on_view=self.views.append,
            on_event=self._happened,
            on_hall_here=lambda here: self.here.set() if here else self.here.clear(),
            look_back=look_back,
        )

    def _happened(self, recorded: Recorded) -> None:
        self.events.append(recorded)
        self.heard.set()


@asynccontextmanager
async def hall_at_work(
    directory: Path, hall: Hall, *, now: Callable[[], datetime] = lambda: AT
) -> AsyncIterator[tuple[MemoryBroker, Dispatcher, Member, Member]]:
    """A dispatcher, a kiosk and a counter box on one bus."""
    broker = MemoryBroker()
    journal = Journal(directory)
    dispatcher = Dispatcher(
        bus=broker.bus(
            name="dispatcher",
            subscriptions=[wire.topic("east", "cmd/{}", "+")],
            will=will(hall="east", node="dispatcher", role=Role.DISPATCHER),
        ),
        journal=journal,
        hall="east",
        poison=directory / "poison.jsonl",
        now=now,
    )
    dispatcher.configure(hall)
    clock = asyncio.get_running_loop().time
    kiosk, box = Member(broker, "kiosk-1", Role.KIOSK, clock), Member(broker, "box-1", Role.COUNTER, clock)
    running = [asyncio.create_task(each) for each in (dispatcher.run(), kiosk.link.run(), box.link.run())]
    async with asyncio.timeout(5):
        await kiosk.here.wait()
        await box.here.wait()
    yield broker, dispatcher, kiosk, box
    for task in running:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    journal.close()


async def take(kiosk: Member, command_id: str) -> TicketTaken:
    taken = await kiosk.link.ask(TakeTicket(id=command_id, service="bill"))
    assert isinstance(taken, TicketTaken)
    await kiosk.link.ask(ReportSlip(id=f"{command_id}-slip", visit=taken.visit, fate=SlipFate.PRINTED))
    return taken


async def test_a_command_sent_twice_is_done_once(tmp_path: Path, small_hall: Hall) -> None:
    async with hall_at_work(tmp_path, small_hall) as (_, _, kiosk, _):
        first = await take(kiosk, "same")
        second = await kiosk.link.ask(TakeTicket(id="same", service="bill"))
    assert second == first


async def test_a_command_repeated_after_a_restart_gets_its_old_answer(tmp_path: Path, small_hall: Hall) -> None:
    async with hall_at_work(tmp_path, small_hall) as (_, _, kiosk, _):
        first = await take(kiosk, "same")
    async with hall_at_work(tmp_path, small_hall) as (_, dispatcher, kiosk, _):
        second = await kiosk.link.ask(TakeTicket(id="same", service="bill"))
        assert [visit.ticket for visit in dispatcher.state.visits.values()] == ["A001"]
    assert second == first


async def test_a_command_of_before_midnight_gets_its_old_answer_after_it_and_is_forgotten_a_day_later(
    tmp_path: Path, small_hall: Hall
) -> None:
    days = 0
    async with hall_at_work(tmp_path, small_hall, now=lambda: AT + timedelta(days=days)) as (_, dispatcher, kiosk, _):
        first = await kiosk.link.ask(TakeTicket(id="same", service="bill"))
        days = 1
        dispatcher.open_day()
        assert await kiosk.link.ask(TakeTicket(id="same", service="bill")) == first
        assert not list(dispatcher.state.open_visits())
        days = 2
        dispatcher.open_day()
        third = await kiosk.link.ask(TakeTicket(id="same", service="bill"))
    assert isinstance(third, TicketTaken)
    assert third.visit == "2026-11-23-A001"


async def test_a_clock_that_went_back_is_told_until_it_is_right_again(tmp_path: Path, small_hall: Hall) -> None:
    at = AT
    async with hall_at_work(tmp_path, small_hall, now=lambda: at) as (_, dispatcher, _, _):
        at = AT - timedelta(days=400)
        dispatcher.open_day()
        assert [alarm.name for alarm in dispatcher.alarms] == ["clock"]
        at = AT + timedelta(hours=1)
        dispatcher.open_day()
        assert not dispatcher.alarms


async def test_a_service_that_is_taken_away_while_people_wait_for_it_closes_and_goes_at_midnight(
    tmp_path: Path, small_hall: Hall
) -> None:
    at = AT
    changed = msgspec.structs.replace(
        small_hall,
        services=small_hall.services[1:],
        counters=(msgspec.structs.replace(small_hall.counters[0], skills=("new",)),),
    )
    async with hall_at_work(tmp_path, small_hall, now=lambda: at) as (_, dispatcher, kiosk, box):
        await take(kiosk, "t")
        dispatcher.take_up(changed)
        assert dispatcher.state.hall is not None
        assert [(each.id, each.closing) for each in dispatcher.state.hall.services] == [("new", False), ("bill", True)]
        assert isinstance(await kiosk.link.ask(TakeTicket(id="late", service="bill")), Refused)
        assert isinstance(await box.link.ask(CallNext(id="n", counter=1)), Called)
        at = AT + timedelta(days=1)
        dispatcher.open_day()
        assert dispatcher.state.hall == changed
        assert not dispatcher.alarms


async def test_next_on_two_pads_in_one_instant_calls_two_customers_or_one_once(
    tmp_path: Path, small_hall: Hall
) -> None:
    async with hall_at_work(tmp_path, small_hall) as (_, _, kiosk, box):
        await take(kiosk, "only")
        answers = await asyncio.gather(
            box.link.ask(CallNext(id="left", counter=1)), box.link.ask(CallNext(id="right", counter=2))
        )
    assert sorted(type(answer).__name__ for answer in answers) == ["Called", "Refused"]


async def test_what_is_told_is_on_disk(tmp_path: Path, small_hall: Hall) -> None:
    """At the moment when the box hears of a call, another reader finds it in the journal."""
    async with hall_at_work(tmp_path, small_hall) as (_, dispatcher, kiosk, box):
        await take(kiosk, "t")
        answer = await box.link.ask(CallNext(id="n", counter=1))
        assert isinstance(answer, Called)
        called = [each for each in box.events if isinstance(each.event, TicketCalled)]
    journal = Journal(tmp_path)
    on_disk = list(journal.replay())
    assert called
    assert all(each in on_disk for each in called)
    assert journal.seq == dispatcher.state.seq


async def test_screens_are_right_after_a_restart(tmp_path: Path, small_hall: Hall) -> None:
    async with hall_at_work(tmp_path, small_hall) as (_, _, kiosk, box):
        await take(kiosk, "t")
        await box.link.ask(CallNext(id="n", counter=1))
    async with hall_at_work(tmp_path, small_hall) as (_, _, _, box):
        shown = {view.counter: view for view in box.views if isinstance(view, CounterView)}
        assert shown[1].ticket == "A001"
        assert any(isinstance(view, HallView) and view.day == "2026-11-21" for view in box.views)


async def test_a_bad_message_is_counted_and_stops_nobody(tmp_path: Path, small_hall: Hall) -> None:
    async with hall_at_work(tmp_path, small_hall) as (broker, _, kiosk, _):
        for payload in (b"", b"{", b'{"type":"TakeTicket"}', b'{"type":"Explode","id":"x"}', b"\xff\xfe"):
            broker.carry("kiosk-1", Letter(topic="hallcall/1/east/cmd/kiosk-1", payload=payload))
        assert (await take(kiosk, "after")).ticket == "A001"


async def test_no_nonsense_of_a_node_ends_the_dispatcher(tmp_path: Path, small_hall: Hall) -> None:
    deep = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b',"type":"TakeTicket"}'
    far = b'{"type":"ReadEvents","id":"far","after_seq":%d}' % 10**30
    old = b'{"type":"TakeTicket","id":"old","service":"bill","age_ms":%d}' % 10**30
    async with hall_at_work(tmp_path, small_hall) as (broker, _, kiosk, _):
        for payload in (deep, far, old):
            broker.carry("kiosk-1", Letter(topic="hallcall/1/east/cmd/kiosk-1", payload=payload))
        assert (await take(kiosk, "after")).ticket == "A001"


async def test_a_command_that_the_broker_kept_is_no_press(tmp_path: Path, small_hall: Hall) -> None:
    """Whoever has it kept as a topic's last word would press again at each restart of the dispatcher."""
    async with hall_at_work(tmp_path, small_hall) as (broker, dispatcher, kiosk, _):
        press = wire.encode(TakeTicket(id="kept", service="bill"))
        broker.crash()
        broker.restart()
        broker.carry("kiosk-1", Letter(topic="hallcall/1/east/cmd/kiosk-1", payload=press, retained=True))
        async with asyncio.timeout(5):
            await kiosk.here.wait()
        await take(kiosk, "after")
        assert [visit.ticket for visit in dispatcher.state.visits.values()] == ["A001"]


async def test_a_fault_in_deciding_is_refused_and_the_hall_goes_on(tmp_path: Path, small_hall: Hall) -> None:
    async with hall_at_work(tmp_path, small_hall) as (_, dispatcher, kiosk, box):
        await take(kiosk, "t")
        dispatcher.state.able[1] = [None]  # type: ignore[list-item] # what counter 1 may serve, mistaken
        answer = await box.link.ask(CallNext(id="bad", counter=1))
        assert isinstance(answer, Refused)
        assert answer.reason == "fault"
        assert (await take(kiosk, "good")).ticket == "A002"
        dispatcher.state.able.clear()
        assert isinstance(await box.link.ask(CallNext(id="better", counter=1)), Called)


async def test_a_command_noted_as_poison_is_refused(tmp_path: Path, small_hall: Hall) -> None:
    (tmp_path / "poison.jsonl").write_text('"poison"\n"cut o', encoding="utf-8")  # the end fell to a power cut
    async with hall_at_work(tmp_path, small_hall) as (_, _, kiosk, _):
        answer = await kiosk.link.ask(TakeTicket(id="poison", service="bill"))
    assert isinstance(answer, Refused)
    assert answer.reason == "fault"


async def test_after_a_disk_that_was_full_nothing_more_is_told_or_written(tmp_path: Path, small_hall: Hall) -> None:
    """Commands that arrive while the failed commit ends the process are neither answered nor carried out."""
    broker, journal = MemoryBroker(), Journal(tmp_path)
    dispatcher = Dispatcher(
        bus=broker.bus(name="dispatcher", subscriptions=[wire.topic("east", "cmd/{}", "+")]),
        journal=journal,
        hall="east",
        poison=tmp_path / "poison.jsonl",
        now=lambda: AT,
    )
    dispatcher.configure(small_hall)
    on_disk = journal.seq
    assert journal._db is not None
    journal._db.execute("PRAGMA max_page_count = 1")  # no page more than it has by now
    member = Member(broker, "kiosk-1", Role.KIOSK, asyncio.get_running_loop().time)

    def say(command: AnyCommand) -> None:
        broker.carry("kiosk-1", Letter(topic="hallcall/1/east/cmd/kiosk-1", payload=wire.encode(command)))

    listening, serving = asyncio.create_task(member.link.run()), asyncio.create_task(dispatcher.run())
    async with asyncio.timeout(5):
        await member.here.wait()
    say(TakeTicket(id="first", service="bill"))
    say(ReportSlip(id="large", visit="x" * 200_000, fate=SlipFate.PRINTED))  # no room for its refusal
    for command in range(20):
        say(TakeTicket(id=f"small-{command}", service="bill"))
        await asyncio.sleep(0)
    with pytest.RaisesGroup(sqlite3.OperationalError):
        await serving
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening
    journal.close()
    assert not [each for each in member.events if each.seq > on_disk]
    assert not [view for view in member.views if view.seq > on_disk]
    assert Journal(tmp_path).seq == on_disk


async def test_a_recall_while_the_voice_was_cut_off_reaches_it_when_it_is_back(
    tmp_path: Path, small_hall: Hall
) -> None:
    async with hall_at_work(tmp_path, small_hall) as (broker, _, kiosk, box):
        await take(kiosk, "t")
        called = await box.link.ask(CallNext(id="n", counter=1))
        assert isinstance(called, Called)
        clock = asyncio.get_running_loop().time
        voice = Member(broker, "board-1", Role.DISPLAY, clock, also=heard_by_voice("main"))
        listening = asyncio.create_task(voice.link.run())
        async with asyncio.timeout(5):
            await voice.here.wait()
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
        await box.link.ask(Recall(id="again", counter=1, seen=called.call))
        listening = asyncio.create_task(voice.link.run())
        async with asyncio.timeout(5):
            await voice.heard.wait()
        assert [type(each.event) for each in voice.events] == [CallRepeated]
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening


async def test_a_voice_that_starts_again_hears_of_the_calls_that_it_had_not_spoken(
    tmp_path: Path, small_hall: Hall
) -> None:
    async with hall_at_work(tmp_path, small_hall) as (broker, _, kiosk, box):
        for command in ("one", "two"):
            await take(kiosk, command)
        await box.link.ask(CallNext(id="left", counter=1))
        await box.link.ask(CallNext(id="right", counter=2))
        clock = asyncio.get_running_loop().time
        voice = Member(broker, "board-1", Role.DISPLAY, clock, also=heard_by_voice("main"), look_back=2)
        listening = asyncio.create_task(voice.link.run())
        async with asyncio.timeout(5):
            await voice.heard.wait()
        called = [each.event.ticket for each in voice.events if isinstance(each.event, TicketCalled)]
        assert called == ["A001", "A002"]
        assert len(voice.events) == 2
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening


async def test_a_journal_behind_what_was_told_is_noticed(tmp_path: Path, small_hall: Hall) -> None:
    async with hall_at_work(tmp_path / "whole", small_hall) as (broker, dispatcher, kiosk, box):
        await take(kiosk, "t")
        probe = broker.bus(
            name="dispatcher", subscriptions=["hallcall/1/east/view/#", "hallcall/1/east/node/dispatcher"]
        )
        await box.link.ask(CallNext(id="n", counter=1))
        told = await what_was_told(bus=probe, hall="east")
        assert told == (1, dispatcher.state.seq)
    empty = Journal(tmp_path / "empty")
    with pytest.raises(JournalBehind, match="--accept-loss"):
        compare(empty, told, accept_loss=False)
    assert compare(empty, told, accept_loss=True)


def test_a_restored_hall_waits_for_its_kiosks_and_for_no_other(in_no_time: Story) -> None:
    async def story() -> None:
        broker = MemoryBroker()
        began = asyncio.get_running_loop().time()
        kiosks = [broker.bus(name=f"kiosk-{n}", subscriptions=[]) for n in (1, 2)]
        for bus in kiosks:
            bus.listen(on_letter=lambda _: None, on_state=lambda _: None)
        running = [asyncio.create_task(bus.run()) for bus in kiosks]

        async def speak(number: int, epoch: int, last: str) -> None:
            await asyncio.sleep(8)
            presence = Presence(
                node=f"kiosk-{number}",
                role=Role.KIOSK,
                up=True,
                epoch=epoch,
                given=GivenNumbers(day="2026-11-21", last={"bill": last}),
            )
            letter = Letter(topic=wire.topic("east", "node/{}", presence.node), payload=wire.encode(presence))
            kiosks[number - 1].publish(letter)

        def listening() -> MemoryBus:
            return broker.bus(name="dispatcher", subscriptions=["hallcall/1/east/node/+"])

        running += [asyncio.create_task(speak(1, 3, "A007")), asyncio.create_task(speak(2, 5, "A009"))]
        seen = await what_nodes_saw(bus=listening(), hall="east", kiosks=["kiosk-1", "kiosk-2"])
        assert (seen.epoch, seen.silent) == (5, set())
        assert sorted(each.last["bill"] for each in seen.given) == ["A007", "A009"]
        assert asyncio.get_running_loop().time() - began < 10
        running.append(asyncio.create_task(speak(1, 3, "A007")))
        seen = await what_nodes_saw(bus=listening(), hall="east", kiosks=["kiosk-1", "kiosk-2"])
        assert seen.silent == {"kiosk-2"}
        for task in running:
            task.cancel()

    in_no_time(story())


async def test_a_kiosk_that_printed_higher_numbers_is_believed(tmp_path: Path, small_hall: Hall) -> None:
    async with hall_at_work(tmp_path, small_hall) as (_, dispatcher, kiosk, _):
        first = await take(kiosk, "t-1")
        presence = Presence(
            node="kiosk-2",
            role=Role.KIOSK,
            up=True,
            given=GivenNumbers(day=first.visit.removesuffix("-A001"), last={"bill": "A044"}),
        )
        dispatcher.resume(Seen(silent={"kiosk-2"}))
        assert [each.name for each in dispatcher.alarms] == ["numbers of kiosk-2"]
        letter = Letter(topic=wire.topic("east", "node/{}", "kiosk-2"), payload=wire.encode(presence))
        dispatcher._hear(letter)
        assert dispatcher.alarms == ()
        assert (await take(kiosk, "t-2")).ticket == "A045"


def test_a_dispatcher_that_loses_the_broker_while_it_asks_what_was_told_asks_again(in_no_time: Story) -> None:
    async def story() -> None:
        broker = MemoryBroker()
        seen: list[Letter] = []
        listener = broker.bus(name="watcher", subscriptions=["hallcall/1/east/node/dispatcher"])

        def lose_it(letter: Letter) -> None:
            seen.append(letter)
            if len(seen) == 1:
                broker.crash()
                broker.restart()

        listener.listen(on_letter=lose_it, on_state=lambda _: None)
        listening = asyncio.create_task(listener.run())
        await asyncio.sleep(0)
        probe = broker.bus(
            name="dispatcher", subscriptions=["hallcall/1/east/view/#", "hallcall/1/east/node/dispatcher"]
        )
        async with asyncio.timeout(60):
            assert await what_was_told(bus=probe, hall="east") == (0, 0)
        listening.cancel()

    in_no_time(story())


class Clock:
    """The wall clock of a story told in no time: it goes with the loop's, and can be set."""

    def __init__(self) -> None:
        self.offset = timedelta()
        self.asked = 0

    def __call__(self) -> datetime:
        self.asked += 1
        return AT + self.offset + timedelta(seconds=asyncio.get_running_loop().time())


def ready(member: Member) -> list[str]:
    return [each.event.ticket for each in member.events if isinstance(each.event, TicketReady)]


def test_a_ticket_whose_slip_nobody_reports_becomes_callable_by_itself(
    tmp_path: Path, small_hall: Hall, in_no_time: Story
) -> None:
    async def story() -> None:
        async with hall_at_work(tmp_path, small_hall, now=Clock()) as (_, _, kiosk, box):
            for command in ("one", "two"):
                await kiosk.link.ask(TakeTicket(id=command, service="bill"))
            assert isinstance(await box.link.ask(CallNext(id="early", counter=1)), Refused)
            await asyncio.sleep(small_hall.slip_grace_s + 0.1)
            assert ready(box) == ["A001", "A002"]
            assert isinstance(await box.link.ask(CallNext(id="late", counter=1)), Called)

    in_no_time(story())
    assert {node for node, _ in Journal(tmp_path).answers()} == {"kiosk-1", "box-1"}  # nobody asks for our own


def test_a_deadline_that_came_while_the_dispatcher_was_down_is_seen_to_at_its_start(
    tmp_path: Path, small_hall: Hall, in_no_time: Story
) -> None:
    clock = Clock()

    async def morning() -> None:
        async with hall_at_work(tmp_path, small_hall, now=clock) as (_, _, kiosk, _):
            await kiosk.link.ask(TakeTicket(id="one", service="bill"))

    async def later() -> None:
        clock.offset = timedelta(minutes=5)
        async with hall_at_work(tmp_path, small_hall, now=clock) as (_, _, _, box):
            await asyncio.sleep(0.1)
            assert isinstance(await box.link.ask(CallNext(id="n", counter=1)), Called)

    in_no_time(morning())
    in_no_time(later())


def test_a_clock_that_was_set_back_is_not_asked_all_the_time(
    tmp_path: Path, small_hall: Hall, in_no_time: Story
) -> None:
    async def story() -> None:
        clock = Clock()
        async with hall_at_work(tmp_path, small_hall, now=clock) as (_, dispatcher, kiosk, _):
            await kiosk.link.ask(TakeTicket(id="one", service="bill"))
            await asyncio.sleep(small_hall.slip_grace_s - 0.001)
            await kiosk.link.ask(TakeTicket(id="two", service="new"))
            clock.offset, clock.asked = -timedelta(hours=1), 0
            await asyncio.sleep(60)
            assert clock.asked < 60 * 100
            clock.offset = timedelta()
            await asyncio.sleep(1)
            assert not [visit for visit in dispatcher.state.open_visits() if visit.state is ISSUED]

    in_no_time(story())


def test_an_armed_counter_rests_after_a_visit_and_is_then_given_the_next(
    tmp_path: Path, small_hall: Hall, in_no_time: Story
) -> None:
    hall = msgspec.structs.replace(small_hall, policy=Policy(rest_s=7))

    async def story() -> None:
        async with hall_at_work(tmp_path, hall, now=Clock()) as (_, dispatcher, kiosk, box):
            await box.link.ask(ArmCounter(id="arm", counter=1, armed=True))
            for command in ("one", "two"):
                await take(kiosk, command)
            first = dispatcher.state.visit_at(1)
            assert first is not None
            await box.link.ask(FinishService(id="f", counter=1, seen=first.call))
            assert dispatcher.state.visit_at(1) is None
            await asyncio.sleep(7.1)
            shown = [view for view in box.views if isinstance(view, CounterView) and view.counter == 1]
            assert [first.ticket, shown[-1].ticket] == ["A001", "A002"]
            assert [each.event.pushed for each in box.events if isinstance(each.event, TicketCalled)] == [True, True]

    in_no_time(story())


async def test_a_push_noted_as_poison_is_not_tried_again_and_the_clerk_can_still_ask(
    tmp_path: Path, small_hall: Hall
) -> None:
    (tmp_path / "poison.jsonl").write_text('"2026-11-21-A001.1"\n', encoding="utf-8")
    async with hall_at_work(tmp_path, small_hall) as (_, dispatcher, kiosk, box):
        await box.link.ask(ArmCounter(id="arm", counter=1, armed=True))
        await take(kiosk, "one")
        assert dispatcher.state.visit_at(1) is None
        assert isinstance(await box.link.ask(CallNext(id="n", counter=1)), Called)


async def test_presses_that_wait_together_share_one_commit_and_come_in_their_order(
    tmp_path: Path, small_hall: Hall
) -> None:
    async with hall_at_work(tmp_path, small_hall) as (broker, dispatcher, kiosk, _):
        statements: list[str] = []
        database = dispatcher._deciding._journal._db
        assert database is not None
        database.set_trace_callback(statements.append)
        for number in range(30):
            press = wire.encode(TakeTicket(id=f"t{number}", service="bill"))
            broker.carry("kiosk-2", Letter(topic="hallcall/1/east/cmd/kiosk-2", payload=press))
        await kiosk.link.ask(ReportSlip(id="s", visit="2026-11-21-A030", fate=SlipFate.PRINTED))
        database.set_trace_callback(None)
        assert statements.count("COMMIT") == 1
        assert list(dispatcher.state.by_ticket)[-1] == "A030"


async def test_at_midnight_what_was_due_stays_in_the_file_of_the_day_before(tmp_path: Path, small_hall: Hall) -> None:
    at = AT
    async with hall_at_work(tmp_path, small_hall, now=lambda: at) as (_, dispatcher, kiosk, _):
        await kiosk.link.ask(TakeTicket(id="t", service="bill"))
        at = AT + timedelta(days=1)
        dispatcher.open_day()
        await take(kiosk, "t2")
    before, after = (read_day(tmp_path / f"2026-11-{day}.sqlite") for day in (21, 22))
    assert [type(each.event).__name__ for each in before[-2:]] == ["TicketReady", "VisitEnded"]
    assert [type(each.event).__name__ for each in after[:2]] == ["DayOpened", "HallConfigured"]
    assert after[0].seq == before[-1].seq + 1


def test_a_counter_that_the_hall_no_longer_has_leaves_no_view_behind(
    tmp_path: Path, small_hall: Hall, in_no_time: Story
) -> None:
    smaller = msgspec.structs.replace(small_hall, counters=small_hall.counters[:1])

    async def story() -> None:
        async with hall_at_work(tmp_path, small_hall) as (broker, dispatcher, kiosk, _):
            dispatcher.take_up(smaller)
            await asyncio.sleep(1)
            newcomer = Member(broker, "board-1", Role.DISPLAY, asyncio.get_running_loop().time)
            listening = asyncio.create_task(newcomer.link.run())
            await newcomer.here.wait()
            await take(kiosk, "t")
            assert any(isinstance(view, HallView) and view.hall == smaller for view in newcomer.views)
            assert {view.counter for view in newcomer.views if isinstance(view, CounterView)} == {1}
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    in_no_time(story())


async def test_the_file_of_another_hall_is_not_taken_into_force(tmp_path: Path, small_hall: Hall) -> None:
    async with hall_at_work(tmp_path, small_hall) as (_, dispatcher, kiosk, _):
        dispatcher.take_up(msgspec.structs.replace(small_hall, id="west"))
        assert "another hall" in dispatcher.alarms[0].detail
        assert dispatcher.state.hall == small_hall
        dispatcher.take_up(small_hall)
        assert not dispatcher.alarms
        assert (await take(kiosk, "t")).ticket == "A001"


async def test_nobody_commands_in_the_dispatchers_own_name(tmp_path: Path, small_hall: Hall) -> None:
    async with hall_at_work(tmp_path, small_hall) as (broker, dispatcher, kiosk, _):
        order = wire.encode(OpenDay(id="false", day="2027-01-01"))
        broker.carry("kiosk-1", Letter(topic="hallcall/1/east/cmd/dispatcher", payload=order))
        assert (await take(kiosk, "t")).ticket == "A001"
        assert dispatcher.state.day == "2026-11-21"


def test_a_command_is_worth_an_answer_whatever_its_kind() -> None:
    kinds = {kind.__name__ for kind in AnyCommand.__args__}
    assert {"OpenDay", "ReadEvents"} < kinds
