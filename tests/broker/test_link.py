"""A node's link: a press is repeated until answered, an event comes once and in order, presence is kept."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from broker.bus import Letter, MemoryBroker, MemoryBus
from broker.contract import wire
from broker.contract.messages import (
    AnyAnswer,
    AnyCommand,
    AnyView,
    CallNext,
    Command,
    CounterState,
    CounterView,
    DayOpened,
    DeviceState,
    Done,
    EventsRead,
    Presence,
    QueuesView,
    ReadEvents,
    Recorded,
    Refused,
    Role,
)
from broker.link import HallLink, Unanswered, subscriptions, will

Story = Callable[[Coroutine[Any, Any, None]], None]
AT = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)


def event(seq: int, *, epoch: int = 1) -> Recorded:
    return Recorded(epoch=epoch, seq=seq, at=AT, event=DayOpened(day="2026-11-22"))


def queues(seq: int, *, epoch: int = 1) -> QueuesView:
    return QueuesView(epoch=epoch, seq=seq, queues=())


class Desk:
    """The dispatcher's place in these stories: it hears commands, and answers what it was told to."""

    def __init__(self, broker: MemoryBroker) -> None:
        self.heard: list[tuple[float, AnyCommand]] = []  # with the time
        self.answer: Callable[[AnyCommand], AnyAnswer | None] = lambda _: None
        self.presences: list[tuple[float, Presence]] = []
        wanted = [wire.topic("east", "cmd/{}", "+"), wire.topic("east", "node/{}", "+")]
        self.bus: MemoryBus = broker.bus(
            name="dispatcher", subscriptions=wanted, will=will(hall="east", node="dispatcher", role=Role.DISPATCHER)
        )
        self.bus.listen(on_letter=self._hear, on_state=lambda _: None)

    def _hear(self, letter: Letter) -> None:
        message = wire.decode("east", letter.topic, letter.payload).message
        now = asyncio.get_running_loop().time()
        if isinstance(message, Presence) and message.node != "dispatcher":
            self.presences.append((now, message))
        if isinstance(message, Command):
            self.heard.append((now, message))
            answer = self.answer(message)
            if answer is not None:
                self._say(wire.topic("east", "reply/{}", "box-1"), wire.encode(answer))

    def _say(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        self.bus.publish(Letter(topic=topic, payload=payload, retained=retained))

    def say(self, *said: AnyView | Recorded) -> None:
        for message in said:
            if isinstance(message, Recorded):
                self._say(wire.event_topic("east", message), wire.encode(message))
            else:
                self._say(wire.view_topic("east", message), wire.encode(message), retained=True)

    def show(self, *, up: bool = True, topic_of: str = "dispatcher") -> None:
        presence = Presence(node="dispatcher", role=Role.DISPATCHER, up=up)
        self._say(wire.topic("east", "node/{}", topic_of), wire.encode(presence), retained=True)

    def nonsense(self) -> None:
        self._say(wire.topic("east", "view/queues"), b"{")

    def reads(self, *events: Recorded) -> None:
        """Answer the catch-up from these events, two at a time."""

        def answer(command: AnyCommand) -> AnyAnswer | None:
            if not isinstance(command, ReadEvents):
                return None
            later = [each for each in events if each.seq > command.after_seq]
            return EventsRead(id=command.id, epoch=1, events=tuple(later[:2]), more=len(later) > 2)

        self.answer = answer


class Box:
    """A counter box's program: all it does is remember."""

    def __init__(self, broker: MemoryBroker, *, since: tuple[int, int] | None = None) -> None:
        self.events: list[int] = []
        self.epochs: list[int] = []  # of the same events
        self.views: list[tuple[int, int]] = []
        self.here: list[bool] = []
        wanted = subscriptions(hall="east", node="box-1", also=["view/queues", "view/counter/1", "event/+"])
        wanted.append(wire.topic("east", "node/{}", "kiosk-1"))
        self.bus = broker.bus(
            name="box-1", subscriptions=wanted, will=will(hall="east", node="box-1", role=Role.COUNTER)
        )
        self.link = HallLink(
            bus=self.bus,
            hall="east",
            node="box-1",
            role=Role.COUNTER,
            since=since,
            clock=asyncio.get_running_loop().time,
            on_view=lambda view: self.views.append((view.epoch, view.seq)),
            on_event=self._note,
            on_hall_here=self.here.append,
        )

    def _note(self, recorded: Recorded) -> None:
        self.events.append(recorded.seq)
        self.epochs.append(recorded.epoch)


@asynccontextmanager
async def running(program: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(program)
    try:
        await settled()
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def settled(*, after_s: float = 0.01) -> None:
    """Let everybody read their letters; on this clock it takes no time."""
    loop = asyncio.get_running_loop()
    later = loop.create_future()
    loop.call_later(after_s, later.set_result, None)
    await later


@asynccontextmanager
async def hall(*, since: tuple[int, int] | None = None) -> AsyncIterator[tuple[Desk, Box, MemoryBroker]]:
    broker = MemoryBroker()
    desk = Desk(broker)
    async with running(desk.bus.run()):
        desk.say(window(2), queues(8))
        box = Box(broker, since=since)
        async with running(box.link.run()):
            yield desk, box, broker


def window(seq: int) -> CounterView:
    return CounterView(epoch=1, seq=seq, counter=1, state=CounterState.IDLE, waiting=0)


def press(box: Box) -> CallNext:
    return CallNext(id=box.link.new_id(), counter=1)


# Commands -------------------------------------------------------------------------------------------------------------


def test_a_press_is_repeated_under_its_id_until_answered(in_no_time: Story) -> None:
    async def story() -> None:
        async with hall() as (desk, box, _):
            desk.answer = lambda command: Done(id=command.id) if len(desk.heard) == 3 else None
            answer = await box.link.ask(press(box))
            times = [round(at - desk.heard[0][0], 1) for at, _ in desk.heard]
            assert times == [0, 1, 2]
            assert {command.id for _, command in desk.heard} == {answer.id}

    in_no_time(story())


def test_a_press_tells_its_age_at_each_repeat(in_no_time: Story) -> None:
    async def story() -> None:
        async with hall() as (desk, box, _):
            with pytest.raises(Unanswered, match=r"no answer to CallNext within 5\.0 s"):
                await box.link.ask(press(box))
            assert [round(command.age_ms, -2) for _, command in desk.heard] == [0, 1000, 2000, 3000, 4000]

    in_no_time(story())


def test_a_press_during_an_outage_is_sent_with_its_age_when_the_broker_is_back(in_no_time: Story) -> None:
    async def story() -> None:
        async with hall() as (desk, box, broker):
            desk.answer = lambda command: Done(id=command.id)
            broker.crash()
            await settled()
            asking = asyncio.create_task(box.link.ask(press(box)))
            await settled(after_s=2.5)
            assert desk.heard == []
            broker.restart()
            assert isinstance(await asking, Done)
            assert [round(command.age_ms, -2) for _, command in desk.heard] == [3000]

    in_no_time(story())


def test_each_press_gets_its_own_answer(in_no_time: Story) -> None:
    async def story() -> None:
        async with hall() as (desk, box, _):
            desk.answer = lambda command: Refused(id=command.id, reason=f"for {command.id}")
            presses = [press(box) for _ in range(5)]
            answers = await asyncio.gather(*(box.link.ask(each) for each in presses))
            assert [answer.id for answer in answers] == [each.id for each in presses]

    in_no_time(story())


# Events and views -----------------------------------------------------------------------------------------------------


def test_who_joins_hears_only_what_happens_from_then_on(in_no_time: Story) -> None:
    async def story() -> None:
        async with hall() as (desk, box, _):
            desk.reads(*(event(seq) for seq in range(1, 9)))
            desk.say(event(9), event(10))
            await settled()
            assert box.events == [9, 10]
            assert not desk.heard

    in_no_time(story())


def test_events_come_once_and_in_order(in_no_time: Story) -> None:
    async def story() -> None:
        async with hall() as (desk, box, _):
            desk.say(event(9), event(9), event(11), event(10), event(9), event(12))
            await settled()
            assert box.events == [9, 10, 11, 12]

    in_no_time(story())


def test_a_gap_is_read_up_before_what_came_after_it(in_no_time: Story) -> None:
    async def story() -> None:
        async with hall() as (desk, box, _):
            desk.reads(*(event(seq) for seq in range(1, 15)))
            desk.say(event(9), event(14))
            await settled(after_s=3)
            assert box.events == [9, 10, 11, 12, 13, 14]

    in_no_time(story())


def test_what_happened_while_cut_off_is_read_up(in_no_time: Story) -> None:
    async def story() -> None:
        async with hall() as (desk, box, _):
            desk.reads(*(event(seq) for seq in range(1, 12)))
            box.bus.cut()
            desk.say(event(9), event(10), event(11), queues(11))
            await settled(after_s=3)
            assert box.events == [9, 10, 11]

    in_no_time(story())


@pytest.mark.parametrize(
    ("since", "first"),
    [((1, 4), 5), ((1, 10), 11), ((0, 4), 3), ((0, 99), 3)],  # in a new epoch some once more, and none too few
)
def test_a_program_that_knows_how_far_it_was_hears_all_since(
    in_no_time: Story, since: tuple[int, int], first: int
) -> None:
    async def story() -> None:
        async with hall(since=since) as (desk, box, _):
            desk.reads(*(event(seq) for seq in range(1, 12)))
            desk.say(queues(10), event(11))
            await settled(after_s=30)
            assert box.events == [*range(first, 12)]

    in_no_time(story())


def test_a_gap_that_nobody_can_fill_is_stepped_over(in_no_time: Story, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with hall() as (desk, box, _):
            desk.answer = lambda command: Refused(id=command.id, reason="fault")
            desk.say(event(9), event(12))
            await settled(after_s=3)
            desk.say(event(13))
            await settled()
            assert box.events == [9, 13]

    in_no_time(story())
    assert "events after 9 cannot be read" in caplog.text


def test_a_catch_up_without_an_answer_is_tried_again_with_the_next_event(in_no_time: Story) -> None:
    async def story() -> None:
        async with hall() as (desk, box, _):
            desk.say(event(9), event(11))
            await settled(after_s=30)
            assert box.events == [9]
            desk.reads(event(10), event(11), event(12))
            desk.say(event(12))
            await settled(after_s=3)
            assert box.events == [9, 10, 11, 12]

    in_no_time(story())


def test_an_older_view_is_not_shown_after_a_newer_one(in_no_time: Story) -> None:
    async def story() -> None:
        async with hall() as (desk, box, _):
            desk.reads(*(event(seq) for seq in range(1, 11)))
            desk.say(queues(10), queues(9), queues(10))
            await settled(after_s=3)
            assert box.views == [(1, 2), (1, 8), (1, 10), (1, 10)]

    in_no_time(story())


def test_a_new_epoch_begins_anew_and_the_old_one_is_heard_no_more(in_no_time: Story) -> None:
    async def story() -> None:
        async with hall() as (desk, box, _):
            desk.say(event(9), event(10))
            desk.say(queues(5, epoch=2), event(6, epoch=2), event(7), queues(11), event(7, epoch=2))
            await settled()
            assert box.events == [9, 10, 6, 7]
            assert box.epochs == [1, 1, 2, 2]
            assert box.views == [(1, 2), (1, 8), (2, 5)]

    in_no_time(story())


def test_a_message_that_is_none_is_counted_and_dropped(in_no_time: Story, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with hall() as (desk, box, _):
            desk.nonsense()
            desk.say(window(8))
            await settled(after_s=wire.PRESENCE_INTERVAL_S + 1)
            assert box.views[-1] == (1, 8)
            assert desk.presences[-1][1].bad_messages == 1

    with caplog.at_level(logging.WARNING):
        in_no_time(story())
    assert "dropped: hallcall/1/east/view/queues" in caplog.text


# Presence -------------------------------------------------------------------------------------------------------------


def test_a_node_says_every_ten_seconds_that_it_is_there(in_no_time: Story) -> None:
    async def story() -> None:
        async with hall() as (desk, _, __):
            await settled(after_s=35)
            first = desk.presences[0][0]
            assert [round(at - first) for at, presence in desk.presences if presence.up] == [0, 10, 20, 30]

    in_no_time(story())


def test_a_device_s_fault_is_told_at_once_and_only_when_it_changes(in_no_time: Story) -> None:
    async def story() -> None:
        async with hall() as (desk, box, _):
            for _ in range(3):
                box.link.device("pads", DeviceState.FAULT, "line silent; check the plug")
                await settled(after_s=0.1)
            faults = [presence for _, presence in desk.presences if presence.devices]
            assert [fault.devices[0].detail for fault in faults] == ["line silent; check the plug"]

    in_no_time(story())


def test_a_node_that_leaves_says_so(in_no_time: Story) -> None:
    async def story() -> None:
        async with hall() as (desk, _, __):
            pass
        assert desk.presences[-1][1] == Presence(node="box-1", role=Role.COUNTER, up=False)

    in_no_time(story())


def test_the_hall_is_here_when_broker_and_dispatcher_are(in_no_time: Story) -> None:
    async def story() -> None:
        async with hall() as (desk, box, broker):
            assert not box.link.here
            for change in (desk.show, broker.crash, broker.restart, desk.show, lambda: desk.show(up=False)):
                change()
                await settled()
            assert box.here == [True, False, True, False]

    in_no_time(story())


def test_nobody_speaks_for_the_dispatcher_on_a_topic_of_their_own(in_no_time: Story) -> None:
    async def story() -> None:
        async with hall() as (desk, box, _):
            desk.show(topic_of="kiosk-1")
            await settled()
            assert box.here == []

    in_no_time(story())


def test_a_program_whose_listener_fails_ends(in_no_time: Story) -> None:
    async def story() -> None:
        broker = MemoryBroker()
        desk = Desk(broker)
        async with running(desk.bus.run()):
            box = Box(broker)
            box.link._on_event = lambda _: 1 // 0  # type: ignore[assignment]
            task = asyncio.create_task(box.link.run())
            await settled()
            desk.say(event(1))
            await asyncio.wait([task])
            assert task.exception() is not None
            assert desk.presences[-1][1].up is False

    in_no_time(story())
