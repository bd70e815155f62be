"""Strangers, thieves and floods at a hall's broker, and false brokers before a node: all of it real TLS."""

import asyncio
import contextlib
import logging
import shutil
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import paho.mqtt.client as mqtt
import pytest
from cryptography import x509
from paho.mqtt.enums import CallbackAPIVersion

from broker.authority.issuing import Authority, chain_pem, new_issuing, new_root, node_certificate, server_certificate
from broker.authority.keys import key_pem, new_key
from broker.authority.reading import Fault
from broker.bus import BRIEF_ONES, READ_AT_ONCE, Letter, Login, MqttBus, try_login
from broker.contract import wire
from broker.identity import Identity, Untrusted
from broker.mosquitto import CERTIFICATE_FILE, KEY_FILE, MEMORY_BYTES, OPEN_FILES, PACKET_BYTES

if TYPE_CHECKING:
    from tests.conftest import SecuredBroker

pytestmark = pytest.mark.broker
PATIENCE_S: Final = 15
NOW: Final = datetime.now(UTC)
PRESS: Final = wire.topic("east", "cmd/{}", "kiosk-1")
VIEW: Final = wire.topic("east", "view/hall")


class Member:
    """A program at its bus: what it heard, and whether it is connected."""

    def __init__(self, login: Login, *topics: str) -> None:
        self.bus = MqttBus(login=login, subscriptions=topics)
        self.letters: asyncio.Queue[Letter] = asyncio.Queue()
        self.states: asyncio.Queue[bool] = asyncio.Queue()
        self.bus.listen(on_letter=self.letters.put_nowait, on_state=self.states.put_nowait)

    async def hears(self) -> str:
        async with asyncio.timeout(PATIENCE_S):
            return (await self.letters.get()).payload.decode()

    async def becomes(self, state: bool) -> None:  # noqa: FBT001 - connected or not
        async with asyncio.timeout(PATIENCE_S):
            while await self.states.get() is not state:
                pass

    async def says(self, topic: str, payload: bytes = b"x") -> bool:
        async with asyncio.timeout(PATIENCE_S):
            return await self.bus.publish(Letter(topic=topic, payload=payload))


@asynccontextmanager
async def running(member: Member) -> AsyncIterator[Member]:
    task = asyncio.create_task(member.bus.run())
    try:
        yield member
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def joined(login: Login, *topics: str) -> AsyncIterator[Member]:
    async with running(Member(login, *topics)) as member:
        await member.becomes(True)
        yield member


class Complaints(logging.Handler):
    """What the bus says of itself to a technician."""

    def __init__(self) -> None:
        super().__init__()
        self._said: asyncio.Queue[str] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()

    def emit(self, record: logging.LogRecord) -> None:
        self._loop.call_soon_threadsafe(self._said.put_nowait, record.getMessage())

    async def until(self, part: str) -> str:
        async with asyncio.timeout(PATIENCE_S):
            while part not in (said := await self._said.get()):
                pass
            return said


@asynccontextmanager
async def complaints() -> AsyncIterator[Complaints]:
    heard = Complaints()
    logging.getLogger("broker.bus").addHandler(heard)
    try:
        yield heard
    finally:
        logging.getLogger("broker.bus").removeHandler(heard)


async def refusal(login: Login) -> Fault:
    """Return why somebody is not let in."""
    with pytest.raises(Untrusted) as refused:
        await try_login(login)
    return refused.value.flaw.fault


# Who is not let in ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "fault"),
    [(NOW - timedelta(days=400), Fault.EXPIRED), (NOW + timedelta(days=3), Fault.NOT_YET)],
)
async def test_a_certificate_out_of_its_time_does_not_let_in(
    secured: "SecuredBroker", made: datetime, fault: Fault
) -> None:
    assert await refusal(secured.login_with("kiosk-1", secured.identity("kiosk-1", now=made))) is fault


async def test_a_certificate_that_another_hall_made_does_not_let_in(secured: "SecuredBroker") -> None:
    west = new_issuing(new_root("west", now=NOW), now=NOW)
    forged = secured.identity("kiosk-1", by=west)
    assert await refusal(secured.login_with("kiosk-1", forged)) is Fault.OTHER_HALL  # its own program sees it already
    assert tls_alert(secured, forged) == "TLSV1_ALERT_UNKNOWN_CA"  # and the broker, where the program does not look


