"""Booked visits in the real window: imported at the command line, checked in by touch and by scan."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from broker.bus import MqttBus
from broker.contract import wire
from broker.contract.messages import Hall, Identity, IdentityKind, Node, PriorityClass, Role, Text, TicketIssued
from broker.dispatcher import Dispatcher
from broker.journal import Journal
from hardware.simulators.escpos_printer import Report, SimulatedPrinter, SlipPrinted
from hardware.simulators.line_scanner import SimulatedScanner

from .test_scans_in_window import WITH_SCANNER, in_the_background
from .test_window import Customer, Mosquitto, free_udp_port, program

KEYED = 'identity_key_file = "{directory}/identity-key"\n'
DESK = """
node = "desk-1"
hall = "east"
state_dir = "{directory}"
broker = {{ port = {port}, password_file = "{directory}/desk-password" }}
"""
CODES = ("482913", "600142", "731055")
ACCOUNT = "1101051949"


@pytest.fixture(scope="module")
def small_hall(small_hall: Hall) -> Hall:
    """The small hall, with a desk, appointments, and account numbers at one of its services."""
    booked = PriorityClass(id="booked", name=Text(zh="预约", en="Appointment"), appointment=True)
    return replace(
        small_hall,
        timezone=f"Etc/GMT{datetime.now(UTC).hour - 12:+d}",  # there it is noon: no day ends meanwhile
        nodes=(*small_hall.nodes, Node(id="desk-1", role=Role.SUPERVISOR)),
        classes=(booked, *small_hall.classes),
        bookings=True,
        identity=Identity(kind=IdentityKind.ACCOUNT, optional=("bill",), per_day=1),
    )


async def imported(directory: Path, port: int, now: datetime) -> str:
    """Import the day's bookings as a clerk at the desk does; return what was said."""
    times = [(now + timedelta(minutes=minutes)).isoformat() for minutes in (5, 1, 24 * 60 + 1)]
    services = ("bill", "new", "new")
    rows = [f"{code},{service},{at}" for code, service, at in zip(CODES, services, times, strict=True)]
    (directory / "visits.csv").write_text("\n".join(["code,service,time", *rows]), encoding="utf-8")
    (directory / "desk.toml").write_text(DESK.format(directory=directory, port=port), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hallcall", "bookings", "import", str(directory / "visits.csv")),
        *("--config", str(directory / "desk.toml")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


async def type_in(customer: Customer, digits: str) -> None:
    for digit in digits:
        await customer.touch(f"digit:{digit}")
    await customer.touch("enter")


@pytest.mark.screen
@pytest.mark.broker
async def test_a_booked_visit_is_checked_in_once_and_nobody_learns_the_account_number(
    mosquitto: Mosquitto, small_hall: Hall, tmp_path: Path
) -> None:
    slips: list[SlipPrinted] = []
    now = datetime.now(UTC)

    def fell(report: Report) -> None:
        if isinstance(report, SlipPrinted):
            slips.append(report)

    journal = Journal(tmp_path / "journal")
    dispatcher = Dispatcher(
        bus=MqttBus(login=mosquitto.login("dispatcher"), subscriptions=[wire.topic(small_hall.id, "cmd/{}", "+")]),
        journal=journal,
        hall=small_hall.id,
        poison=tmp_path / "poison",
        now=lambda: datetime.now(UTC),
    )
    dispatcher.open_day()
    dispatcher.configure(small_hall)
    touch_port = free_udp_port()
    for name, node in (("password", "kiosk-1"), ("desk-password", "desk-1")):
        (tmp_path / name).write_text(mosquitto.login(node).password, encoding="utf-8")
    (tmp_path / "identity-key").write_text("the secret of this hall's kiosks, long enough\n", encoding="ascii")
    customer = Customer(witness=tmp_path / "seen" / "kiosk.jsonl", touch_port=touch_port)
    config = tmp_path / "kiosk.toml"
    async with (
        SimulatedPrinter(report=fell, speed_mm_s=400) as printer,
        SimulatedScanner(link=tmp_path / "scanner") as scanner,
    ):
        config.write_text(
            (KEYED + WITH_SCANNER).format(
                directory=tmp_path,
                broker_port=mosquitto.port,
                touch_port=touch_port,
                printer_port=printer.port,
                scanner=tmp_path / "scanner",
            ),
            encoding="utf-8",
        )
        task = asyncio.get_running_loop().create_task(dispatcher.run())
        async with in_the_background(task), program(config, tmp_path / "seen"):
            assert await imported(tmp_path, mosquitto.port, now) == "3 of 3 visits are booked\n"
            assert await imported(tmp_path, mosquitto.port, now) == "3 of 3 visits are booked\n"

            await customer.touch("check_in")
            await type_in(customer, CODES[0])
            shown = await customer.sees(lambda frame: frame["screen"] == "confirm")
            assert "按预约时间叫您" in shown["texts"]
            await customer.touch("take")
            await type_in(customer, ACCOUNT)
            await customer.sees(lambda frame: frame["screen"] == "ticket" and "请取走小票" in frame["texts"])
            await customer.sees(lambda frame: frame["screen"] == "home")
            assert [slip.lines.count("A001") for slip in slips] == [1]

            await customer.touch("check_in")
            await type_in(customer, CODES[0])
            await customer.sees(lambda frame: "这个预约已经取过号：A001。" in frame["texts"])
            await customer.touch("home")

            scanner.scan(f"HC1:B:{CODES[1]}")
            await customer.touch("take")
            await customer.sees(lambda frame: frame["screen"] == "ticket" and "请取走小票" in frame["texts"])
            await customer.sees(lambda frame: frame["screen"] == "home")
            scanner.scan(CODES[2])
            await customer.sees(lambda frame: any(text.startswith("您预约的是") for text in frame["texts"]))
            await customer.touch("home")

            await customer.touch("service:bill")
            await customer.touch("take")
            await type_in(customer, ACCOUNT)
            await customer.sees(lambda frame: any(text.startswith("每人每天最多取 1 个号") for text in frame["texts"]))
    issued = [each.event for each in journal.replay() if isinstance(each.event, TicketIssued)]
    assert [(each.ticket, each.priority_class, each.booking) for each in issued] == [
        ("A001", "booked", CODES[0]),
        ("B001", "booked", CODES[1]),
    ]
    assert [each.person is not None for each in issued] == [True, False]
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and "seen" not in path.parts)
    assert ACCOUNT.encode() not in written
