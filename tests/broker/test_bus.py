"""Both busses keep the same promises: the one over mosquitto and the one in memory."""

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from broker.bus import Bus, BusDown, Letter, Login, MemoryBroker, MemoryBus, MqttBus
from broker.contract import wire

if TYPE_CHECKING:
    from tests.conftest import BrokerProcess

pytestmark = pytest.mark.broker
PATIENCE_S = 10


def letter(pattern: str, level: str = "", text: str = "x", *, retained: bool = False) -> Letter:
    return Letter(topic=wire.topic("east", pattern, level), payload=text.encode(), retained=retained)


class Office(Protocol):
    """Where letters are carried: mosquitto or memory."""

    def bus(self, name: str, *patterns: str, will: Letter | None = None) -> Bus: ...

    def cut(self, bus: Bus) -> None: ...

    def crash(self) -> None: ...

    def restart(self) -> None: ...


class RealOffice:
    def __init__(self, process: "BrokerProcess") -> None:
        self._process = process

    def bus(self, name: str, *patterns: str, will: Letter | None = None) -> MqttBus:
        return MqttBus(login=self._process.login(name), subscriptions=topics(patterns), will=will)

    def cut(self, bus: Bus) -> None:
        assert isinstance(bus, MqttBus)
        assert bus._socket is not None
        bus._socket.shutdown(socket.SHUT_RDWR)

    def crash(self) -> None:
        self._process.kill()

    def restart(self) -> None:
        self._process.start()


class OfficeInMemory:
    def __init__(self) -> None:
        self._broker = MemoryBroker(allows=lambda name, topic: name == "dispatcher" or topic.endswith(f"/{name}"))

    def bus(self, name: str, *patterns: str, will: Letter | None = None) -> MemoryBus:
        return self._broker.bus(name=name, subscriptions=topics(patterns), will=will)

    def cut(self, bus: Bus) -> None:
        assert isinstance(bus, MemoryBus)
        bus.cut()

    def crash(self) -> None:
        self._broker.crash()

    def restart(self) -> None:
        self._broker.restart()


def topics(patterns: Sequence[str]) -> list[str]:
    return [wire.topic("east", pattern) for pattern in patterns]


@pytest.fixture(params=["memory", "mosquitto", "secured"])
def office(request: pytest.FixtureRequest) -> Iterator[Office]:
    if request.param == "memory":
        yield OfficeInMemory()
        return
    process: BrokerProcess = request.getfixturevalue(request.param)
    yield RealOffice(process)
    process.kill()  # the next test finds nothing retained
    process.start()