async def test_an_issuing_authority_counts_only_from_when_its_list_of_revoked_ones_is_there(
    secured: "SecuredBroker",
) -> None:
    second = new_issuing(secured.root, now=NOW)
    assert await refusal(secured.login_with("kiosk-1", secured.identity("kiosk-1", by=second))) is Fault.REFUSED


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
async def test_nobody_comes_in_without_a_certificate_or_without_tls_or_with_an_old_one(
    secured: "SecuredBroker",
) -> None:
    assert tls_alert(secured, None) == "TLSV13_ALERT_CERTIFICATE_REQUIRED"
    with socket.create_connection(("127.0.0.1", secured.port), timeout=PATIENCE_S) as plain:
        plain.sendall(bytes.fromhex("10 0d 00 04 4d 51 54 54 05 02 00 05 00 00 00"))
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            answer = plain.recv(100)
        assert answer[:1] in {b"", b"\x15"}  # hangs up, or says so as TLS does; no CONNACK
    with pytest.raises(ssl.SSLError):
        tls_alert(secured, None, maximum=ssl.TLSVersion.TLSv1_1)


def tls_alert(
    broker: "SecuredBroker", identity: Identity | None, *, maximum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
) -> str:
    """Return what the broker says to a program that speaks TLS and looks at nothing itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode, context.maximum_version = False, ssl.CERT_NONE, maximum
    if maximum < ssl.TLSVersion.TLSv1_2:
        context.minimum_version = maximum
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    if identity is not None:
        context.load_cert_chain(identity.certificate, identity.key)
    plain = socket.create_connection(("127.0.0.1", broker.port), timeout=PATIENCE_S)
    with plain, context.wrap_socket(plain) as secret:
        try:
            secret.recv(1)
        except ssl.SSLError as error:
            return error.reason or ""
    return "let in"


# Who poses as somebody else -------------------------------------------------------------------------------------------


async def test_nobody_takes_another_s_place_by_client_id_or_user_name(secured: "SecuredBroker") -> None:
    thief = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="dispatcher", protocol=mqtt.MQTTv5)
    thief.username_pw_set("dispatcher", "any")
    thief.tls_set_context(secured.identity("kiosk-1").context("kiosk-1"))
    taken: dict[int, bool] = {}
    answered = threading.Semaphore(0)

    def answer(*call: Any) -> None:
        taken[call[2]] = not call[3].is_failure
        answered.release()

    thief.on_publish = answer
    async with joined(secured.login("dispatcher"), wire.topic("east", "cmd/{}", "+")) as dispatcher:
        thief.connect("127.0.0.1", secured.port)
        thief.loop_start()
        as_dispatcher = thief.publish(VIEW, b"forged", qos=1).mid
        as_another = thief.publish(wire.topic("east", "cmd/{}", "kiosk-2"), b"forged", qos=1).mid
        as_itself = thief.publish(PRESS, b"a press", qos=1).mid
        assert await dispatcher.hears() == "a press"
        for _ in range(3):
            assert await asyncio.to_thread(answered.acquire, timeout=PATIENCE_S)
        thief.disconnect()
        thief.loop_stop()
        assert taken == {as_dispatcher: False, as_another: False, as_itself: True}
        assert await dispatcher.says(VIEW)
        assert dispatcher.states.empty()  # it was never thrown off


async def test_two_programs_on_one_certificate_are_said_to_be_two(secured: "SecuredBroker") -> None:
    login, before = secured.login("kiosk-2"), len(secured.lines)
    async with complaints() as heard, running(Member(login)), running(Member(login)):
        said = await heard.until("in and soon cuts it off")
    assert f"{BRIEF_ONES} times in a row; does a second program run under this name" in said
    assert "kiosk-2" in secured.says("already connected, closing old connection", since=before)


# Who is thrown out ----------------------------------------------------------------------------------------------------


async def test_a_revoked_node_is_thrown_off_at_once_and_the_others_notice_nothing(secured: "SecuredBroker") -> None:
    stolen = secured.identity("kiosk-1")
    async with joined(secured.login("kiosk-2")) as other, joined(secured.login_with("kiosk-1", stolen)) as kiosk:
        before = len(secured.lines)
        secured.revoke(stolen)
        secured.hang_up()
        secured.says("Reloading config", since=before)
        async with complaints() as heard:
            await try_login(secured.login("kiosk-1"))  # a new one of the same name takes the place of the old one
            await kiosk.becomes(False)
            assert "was revoked" in await heard.until("certificate of kiosk-1")
        assert other.states.empty()
        assert await other.says(wire.topic("east", "cmd/{}", "kiosk-2"))
    assert await refusal(secured.login_with("kiosk-1", stolen)) is Fault.REVOKED


async def test_the_broker_takes_up_a_renewed_certificate_of_its_own_without_a_restart(
    secured: "SecuredBroker",
) -> None:
    shown = [peer_serial(secured)]
    key = new_key()
    own = server_certificate(secured.issuing, key.public_key(), node="broker", addresses=["127.0.0.1"], now=NOW)
    (secured.directory / CERTIFICATE_FILE).write_bytes(chain_pem(own, secured.issuing.certificate))
    (secured.directory / KEY_FILE).write_bytes(key_pem(key))
    before = len(secured.lines)
    secured.hang_up()
    secured.says("Reloading config", since=before)
    await try_login(secured.login("kiosk-1"))
    shown.append(peer_serial(secured))
    assert shown[0] != shown[1] == own.serial_number


def peer_serial(broker: "SecuredBroker") -> int:
    pem = ssl.get_server_certificate(("127.0.0.1", broker.port))
    return x509.load_pem_x509_certificate(pem.encode()).serial_number


async def test_a_renewed_certificate_counts_from_the_next_connection_on(secured: "SecuredBroker") -> None:
    old, new = secured.identity("kiosk-1"), secured.identity("kiosk-1")
    async with joined(secured.login_with("kiosk-1", old)) as kiosk:
        shutil.copy(new.certificate, old.certificate)
        shutil.copy(new.key, old.key)
        assert kiosk.bus._socket is not None
        kiosk.bus._socket.shutdown(socket.SHUT_RDWR)
        await kiosk.becomes(False)
        await kiosk.becomes(True)


# False brokers --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FalseBroker:
    """What answers a node's CONNECT with a certificate of its own, and what it sends then."""

    certificate: x509.Certificate
    authority: Authority
    key: bytes
    says: bytes = bytes.fromhex("20 03 00 00 00")  # CONNACK: welcome

    @asynccontextmanager
    async def port(self, place: Path) -> AsyncIterator[int]:
        (place / "false.crt").write_bytes(chain_pem(self.certificate, self.authority.certificate))
        (place / "false.key").write_bytes(self.key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(place / "false.crt", place / "false.key")

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                await reader.read(1000)
                writer.write(self.says)
                await reader.read()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()


def false_brokers() -> Iterator[tuple[str, Fault, Callable[["SecuredBroker"], FalseBroker]]]:
    key = new_key()
    pem = key_pem(key)

    def server(issuing: Authority, address: str, now: datetime = NOW) -> FalseBroker:
        made = server_certificate(issuing, key.public_key(), node="broker", addresses=[address], now=now)
        return FalseBroker(made, issuing, pem)

    west = new_issuing(new_root("west", now=NOW), now=NOW)
    yield "another hall's", Fault.BROKER_OTHER_HALL, lambda _: server(west, "127.0.0.1")
    yield "elsewhere", Fault.BROKER_ELSEWHERE, lambda east: server(east.issuing, "192.168.8.2")
    yield "ended", Fault.BROKER_EXPIRED, lambda east: server(east.issuing, "127.0.0.1", NOW - timedelta(days=400))
    yield "not begun", Fault.BROKER_NOT_YET, lambda east: server(east.issuing, "127.0.0.1", NOW + timedelta(days=3))
    yield (
        "a node",
        Fault.BROKER_NO_SERVER,
        lambda east: FalseBroker(
            node_certificate(east.issuing, key.public_key(), node="kiosk-2", now=NOW), east.issuing, pem
        ),
    )


@pytest.mark.parametrize(("fault", "made"), [pytest.param(*rest, id=name) for name, *rest in false_brokers()])
async def test_a_node_tells_nothing_to_a_false_broker(
    secured: "SecuredBroker", tmp_path: Path, fault: Fault, made: Callable[["SecuredBroker"], FalseBroker]
) -> None:
    async with made(secured).port(tmp_path) as port:
        assert await refusal(replace(secured.login("kiosk-1"), port=port)) is fault


async def test_many_letters_in_one_record_are_all_heard_at_once(secured: "SecuredBroker", tmp_path: Path) -> None:
    count = 2600  # of six bytes: as many as a record of TLS can hold; READ_AT_ONCE are read in one go
    assert count > 12 * READ_AT_ONCE
    key = new_key()
    made = server_certificate(secured.issuing, key.public_key(), node="broker", addresses=["127.0.0.1"], now=NOW)
    burst = bytes.fromhex("20 03 00 00 00") + bytes.fromhex("30 04 00 01 61 00") * count
    broker = FalseBroker(made, secured.issuing, key_pem(key), burst)
    member = Member(Login(host="127.0.0.1", port=0, name="kiosk-1"))
    async with broker.port(tmp_path) as port:
        member = Member(replace(secured.login("kiosk-1"), port=port))
        async with running(member), asyncio.timeout(PATIENCE_S / 2):
            for _ in range(count):
                await member.letters.get()


# Floods ---------------------------------------------------------------------------------------------------------------


async def test_a_letter_too_large_cuts_off_who_sent_it_and_nobody_else(secured: "SecuredBroker") -> None:
    async with (
        joined(secured.login("dispatcher"), wire.topic("east", "cmd/{}", "+")) as dispatcher,
        joined(secured.login("kiosk-1")) as kiosk,
    ):
        assert not await kiosk.says(PRESS, bytes(PACKET_BYTES))
        await kiosk.becomes(True)
        assert await kiosk.says(PRESS, b"an ordinary press")
        assert await dispatcher.hears() == "an ordinary press"
        assert dispatcher.states.empty()


@pytest.mark.alone
async def test_who_opens_a_thousand_connections_keeps_out_nobody_who_is_in(secured: "SecuredBroker") -> None:
    async with (
        joined(secured.login("dispatcher"), wire.topic("east", "cmd/{}", "+")) as dispatcher,
        joined(secured.login("kiosk-1")) as kiosk,
    ):
        with contextlib.ExitStack() as strangers:
            for _ in range(OPEN_FILES):
                strangers.enter_context(socket.create_connection(("127.0.0.1", secured.port), timeout=PATIENCE_S))
            with pytest.raises(OSError, match=r"hangs up|reset|not accept"):
                await try_login(secured.login("kiosk-2"))
            assert await kiosk.says(PRESS, b"a press in the flood")
            assert await dispatcher.hears() == "a press in the flood"
        async with joined(secured.login("kiosk-2")):
            assert dispatcher.states.empty()


@pytest.mark.alone
async def test_who_floods_the_hall_with_letters_fills_no_memory_and_silences_nobody(secured: "SecuredBroker") -> None:
    """A reader that reads nothing, the broker's worst case, while one node says 100 MB and another presses a key."""
    deaf = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="watcher", protocol=mqtt.MQTTv5)
    deaf.tls_set_context(secured.identity("watcher").context("watcher"))
    deaf.connect("127.0.0.1", secured.port)
    deaf.subscribe(wire.topic("east", "#"), qos=1)
    deaf.loop(timeout=1)
    async with (
        joined(secured.login("dispatcher"), PRESS) as dispatcher,
        joined(secured.login("kiosk-1")) as kiosk,
        joined(secured.login("kiosk-2")) as flood,
    ):
        most = 0
        for _ in range(20):
            loud = [flood.says(wire.topic("east", "cmd/{}", "kiosk-2"), bytes(100_000)) for _ in range(50)]
            all_said = asyncio.gather(*loud)
            assert await kiosk.says(PRESS, b"a press")
            assert await dispatcher.hears() == "a press"
            assert all(await all_said)
            most = max(most, secured.resident_bytes())
    deaf.disconnect()
    assert most < MEMORY_BYTES / 2
