"""How a program speaks to the others: MQTT 5 in the hall, memory in tests, held to the same contract tests.

The only importer of the MQTT client. Nothing is published while disconnected: a press from before an outage must not
come alive after it. Connections start clean; retained letters bring a program up to date.
"""

import asyncio
import contextlib
import logging
import select
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from .identity import AlertSocket, Identity, Untrusted

log = logging.getLogger(__name__)

KEEPALIVE_S: Final = 5  # a broker that is gone without a word is noticed after 1.5 times this
RETRY_S: Final = (0.1, 0.2, 0.5, 1.0)  # pauses between attempts to connect; the last one repeats
CONNECT_S: Final = 3
BRIEF_S: Final = 3  # two programs of one name throw each other off: each connection is brief
BRIEF_ONES: Final = 4  # in a row, until it is said, and they come back no faster than once a second
READ_AT_ONCE: Final = 200  # packets taken from the socket before anything else runs


class BusDown(ConnectionError):
    """The program is not connected to the hall's broker: check network, broker service and login."""


class LoginRefused(ConnectionError):
    """The broker knows no such name, or the password is another; of certificates, see `identity.Untrusted`."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    topic: str
    payload: bytes
    retained: bool = False  # sent: keep as the topic's last word; received: it was kept, not sent just now
    expiry_s: int | None = None


class Bus(Protocol):
    """One program's connection. Callbacks run on the event loop, one at a time."""

    def listen(self, *, on_letter: Callable[[Letter], None], on_state: Callable[[bool], None]) -> None:
        """Say who hears letters and changes of the connection; before `run`."""
        ...

    async def run(self) -> None:
        """Stay connected until cancelled; cancelling leaves with a goodbye, so no will is sent."""
        ...

    def publish(self, letter: Letter) -> "asyncio.Future[bool]":
        """Send at QoS 1; the future says whether the broker took it (False: forbidden or cut off).

        Raises BusDown when not connected.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Login:
    """Where the broker is and who we are to it, by certificate or by password. The name is the client id as well."""

    host: str
    port: int
    name: str
    password: str = field(default="", repr=False)
    identity: Identity | None = None


async def try_login(login: Login) -> None:
    """Log in and leave again. Raises LoginRefused, Untrusted, or OSError where the broker is not reached."""
    await asyncio.to_thread(_log_in, login)


def _client(login: Login) -> mqtt.Client:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=login.name, protocol=mqtt.MQTTv5)
    if login.identity is None:
        client.username_pw_set(login.name, login.password)
    client.connect_timeout = CONNECT_S
    return client


def _connect(client: mqtt.Client, login: Login) -> None:
    """Reach the broker and shake hands, for at most twice CONNECT_S. Raises Untrusted, or OSError."""
    opened: list[object] = []
    client.on_socket_open = lambda *call: opened.append(call[2])
    if login.identity is not None:
        client.tls_set_context(login.identity.context(login.name))
    try:
        client.connect(login.host, login.port, keepalive=KEEPALIVE_S, clean_start=True)
    except ssl.SSLError as error:
        if login.identity is None:
            raise
        if isinstance(error, ssl.SSLEOFError):
            raise ConnectionError("it hangs up in the handshake; has it as many connections as it can take?") from error
        if error.reason == "WRONG_VERSION_NUMBER":
            raise ConnectionError("what answers does not speak TLS; is it the right port?") from error
        raise login.identity.untrusted(login.name, login.host, error) from error
    if client.socket() is None:  # over before the first word was out
        raise _turned_away(login, opened[0])


def _turned_away(login: Login, sock: object) -> ConnectionError:
    """Return why a broker hung up before it said a word."""
    if login.identity is None:
        return ConnectionError("the broker hangs up at once")
    return login.identity.untrusted(login.name, login.host, sock.alert if isinstance(sock, AlertSocket) else None)


def _log_in(login: Login) -> None:
    answers: list[ReasonCode] = []
    client = _client(login)
    client.on_connect = lambda *welcome: answers.append(welcome[3])
    _connect(client, login)
    sock = client.socket()
    until_s = time.monotonic() + CONNECT_S
    while not answers and time.monotonic() < until_s:
        if client.loop(timeout=0.1) != mqtt.MQTT_ERR_SUCCESS and not answers:
            raise _turned_away(login, sock)
    client.disconnect()
    if not answers:
        raise ConnectionError("something answers there, but it is no MQTT broker")
    if answers[0].is_failure:
        raise LoginRefused(f"refuses the login of {login.name}: {answers[0]}; check name and password")


class MqttBus:
    """A connection to mosquitto over MQTT 5 with TCP_NODELAY, on the running event loop."""

    def __init__(self, *, login: Login, subscriptions: Sequence[str], will: Letter | None = None) -> None:
        self._login = login
        self._subscriptions = subscriptions
        self._will = will
        self._on_letter: Callable[[Letter], None] = lambda _: None
        self._on_state: Callable[[bool], None] = lambda _: None
        self._client: mqtt.Client | None = None
        self._socket: socket.socket | None = None
        self._stirred = asyncio.Event()  # something has arrived, or the connection is lost
        self._connected = self._welcome = False  # welcome: logged in, but perhaps not subscribed yet
        self._farewell = ""  # why the connection was lost, if it was
        self._waiting: dict[int, asyncio.Future[bool]] = {}

    def listen(self, *, on_letter: Callable[[Letter], None], on_state: Callable[[bool], None]) -> None:
        self._on_letter, self._on_state = on_letter, on_state

    async def run(self) -> None:
        said, failures, brief = "", 0, 0
        while True:
            began_s = time.monotonic()
            complaint = await self._one_connection()
            brief = brief + 1 if not complaint and time.monotonic() - began_s < BRIEF_S else 0
            if brief >= BRIEF_ONES:
                complaint = (
                    f"lets {self._login.name} in and soon cuts it off, {BRIEF_ONES} times in a row; does a second"
                    " program run under this name, or does the broker not stay up? Look into mosquitto's log"
                )
            failures = failures + 1 if complaint else 0
            if complaint and complaint != said:
                log.error("broker %s:%d: %s", self._login.host, self._login.port, complaint)
            said = complaint
            await asyncio.sleep(RETRY_S[min(failures, len(RETRY_S) - 1)])

    async def _one_connection(self) -> str:
        """Be connected for as long as it lasts; return what kept us from it, if something did."""
        client = self._new_client()
        try:
            await asyncio.to_thread(_connect, client, self._login)
            await self._serve(client)
        except (LoginRefused, Untrusted) as error:
            return str(error)
        except OSError as error:
            if self._socket is not None:
                raise  # not of the connection: a listener failed
            return f"not reachable: {error}; check network and broker service"
        finally:
            self._left()
        return ""

    async def _serve(self, client: mqtt.Client) -> None:
        """Read and keep alive. Listeners are called from here, so that one that fails ends `run`."""
        sock = client.socket()
        if not isinstance(sock, socket.socket):
            raise ConnectionError("closed at once")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client, self._socket = client, sock
        loop = asyncio.get_running_loop()
        loop.add_reader(sock, self._stirred.set)
        loop.add_writer(sock, client.loop_write)
        try:
            while client.socket() is not None:
                self._stirred.clear()
                self._read(client, sock)
                if _holds_more(sock):
                    self._stirred.set()
                client.loop_misc()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1):
                        await self._stirred.wait()
            if not self._welcome and self._login.identity is not None:
                raise _turned_away(self._login, sock)
        except asyncio.CancelledError:
            client.disconnect()
            client.loop_write()
            raise

    def _left(self) -> None:
        if self._socket is not None:
            self._unwatch(self._socket)
            self._socket.close()
        self._client = self._socket = None
        self._welcome = False
        for future in self._waiting.values():
            if not future.done():
                future.set_result(False)
        self._waiting.clear()
        if self._connected:
            self._connected = False
            if self._farewell:
                log.warning("connection of %s to the broker lost: %s", self._login.name, self._farewell)
            self._on_state(False)

    def _unwatch(self, sock: socket.socket) -> None:
        if sock.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(sock)
            asyncio.get_running_loop().remove_writer(sock)

    def _new_client(self) -> mqtt.Client:
        client = _client(self._login)
        if self._will is not None:
            client.will_set(
                self._will.topic,
                self._will.payload,
                qos=1,
                retain=self._will.retained,
                properties=_expiry(self._will, PacketTypes.WILLMESSAGE),
            )

        def wants_write(_: mqtt.Client, __: object, ___: object) -> None:
            if self._socket is not None:  # while connecting, another thread is at work here
                asyncio.get_running_loop().add_writer(self._socket, client.loop_write)

        def written(_: mqtt.Client, __: object, ___: object) -> None:
            if self._socket is not None:
                asyncio.get_running_loop().remove_writer(self._socket)

        def closing(_: mqtt.Client, __: object, ___: object) -> None:
            if self._socket is not None:
                self._unwatch(self._socket)
                self._stirred.set()

        client.on_socket_register_write = wants_write
        client.on_socket_unregister_write = written
        client.on_socket_close = closing
        client.on_connect = self._welcomed
        client.on_disconnect = self._dismissed
        client.on_subscribe = self._subscribed
        client.on_message = self._received
        client.on_publish = self._taken
        return client

    def _read(self, client: mqtt.Client, sock: socket.socket) -> None:
        """Take all that has arrived, so that commands which wait together share one commit."""
        for _ in range(READ_AT_ONCE):
            if sock.fileno() < 0 or not (_holds_more(sock) or select.select([sock], [], [], 0)[0]):
                return
            if client.loop_read() != mqtt.MQTT_ERR_SUCCESS:
                return

    def _welcomed(
        self, client: mqtt.Client, _: object, __: mqtt.ConnectFlags, code: ReasonCode, ___: Properties | None
    ) -> None:
        if code.is_failure:
            raise LoginRefused(f"refuses the login of {self._login.name}: {code}; check name and password")
        self._welcome = True
        if not self._subscriptions:
            self._now_connected()
            return
        client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in self._subscriptions])

    def _subscribed(
        self, _: mqtt.Client, __: object, ___: int, codes: list[ReasonCode], ____: Properties | None
    ) -> None:
        for topic, code in zip(self._subscriptions, codes, strict=True):
            if code.is_failure:
                log.error("broker refuses subscription of %s to %s: %s", self._login.name, topic, code)
        self._now_connected()

    def _dismissed(
        self, _: mqtt.Client, __: object, ___: mqtt.DisconnectFlags, code: ReasonCode, ____: Properties | None
    ) -> None:
        self._farewell = str(code) if code.is_failure else ""

    def _now_connected(self) -> None:
        self._connected, self._farewell = True, ""
        self._on_state(True)

    def _received(self, _: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        self._on_letter(Letter(topic=message.topic, payload=bytes(message.payload), retained=message.retain))

    def publish(self, letter: Letter) -> "asyncio.Future[bool]":
        if self._client is None or not self._connected:
            raise BusDown(f"not connected to the broker at {self._login.host}:{self._login.port}")
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        sent = self._client.publish(
            letter.topic, letter.payload, qos=1, retain=letter.retained, properties=_expiry(letter, PacketTypes.PUBLISH)
        )
        if sent.rc != mqtt.MQTT_ERR_SUCCESS:
            future.set_result(False)
        else:
            self._waiting[sent.mid] = future
        return future

    def _taken(self, _: mqtt.Client, __: object, mid: int, code: ReasonCode, ___: Properties) -> None:
        if code.is_failure:
            log.error("broker refuses a letter of %s: %s; is its topic allowed to this node?", self._login.name, code)
        future = self._waiting.pop(mid, None)
        if future is not None and not future.done():
            future.set_result(not code.is_failure)


def _holds_more(sock: socket.socket) -> bool:
    """Return whether TLS has opened more of what arrived than was read; a look at the socket does not see it."""
    return isinstance(sock, ssl.SSLSocket) and sock.fileno() >= 0 and sock.pending() > 0


def _expiry(letter: Letter, packet: int) -> Properties | None:
    if letter.expiry_s is None:
        return None
    properties = Properties(packet)  # type: ignore[no-untyped-call]
    properties.MessageExpiryInterval = letter.expiry_s
    return properties


class MemoryBroker:
    """The post office of tests and simulations: retained letters, wills and permissions as the real one has."""

    def __init__(self, *, allows: Callable[[str, str], bool] = lambda _name, _topic: True) -> None:
        self._allows = allows
        self._retained: dict[str, Letter] = {}
        self._members: list[MemoryBus] = []
        self._listeners: dict[str, list[MemoryBus]] = {}  # by topic, of the present members
        self._open = asyncio.Event()
        self._open.set()

    def bus(self, *, name: str, subscriptions: Sequence[str], will: Letter | None = None) -> "MemoryBus":
        return MemoryBus(broker=self, name=name, subscriptions=subscriptions, will=will)

    def crash(self) -> None:
        """Cut everybody off and forget all that was retained, until `restart`."""
        self._open.clear()
        self._retained.clear()
        for member in list(self._members):
            member.cut()

    def restart(self) -> None:
        self._open.set()

    async def join(self, bus: "MemoryBus") -> None:
        await self._open.wait()
        self._members.append(bus)
        self._listeners.clear()
        for letter in self._retained.values():
            if bus.wants(letter.topic):
                bus.hear(letter)

    def leave(self, bus: "MemoryBus", *, will: Letter | None) -> None:
        self._members.remove(bus)
        self._listeners.clear()
        if will is not None and self._open.is_set():
            self.carry(bus.name, will)

    def carry(self, name: str, letter: Letter) -> bool:
        if not self._allows(name, letter.topic):
            return False
        if letter.retained and letter.payload:
            self._retained[letter.topic] = letter
        elif letter.retained:
            self._retained.pop(letter.topic, None)
        listeners = self._listeners.get(letter.topic)
        if listeners is None:
            listeners = self._listeners[letter.topic] = [each for each in self._members if each.wants(letter.topic)]
        fresh = Letter(topic=letter.topic, payload=letter.payload)
        for member in listeners:
            member.hear(fresh)
        return True


class MemoryBus:
    """One program's connection to a MemoryBroker."""

    def __init__(self, *, broker: MemoryBroker, name: str, subscriptions: Sequence[str], will: Letter | None) -> None:
        self.name = name
        self._broker = broker
        self._subscriptions = subscriptions
        self._will = will
        self._on_letter: Callable[[Letter], None] = lambda _: None
        self._on_state: Callable[[bool], None] = lambda _: None
        self._joined = False
        self._arrived: asyncio.Queue[Letter | None] = asyncio.Queue()  # None: cut off

    def listen(self, *, on_letter: Callable[[Letter], None], on_state: Callable[[bool], None]) -> None:
        self._on_letter, self._on_state = on_letter, on_state

    async def run(self) -> None:
        while True:
            self._arrived = asyncio.Queue()
            await self._broker.join(self)
            self._joined = True
            will = self._will
            try:
                self._on_state(True)
                while (letter := await self._arrived.get()) is not None:
                    self._on_letter(letter)
            except asyncio.CancelledError:
                will = None
                raise
            finally:
                self._joined = False
                self._broker.leave(self, will=will)
                self._on_state(False)

    def cut(self) -> None:
        """Lose the connection without a goodbye; it comes back by itself."""
        self._joined = False
        while not self._arrived.empty():
            self._arrived.get_nowait()
        self._arrived.put_nowait(None)

    def wants(self, topic: str) -> bool:
        return any(mqtt.topic_matches_sub(wanted, topic) for wanted in self._subscriptions)

    def hear(self, letter: Letter) -> None:
        self._arrived.put_nowait(letter)

    def publish(self, letter: Letter) -> "asyncio.Future[bool]":
        if not self._joined:
            raise BusDown(f"{self.name} is not connected")
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        future.set_result(self._broker.carry(self.name, letter))
        return future
