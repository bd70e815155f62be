"""Who may say and hear what at a hall's broker: measured at a real mosquitto, with real certificates.

The table stands in docs/security.md; when this test fails, it prints the table as it is now.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import paho.mqtt.client as mqtt
import pytest
from msgspec import structs

from broker.bus import Letter, Login, MqttBus
from broker.contract import wire
from broker.contract.messages import Hall, Node, Role
from broker.mosquitto import ACL_FILE, acl

if TYPE_CHECKING:
    from tests.conftest import SecuredBroker

pytestmark = pytest.mark.broker
PATIENCE_S: Final = 60  # for each of them, on a busy machine
DOCS: Final = Path(__file__).parents[2] / "docs" / "security.md"
BEGIN, END = "<!-- matrix -->\n", "<!-- /matrix -->"

# Whom the table has columns for, and who that is; the last ones have a certificate of the hall, and no place in it.
COLUMNS: Final = {
    "dispatcher": "dispatcher",
    "kiosk": "kiosk-1",
    "display": "board-1",
    "counter": "box-1",
    "web": "web-1",
    "supervisor": "desk",
    "keeper": "keeper-a",
    "registrar": "registrar",
    "watch": "watcher",
    "unlisted": "technician",
}
ROLES: Final = {
    "kiosk-1": Role.KIOSK,
    "board-1": Role.DISPLAY,
    "box-1": Role.COUNTER,
    "web-1": Role.WEB,
    "desk": Role.SUPERVISOR,
    "keeper-a": Role.KEEPER,
    "registrar": Role.REGISTRAR,
    "watcher": Role.WATCH,
    "kiosk-2": Role.KIOSK,  # somebody else
    "keeper-b": Role.KEEPER,
}
OTHER: Final = {"log/{}": "keeper-b", "release/{}": "keeper-b"}
LEVELS: Final = {"event/{}": "TicketCalled", "view/board/{}": "main", "view/counter/{}": "1"}
FENCE: Final = "fence"  # heard by all: whatever was said before has arrived, if it ever will
ORACLE: Final = "oracle"  # may say everything, so that everybody can be seen not to hear it
STRANGE: Final = {
    "of another hall: `view/hall`": wire.topic("west", "view/hall"),
    "of another hall: `cmd/<own>`": wire.topic("west", "cmd/{}", "<own>"),
    "`elsewhere`": "elsewhere",
    "`$CONTROL/dynamic-security/v1`": "$CONTROL/dynamic-security/v1",
    "`$SYS/broker/version`": "$SYS/broker/version",
}
WILD: Final = ("#", "hallcall/#", wire.topic("east", "#"), wire.topic("east", "+/{}", "kiosk-2"), "+/+/+/+/+", "$SYS/#")


def rows() -> Iterator[tuple[str, str]]:
    """Yield each row's heading and its topic, with `<own>` where the node's own name stands."""
    for channel in wire.CHANNELS:
        if not channel.own:
            yield (
                f"`{channel.pattern.format('<name>')}`",
                wire.topic("east", channel.pattern, LEVELS.get(channel.pattern, "")),
            )
            continue
        yield f"`{channel.pattern.format('<own>')}`", wire.topic("east", channel.pattern, "<own>")
        other = OTHER.get(channel.pattern, "kiosk-2")
        yield f"`{channel.pattern.format('<other>')}`", wire.topic("east", channel.pattern, other)
        yield f"`{channel.pattern.format('dispatcher')}`", wire.topic("east", channel.pattern, "dispatcher")
    yield from STRANGE.items()


class Ear:
    """Somebody at the broker who subscribes to what they please, and the topics that reached them."""

    def __init__(self, login: Login, wanted: str) -> None:
        self.topics: set[str] = set()
        self.end = asyncio.Event()
        self.here = asyncio.Event()
        self.bus = MqttBus(login=login, subscriptions=[wanted, FENCE])
        self.bus.listen(on_letter=self.heard, on_state=lambda here: self.here.set() if here else None)

    def heard(self, letter: Letter) -> None:
        if letter.topic == FENCE:
            self.end.set()
        else:
            self.topics.add(letter.topic)


@asynccontextmanager
async def present(buses: Sequence[MqttBus]) -> AsyncIterator[None]:
    running = [asyncio.create_task(bus.run()) for bus in buses]
    try:
        yield
    finally:
        for task in running:
            task.cancel()
        for task in running:
            with contextlib.suppress(asyncio.CancelledError):
                await task


@asynccontextmanager
async def at_the_broker(broker: "SecuredBroker", name: str) -> AsyncIterator[MqttBus]:
    bus, here = MqttBus(login=broker.login(name), subscriptions=[]), asyncio.Event()
    bus.listen(on_letter=lambda _: None, on_state=lambda state: here.set() if state else None)
    async with present([bus]):
        async with asyncio.timeout(PATIENCE_S):
            await here.wait()
        yield bus


@pytest.fixture(scope="module")
def broker(secured: "SecuredBroker", small_hall: Hall) -> "SecuredBroker":
    """A broker of a hall in which every role is to be found, and one that may say everything."""
    hall = structs.replace(small_hall, nodes=tuple(Node(id=name, role=role) for name, role in ROLES.items()))
    everything = f"\nuser {ORACLE}\ntopic readwrite #\ntopic readwrite $CONTROL/#\n\npattern read {FENCE}\n"
    (secured.directory / ACL_FILE).write_text(acl(hall) + everything, encoding="utf-8")
    before = len(secured.lines)
    secured.hang_up()
    assert secured.says("Reloading", since=before)
    return secured


def topics_of(name: str) -> list[str]:
    return [topic.replace("<own>", name) for _, topic in rows()]


async def may_say(broker: "SecuredBroker", name: str) -> set[str]:
    """Return the topics that the broker takes from somebody."""
    async with at_the_broker(broker, name) as bus, asyncio.timeout(PATIENCE_S):
        return {topic for topic in topics_of(name) if await bus.publish(Letter(topic=topic, payload=b"x"))}


async def hears(broker: "SecuredBroker", oracle: MqttBus, name: str) -> dict[str, set[str]]:
    """Return what reaches somebody, by what they subscribe to: what was kept before, and what is said now."""
    heard: dict[str, set[str]] = {}
    login = broker.login(name)
    for wanted in (*topics_of(name), *WILD):
        ear = Ear(login, wanted)
        async with present([ear.bus]), asyncio.timeout(PATIENCE_S):
            await ear.here.wait()
            for topic in topics_of(name):
                oracle.publish(Letter(topic=topic, payload=b"x"))
            oracle.publish(Letter(topic=FENCE, payload=b"x"))
            await ear.end.wait()
        heard[wanted] = ear.topics
    return heard


def table(says: Mapping[str, AbstractSet[str]], heard: Mapping[str, Mapping[str, AbstractSet[str]]]) -> str:
    """Return what docs/security.md shows: w may write there, r hears it, - neither."""
    lines = ["| topic | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for heading, topic in rows():
        cells = []
        for name in COLUMNS.values():
            own = topic.replace("<own>", name)
            cells.append(("r" if own in heard[name][own] else "") + ("w" if own in says[name] else "") or "-")
        lines.append(f"| {heading} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


async def test_everybody_may_say_and_hear_what_the_table_says_and_nothing_else(broker: "SecuredBroker") -> None:
    names = list(COLUMNS.values())
    async with at_the_broker(broker, ORACLE) as oracle:
        for topic in sorted({topic for name in names for topic in topics_of(name)}):
            await oracle.publish(Letter(topic=topic, payload=b"kept", retained=True))
        said = dict(zip(names, await asyncio.gather(*(may_say(broker, name) for name in names)), strict=True))
        heard = dict(zip(names, await asyncio.gather(*(hears(broker, oracle, name) for name in names)), strict=True))
        for topic in sorted({topic for name in names for topic in topics_of(name)}):
            await oracle.publish(Letter(topic=topic, payload=b"", retained=True))
    for name in names:
        readable = {topic for topic in topics_of(name) if topic in heard[name][topic]}
        for wild in WILD:
            matching = {topic for topic in readable if mqtt.topic_matches_sub(wild, topic)}
            assert matching <= heard[name][wild]
            assert {topic for topic in heard[name][wild] if topic in topics_of(name)} == matching
    now = table(said, heard)
    there = DOCS.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    assert there == now, f"docs/security.md tells otherwise; as measured:\n{now}"
