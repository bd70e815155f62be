"""A missed call in the real window: the slip is held before a serial scanner, then before one that types."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker.bus import MqttBus
from broker.contract import wire
from broker.contract.messages import Called, CallNext, Hall, MarkNoShow, Role
from broker.dispatcher import Dispatcher
from broker.journal import Journal
from broker.link import HallLink, subscriptions
from hardware.simulators.escpos_printer import Report, SimulatedPrinter, SlipPrinted
from hardware.simulators.line_scanner import SimulatedScanner

from .test_window import CONFIG, Customer, Mosquitto, free_udp_port

WITH_SCANNER = CONFIG + '\n[scanner]\nport = "serial:{scanner}"\n'
PROGRAM = Path(__file__).with_name("typed_window.py")


@contextlib.asynccontextmanager
async def typed_program(config: Path, witness: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(PROGRAM), "--config", str(config), "--witness", str(witness)),
        env={**os.environ, "SDL_VIDEODRIVER": "offscreen"},
        stdin=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


@contextlib.asynccontextmanager
async def in_the_background(*runs: asyncio.Task[None]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        for each in runs:
            each.cancel()
        await asyncio.gather(*runs, return_exceptions=True)


async def miss_a_call(desk: HallLink) -> str:
    """Call the next customer to counter 1, who does not come; return the number."""
    called = await desk.ask(CallNext(id=desk.new_id(), counter=1))
    assert isinstance(called, Called), called
    await desk.ask(MarkNoShow(id=desk.new_id(), counter=1, seen=called.call))
    return called.ticket


def code_on(slip: SlipPrinted) -> str:
    (text,) = slip.qr_texts
    return text


@pytest.mark.screen
@pytest.mark.broker
async def test_a_slip_that_is_scanned_waits_again_and_its_new_place_is_printed(
    mosquitto: Mosquitto, small_hall: Hall, tmp_path: Path
) -> None:
    slips: list[SlipPrinted] = []

    def fell(report: Report) -> None:
        if isinstance(report, SlipPrinted):
            slips.append(report)

    dispatcher = Dispatcher(
        bus=MqttBus(login=mosquitto.login("dispatcher"), subscriptions=[wire.topic(small_hall.id, "cmd/{}", "+")]),
        journal=Journal(tmp_path / "journal"),
        hall=small_hall.id,
        poison=tmp_path / "poison",
        now=lambda: datetime.now(UTC),
    )
    dispatcher.open_day()
    dispatcher.configure(small_hall)
    loop = asyncio.get_running_loop()
    desk = HallLink(
        bus=MqttBus(
            login=mosquitto.login("box-1"), subscriptions=subscriptions(hall=small_hall.id, node="box-1", also=())
        ),
        hall=small_hall.id,
        node="box-1",
        role=Role.COUNTER,
        clock=loop.time,
    )
    touch_port = free_udp_port()
    (tmp_path / "password").write_text(mosquitto.login("kiosk-1").password, encoding="utf-8")
    customer = Customer(witness=tmp_path / "seen" / "kiosk.jsonl", touch_port=touch_port)
    config = tmp_path / "kiosk.toml"
    async with (
        SimulatedPrinter(report=fell, speed_mm_s=400) as printer,
        SimulatedScanner(link=tmp_path / "scanner") as scanner,
    ):
        config.write_text(
            WITH_SCANNER.format(
                directory=tmp_path,
                broker_port=mosquitto.port,
                touch_port=touch_port,
                printer_port=printer.port,
                scanner=tmp_path / "scanner",
            ),
            encoding="utf-8",
        )
        tasks = (loop.create_task(dispatcher.run()), loop.create_task(desk.run()))
        async with in_the_background(*tasks), typed_program(config, tmp_path / "seen") as kiosk:
            await customer.touch("service:new")
            await customer.touch("take")
            await customer.sees(lambda frame: frame["screen"] == "ticket" and "请取走小票" in frame["texts"])
            code = code_on(slips[0])
            assert code.startswith("HC1:T:")
            assert code.endswith("-B001")
            await customer.sees(lambda frame: frame["screen"] == "home")

            assert await miss_a_call(desk) == "B001"
            scanner.scan(code)
            shown = await customer.sees(lambda frame: frame["screen"] == "back" and "请取走小票" in frame["texts"])
            assert {"B001", "马上就叫您。"} <= set(shown["texts"])
            assert slips[1].lines[:2] == ("东区供电营业厅", "过号报到")
            assert {"B001", "马上就叫您"} <= set(slips[1].lines)
            assert code_on(slips[1]) == code
            await customer.touch("home")

            assert await miss_a_call(desk) == "B001"
            assert kiosk.stdin is not None
            await customer.sees(lambda frame: frame["screen"] == "home")
            kiosk.stdin.write(code.removeprefix("HC1:T:").encode() + b"\n")
            await customer.sees(lambda frame: frame["screen"] == "back" and "请取走小票" in frame["texts"])
            assert {"B001", "马上就叫您"} <= set(slips[2].lines)
            await customer.touch("home")

            kiosk.stdin.write(b"https://qr.example/pay?me\n")
            shown = await customer.sees(lambda frame: frame["screen"] == "unread")
            assert "没有认出这个码" in shown["texts"]
            await customer.touch("missed")
            await customer.sees(lambda frame: frame["screen"] == "missed")
