"""Booked visits, and customers who say who they are: a kiosk at a real dispatcher, also when it goes away."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs

from broker.contract.messages import (
    BookVisit,
    DeviceState,
    Done,
    Hall,
    Identity,
    IdentityKind,
    Node,
    OfflineNumbers,
    PriorityClass,
    Role,
    Text,
    TicketIssued,
    TicketVoided,
)
from broker.link import HallLink, subscriptions
from kiosk import flow

from .test_node import ServiceHall, Tray, end, start

CODE, ACCOUNT = "482913", "1101051949"
TYPED = [f"digit:{digit}" for digit in CODE]
SAID = [f"digit:{digit}" for digit in ACCOUNT]
KEY = b"the secret of this hall's kiosks, long enough"
BOOKED = PriorityClass(id="booked", name=Text(zh="预约", en="Appointment"), appointment=True)


def expecting(hall: Hall) -> Hall:
    """Return the hall, open to bookings, with account numbers at *new*, and numbers of the kiosk's own."""
    return structs.replace(
        hall,
        timezone=f"Etc/GMT{datetime.now(UTC).hour - 12:+d}",  # there it is noon: no day ends meanwhile
        bookings=True,
        identity=Identity(kind=IdentityKind.ACCOUNT, required=("new",), per_day=2),
        classes=(BOOKED, *hall.classes),
        nodes=(
            Node(id="kiosk-1", role=Role.KIOSK, offline=OfflineNumbers(first=1001, last=1099)),
            Node(id="watcher", role=Role.WATCH),
            Node(id="desk-1", role=Role.SUPERVISOR),
        ),
    )


async def book(place: ServiceHall, service: str = "pay") -> None:
    loop = asyncio.get_running_loop()
    bus = place.broker.bus(name="desk-1", subscriptions=subscriptions(hall="east", node="desk-1", also=()))
    desk = HallLink(bus=bus, hall="east", node="desk-1", role=Role.SUPERVISOR, clock=loop.time)
    running = start(desk.run())
    at = datetime.now(UTC) + timedelta(minutes=5)
    answer = await desk.ask(BookVisit(id=desk.new_id(), code=CODE, service=service, at=at))
    assert isinstance(answer, Done), answer
    await end(running)


def tickets(place: ServiceHall) -> list[TicketIssued]:
    return [event for event in place.events if isinstance(event, TicketIssued)]


@pytest.fixture
async def place(hall: Hall, tmp_path: Path) -> AsyncIterator[ServiceHall]:
    place = ServiceHall(expecting(hall), tmp_path)
    place.open()
    place.start_kiosk(Tray(), identity_key=KEY)
    await place.until(lambda: place.kiosk.here is True and place.kiosk.paper is not None)
    yield place
    await place.close()


async def test_a_code_is_looked_up_and_its_ticket_has_the_booked_class(place: ServiceHall) -> None:
    await book(place)
    place.touch("check_in", *TYPED, "enter")
    await place.at(flow.Confirm)
    place.touch("take")
    await place.until(lambda: len(tickets(place)) == 1)
    assert [(each.ticket, each.priority_class, each.booking) for each in tickets(place)] == [("A001", "booked", CODE)]
    await place.until(lambda: getattr(place.screen, "slip", None) is not None)
    place.touch("home", "check_in", *TYPED, "enter")
    await place.at(flow.Declined)
    assert getattr(place.screen, "reason", None) == "booking_used"


async def test_an_account_number_leaves_the_kiosk_as_a_hash_of_the_day(place: ServiceHall) -> None:
    for _ in range(2):
        place.touch("service:new", "take", *SAID, "enter")
        await place.until(lambda: getattr(place.screen, "slip", None) is not None)
        place.touch("home")
    place.touch("service:new", "take", *SAID, "enter")
    await place.at(flow.Declined)
    assert getattr(place.screen, "reason", None) == "person_limit"
    one, other = tickets(place)
    assert one.person is not None
    assert one.person == other.person
    assert place.health["identity"].state is DeviceState.OK
    on_disk = b"".join(path.read_bytes() for path in place.directory.rglob("*") if path.is_file())
    assert ACCOUNT.encode() not in on_disk


async def test_a_kiosk_without_the_key_says_so_and_asks_nobody(hall: Hall, tmp_path: Path) -> None:
    place = ServiceHall(expecting(hall), tmp_path)
    place.open()
    place.start_kiosk(Tray())
    await place.until(lambda: "identity" in place.health and place.kiosk.here is True)
    assert place.health["identity"].state is DeviceState.FAULT
    assert "set identity_key_file" in place.health["identity"].detail
    await place.until(lambda: place.kiosk.paper is not None)
    place.touch("service:new", "take")
    await place.at(flow.Declined)
    assert getattr(place.screen, "reason", None) == "person_missing"
    await place.close()


def test_a_booked_customer_whose_answer_is_lost_gets_one_number_and_keeps_the_booking(
    hall: Hall, tmp_path: Path, in_no_time: Callable[[Coroutine[object, object, None]], None]
) -> None:
    async def story() -> None:
        place = ServiceHall(expecting(hall), tmp_path)
        place.open()
        place.start_kiosk(Tray(), identity_key=KEY)
        await place.until(lambda: place.kiosk.here is True and place.kiosk.paper is not None)
        await book(place)
        place.touch("check_in", *TYPED, "enter")
        await place.at(flow.Confirm)
        place.mail_is_lost = True
        place.touch("take")
        await place.until(lambda: isinstance(place.screen, flow.Ticket), patience_s=20)
        assert isinstance(place.screen, flow.Ticket)
        assert place.screen.taken.ticket == "A1001"
        place.mail_is_lost = False
        await place.until(lambda: "A1001" in place.issued, patience_s=120)
        void = [event.ticket for event in place.events if isinstance(event, TicketVoided)]
        alive = [each for each in tickets(place) if each.ticket not in void]
        assert [(each.ticket, each.priority_class, each.booking) for each in alive] == [("A1001", "booked", CODE)]
        await place.close()

    in_no_time(story())


def test_while_the_hall_is_away_the_kiosk_says_that_codes_cannot_be_looked_up(
    hall: Hall, tmp_path: Path, in_no_time: Callable[[Coroutine[object, object, None]], None]
) -> None:
    async def story() -> None:
        place = ServiceHall(expecting(hall), tmp_path)
        place.open()
        place.start_kiosk(Tray(), identity_key=KEY)
        await place.until(lambda: place.kiosk.here is True and place.kiosk.paper is not None)
        await place.lose_dispatcher()
        await place.until(lambda: place.kiosk.is_alone, patience_s=60)
        place.touch("check_in")
        assert getattr(place.screen, "reason", None) == "booking_alone"
        place.touch("home", "service:new", "take")
        await place.at(flow.Ticket)
        assert isinstance(place.screen, flow.Ticket)
        assert place.screen.taken.ticket == "B1001"
        await place.close()

    in_no_time(story())