class Member:
    """A program at its bus, and what it heard."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self._letters: asyncio.Queue[Letter] = asyncio.Queue()
        self._states: asyncio.Queue[bool] = asyncio.Queue()
        bus.listen(on_letter=self._letters.put_nowait, on_state=self._states.put_nowait)

    async def letter(self) -> Letter:
        async with asyncio.timeout(PATIENCE_S):
            return await self._letters.get()

    async def texts(self, count: int) -> list[str]:
        return [(await self.letter()).payload.decode() for _ in range(count)]

    async def state(self) -> bool:
        async with asyncio.timeout(PATIENCE_S):
            return await self._states.get()

    async def says(self, said: Letter) -> bool:
        async with asyncio.timeout(PATIENCE_S):
            return await self.bus.publish(said)


class Heard(logging.Handler):
    """Says when something was logged."""

    def __init__(self) -> None:
        super().__init__()
        self.something = asyncio.Event()

    def emit(self, _: logging.LogRecord) -> None:
        self.something.set()


@asynccontextmanager
async def joined(bus: Bus) -> AsyncIterator[Member]:
    member = Member(bus)
    running = asyncio.create_task(bus.run())
    try:
        assert await member.state()
        yield member
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def test_a_letter_reaches_who_asked_for_its_topic_and_in_order(office: Office) -> None:
    async with (
        joined(office.bus("dispatcher")) as dispatcher,
        joined(office.bus("board-1", "view/hall", "event/+")) as board,
    ):
        for each in (
            letter("view/queues", text="not asked for"),
            letter("view/hall", text="1"),
            letter("event/{}", "TicketCalled", "2"),
        ):
            assert await dispatcher.says(each)
        assert await board.texts(2) == ["1", "2"]


async def test_a_thousand_letters_at_once_arrive_in_order(office: Office) -> None:
    async with joined(office.bus("dispatcher")) as dispatcher, joined(office.bus("board-1", "event/+")) as board:
        taken = [dispatcher.bus.publish(letter("event/{}", "TicketCalled", str(n))) for n in range(1000)]
        assert await board.texts(1000) == [str(n) for n in range(1000)]
        assert all(await asyncio.gather(*taken))


async def test_the_last_retained_letter_greets_who_joins_later(office: Office) -> None:
    async with joined(office.bus("dispatcher", "view/hall")) as dispatcher:
        await dispatcher.says(letter("view/hall", text="old", retained=True))
        await dispatcher.says(letter("view/hall", text="new", retained=True))
        assert not (await dispatcher.letter()).retained  # heard as it was said
        async with joined(office.bus("board-1", "view/hall")) as board:
            kept = await board.letter()
        assert (kept.payload, kept.retained) == (b"new", True)


async def test_an_empty_retained_letter_takes_the_kept_one_back(office: Office) -> None:
    async with joined(office.bus("dispatcher")) as dispatcher:
        await dispatcher.says(letter("view/hall", text="old", retained=True))
        await dispatcher.says(letter("view/hall", text="", retained=True))
        async with joined(office.bus("board-1", "view/hall", "view/queues")) as board:
            await dispatcher.says(letter("view/queues", text="first word"))
            assert await board.texts(1) == ["first word"]


async def test_who_is_cut_off_leaves_a_will_and_comes_back(office: Office) -> None:
    last_word = letter("node/{}", "kiosk-1", "gone", retained=True)
    async with (
        joined(office.bus("dispatcher", "node/+")) as dispatcher,
        joined(office.bus("kiosk-1", will=last_word)) as kiosk,
    ):
        office.cut(kiosk.bus)
        assert await dispatcher.texts(1) == ["gone"]
        assert [await kiosk.state(), await kiosk.state()] == [False, True]
        assert await kiosk.says(letter("node/{}", "kiosk-1", "back"))


async def test_who_says_goodbye_leaves_no_will(office: Office) -> None:
    last_word = letter("node/{}", "kiosk-1", "gone", retained=True)
    async with joined(office.bus("dispatcher", "node/+")) as dispatcher:
        async with joined(office.bus("kiosk-1", will=last_word)) as kiosk:
            await kiosk.says(letter("node/{}", "kiosk-1", "here"))
        async with joined(office.bus("kiosk-2")) as other:
            await other.says(letter("node/{}", "kiosk-2", "later"))
        assert await dispatcher.texts(2) == ["here", "later"]


async def test_a_word_said_just_before_the_goodbye_is_heard(office: Office) -> None:
    async with joined(office.bus("dispatcher", "node/+")) as dispatcher:
        async with joined(office.bus("kiosk-1", will=letter("node/{}", "kiosk-1", "cut off"))) as kiosk:
            kiosk.bus.publish(letter("node/{}", "kiosk-1", "leaving"))
        assert await dispatcher.texts(1) == ["leaving"]


async def test_a_kiosk_cannot_speak_for_another(office: Office) -> None:
    async with joined(office.bus("dispatcher", "cmd/+")) as dispatcher, joined(office.bus("kiosk-1")) as kiosk:
        assert not await kiosk.says(letter("cmd/{}", "kiosk-2", "forged"))
        assert await kiosk.says(letter("cmd/{}", "kiosk-1", "own"))
        assert await dispatcher.texts(1) == ["own"]


async def test_nothing_is_said_while_the_broker_is_away_nor_comes_later(office: Office) -> None:
    async with joined(office.bus("dispatcher", "cmd/+")) as dispatcher, joined(office.bus("kiosk-1")) as kiosk:
        office.crash()
        assert [await dispatcher.state(), await kiosk.state()] == [False, False]
        with pytest.raises(BusDown):
            kiosk.bus.publish(letter("cmd/{}", "kiosk-1", "a press from the outage"))
        office.restart()
        assert [await dispatcher.state(), await kiosk.state()] == [True, True]
        assert await kiosk.says(letter("cmd/{}", "kiosk-1", "a new press"))
        assert await dispatcher.texts(1) == ["a new press"]


async def test_a_broker_that_was_killed_has_forgotten_what_was_retained(office: Office) -> None:
    async with joined(office.bus("dispatcher")) as dispatcher:
        await dispatcher.says(letter("view/hall", text="old", retained=True))
        office.crash()
        office.restart()
        assert [await dispatcher.state(), await dispatcher.state()] == [False, True]
        async with joined(office.bus("board-1", "view/hall")) as board:
            await dispatcher.says(letter("view/hall", text="anew"))
            assert await board.texts(1) == ["anew"]


async def test_a_listener_that_fails_ends_its_program_and_leaves_its_will(office: Office) -> None:
    def fail(_: Letter) -> None:
        raise ZeroDivisionError

    last_word = letter("node/{}", "kiosk-1", "gone")
    broken = office.bus("kiosk-1", "view/hall", will=last_word)
    up = asyncio.Event()
    broken.listen(on_letter=fail, on_state=lambda state: up.set() if state else None)
    running = asyncio.create_task(broken.run())
    async with joined(office.bus("dispatcher", "node/+")) as dispatcher, asyncio.timeout(PATIENCE_S):
        await up.wait()
        await dispatcher.says(letter("view/hall"))
        with pytest.raises(ZeroDivisionError):
            await running
        assert await dispatcher.texts(1) == ["gone"]


# Over mosquitto only --------------------------------------------------------------------------------------------------


async def test_small_letters_leave_at_once(mosquitto: "BrokerProcess") -> None:
    bus = RealOffice(mosquitto).bus("kiosk-1")
    async with joined(bus):
        assert bus._socket is not None
        assert bus._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


async def test_a_wrong_password_is_one_clear_line(mosquitto: "BrokerProcess", caplog: pytest.LogCaptureFixture) -> None:
    wrong = Login(host="127.0.0.1", port=mosquitto.port, name="kiosk-1", password="not it")
    heard = Heard()
    logging.getLogger("broker.bus").addHandler(heard)
    running = asyncio.create_task(MqttBus(login=wrong, subscriptions=[]).run())
    async with asyncio.timeout(PATIENCE_S):
        await heard.something.wait()
    logging.getLogger("broker.bus").removeHandler(heard)
    running.cancel()
    assert caplog.messages == [
        f"broker 127.0.0.1:{mosquitto.port}: refuses the login of kiosk-1: Not authorized; check name and password"
    ]


async def test_a_refusal_that_goes_on_is_not_said_again(caplog: pytest.LogCaptureFixture) -> None:
    tries: asyncio.Queue[None] = asyncio.Queue()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(bytes.fromhex("20 03 00 87 00"))  # CONNACK, 0x87: not authorised
        writer.close()
        tries.put_nowait(None)

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    login = Login(host="127.0.0.1", port=port, name="kiosk-1", password="any")
    running = asyncio.create_task(MqttBus(login=login, subscriptions=[]).run())
    async with asyncio.timeout(PATIENCE_S):
        for _ in range(3):
            await tries.get()
    running.cancel()
    server.close()
    assert len(caplog.messages) == 1


async def test_a_kiosk_hears_no_answers_but_its_own(mosquitto: "BrokerProcess") -> None:
    office = RealOffice(mosquitto)
    async with (
        joined(office.bus("dispatcher")) as dispatcher,
        joined(office.bus("kiosk-1", "reply/+", "cmd/+", "node/+")) as kiosk,
    ):
        for level in ("kiosk-2", "kiosk-1"):
            await dispatcher.says(letter("reply/{}", level, level))
        assert await kiosk.texts(1) == ["kiosk-1"]


async def test_who_watches_hears_all_and_says_nothing(mosquitto: "BrokerProcess") -> None:
    office = RealOffice(mosquitto)
    async with joined(office.bus("kiosk-1")) as kiosk, joined(office.bus("watcher", "#")) as watcher:
        assert await kiosk.says(letter("cmd/{}", "kiosk-1", "a press"))
        assert await watcher.texts(1) == ["a press"]
        for pattern, level in (("cmd/{}", "watcher"), ("node/{}", "watcher"), ("view/hall", "")):
            assert not await watcher.says(letter(pattern, level))


async def test_only_the_dispatcher_states_views_and_events(mosquitto: "BrokerProcess") -> None:
    office = RealOffice(mosquitto)
    for node in ("kiosk-1", "board-1", "box-1"):
        async with joined(office.bus(node)) as member:
            for pattern, level in (("view/hall", ""), ("view/board/{}", "main"), ("event/{}", "TicketCalled")):
                assert not await member.says(letter(pattern, level))
            assert not await member.says(letter("node/{}", "dispatcher"))
            assert not await member.says(Letter(topic="elsewhere", payload=b"x"))


async def test_nobody_throws_the_dispatcher_off_by_its_client_id(mosquitto: "BrokerProcess") -> None:
    login = mosquitto.login("kiosk-1")
    intruder = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="dispatcher", protocol=mqtt.MQTTv5)
    intruder.username_pw_set(login.name, login.password)
    connected = threading.Event()
    intruder.on_connect = lambda *_: connected.set()
    async with joined(RealOffice(mosquitto).bus("dispatcher")) as dispatcher:
        intruder.connect(login.host, login.port)
        intruder.loop_start()
        assert await asyncio.to_thread(connected.wait, PATIENCE_S)
        assert await dispatcher.says(letter("view/hall"))
        intruder.disconnect()
        intruder.loop_stop()
