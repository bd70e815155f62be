"""A customer who sees nothing: the whole program, worked by a keypad on a serial line, and heard by its sound."""

import asyncio
import contextlib
import json
import os
import sys
import time
import wave
from array import array
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest

from broker.bus import Login, MqttBus
from broker.contract import wire
from broker.contract.messages import Hall
from broker.dispatcher import Dispatcher
from broker.journal import Journal
from hardware.simulators.escpos_printer import Report, SimulatedPrinter, SlipPrinted
from hardware.simulators.line_keypad import SimulatedTactileKeypad
from hardware.simulators.loudspeaker import Announced, SimulatedLoudspeaker
from hardware.voice import sound
from hardware.voice.maker import VoiceMaker, usual_maker

PATIENCE_S = 20.0
BARGE_IN_MS = 300
CONFIG = """
node = "kiosk-1"
hall = "east"
state_dir = "{directory}/state"

[broker]
port = {broker_port}
password_file = "{directory}/password"

[printer]
port = "tcp:127.0.0.1:{printer_port}"
"""
HEARD = (
    CONFIG
    + """
[speech]
speaker = "tcp:127.0.0.1:{speaker_port}"

[keypad]
port = "serial:{keypad}?baud=9600"
"""
)
TYPED = Path(__file__).with_name("typed_window.py")


class Mosquitto(Protocol):
    port: int

    def login(self, name: str) -> Login: ...


class Customer:
    """Feels keys and hears; the witness of the screen is for the test alone. `key` presses a key of that name."""

    def __init__(self, key: Callable[[str], None], witness: Path) -> None:
        self._key = key
        self._witness = witness
        self.heard: list[Announced] = []
        self.slips: list[SlipPrinted] = []

    def hear(self, report: object) -> None:
        if isinstance(report, Announced):
            self.heard.append(report)

    def catch(self, report: Report) -> None:
        if isinstance(report, SlipPrinted):
            self.slips.append(report)

    def frames(self) -> list[dict[str, Any]]:
        if not self._witness.exists():
            return []
        lines = self._witness.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    async def until(self, wanted: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not wanted():  # noqa: ASYNC110 - another process is waited for
                await asyncio.sleep(0.01)

    async def press(self, key: str, *, screen: str, focus: str | None = None) -> float:
        """Press a key until the screen is there that follows; return when, on the machine's clock in ms."""
        at = time.monotonic() * 1000
        self._key(key)
        await self.until(
            lambda: self.frames()[-1]["screen"] == screen and (focus is None or self.frames()[-1]["focus"] == focus)
        )
        return at

    async def hears_to_the_end(self, count: int = 1) -> None:
        """Listen until so many further sentences were not cut."""
        before = len([each for each in self.heard if not each.cut])
        await self.until(lambda: len([each for each in self.heard if not each.cut]) >= before + count)


class Tape:
    """What the loudspeaker sounded."""

    def __init__(self, path: Path, maker: VoiceMaker) -> None:
        with wave.open(str(path)) as tape:
            self._samples = tape.readframes(tape.getnframes())
        self._maker = maker

    async def places(self, text: str, *, louder_db: float = 0.0, voice: str = "zh") -> list[float]:
        """Return the seconds at which a sentence begins, at so much above the ordinary loudness."""
        made = await self._maker.speech(voice, text)
        samples: array[int] = sound.gained(made.samples, louder_db - 20)
        wanted = samples.tobytes()
        found, at = [], self._samples.find(wanted)
        while at >= 0:
            found.append(at / 2 / sound.RATE)
            at = self._samples.find(wanted, at + 2)
        return found


@asynccontextmanager
async def kiosk_of_the_hall(
    mosquitto: Mosquitto,
    hall: Hall,
    directory: Path,
    customer: Customer,
    config: str,
    *program: str,
    speaker_port: int = 0,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A hall with its dispatcher, and the kiosk's program in its window."""
    dispatcher = Dispatcher(
        bus=MqttBus(login=mosquitto.login("dispatcher"), subscriptions=[wire.topic(hall.id, "cmd/{}", "+")]),
        journal=Journal(directory / "journal"),
        hall=hall.id,
        poison=directory / "poison",
        now=lambda: datetime.now(UTC),
    )
    dispatcher.open_day()
    dispatcher.configure(hall)
    (directory / "password").write_text(mosquitto.login("kiosk-1").password, encoding="utf-8")
    file = directory / "kiosk.toml"
    async with SimulatedPrinter(report=customer.catch, speed_mm_s=400) as printer:
        file.write_text(
            config.format(
                directory=directory,
                broker_port=mosquitto.port,
                printer_port=printer.port,
                speaker_port=speaker_port,
                keypad=directory / "keypad",
            ),
            encoding="utf-8",
        )
        deciding = asyncio.create_task(dispatcher.run())
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *program, "--config", str(file), "--witness", str(directory / "seen")),
            env={**os.environ, "SDL_VIDEODRIVER": "offscreen"},
            stdin=asyncio.subprocess.PIPE,
        )
        try:
            yield process
        finally:
            process.terminate()
            await process.wait()
            deciding.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await deciding


@pytest.mark.screen
@pytest.mark.broker
@pytest.mark.sound
async def test_a_blind_customer_takes_a_number_by_keys_and_sound_alone(
    mosquitto: Mosquitto, small_hall: Hall, tmp_path: Path
) -> None:
    async with SimulatedTactileKeypad(link=tmp_path / "keypad") as keypad:
        customer = Customer(keypad.press, tmp_path / "seen" / "kiosk.jsonl")
        async with (
            SimulatedLoudspeaker(report=customer.hear, tape=tmp_path / "hall.wav") as loudspeaker,
            kiosk_of_the_hall(
                mosquitto, small_hall, tmp_path, customer, HEARD, "-m", "kiosk", speaker_port=loudspeaker.port
            ),
        ):
            await customer.until(lambda: bool(customer.frames()) and "无人等候" in customer.frames()[-1]["texts"])
            assert not customer.heard
            await customer.press("down", screen="home", focus="language:en")  # wakes it, and nothing else
            await loudspeaker.sounding()
            await customer.press("repeat", screen="home")
            await customer.hears_to_the_end()
            await customer.press("down", screen="home", focus="service:bill")
            await customer.hears_to_the_end()
            await customer.press("down", screen="home", focus="service:new")
            await loudspeaker.sounding()
            count = len(customer.heard)
            pressed_ms = await customer.press("ok", screen="confirm")
            await customer.until(lambda: len(customer.heard) > count)
            assert customer.heard[count].cut
            assert customer.heard[count].monotonic_ms - pressed_ms < BARGE_IN_MS
            await customer.press("down", screen="confirm", focus="take")
            await customer.press("ok", screen="ticket")
            await customer.until(lambda: any("B001" in slip.lines for slip in customer.slips))
            await customer.hears_to_the_end()
            for _ in range(2):
                await customer.press("louder", screen="ticket")
                await customer.hears_to_the_end()
            await customer.press("repeat", screen="ticket")
            await customer.hears_to_the_end()
            await customer.press("back", screen="home")
            await customer.hears_to_the_end()
            await customer.press("down", screen="home", focus="language:en")
            await customer.hears_to_the_end()
    maker = usual_maker(tmp_path)
    tape = Tape(tmp_path / "hall.wav", maker)
    number = "您的号码是：B 零 零 一。"
    heard = [
        await tape.places("请选择业务，共 2 项。"),
        await tape.places("电费，无人等候，马上办理"),
        await tape.places(number),
        await tape.places(number, louder_db=10),
        await tape.places("已回到首页，可以按任意键重新开始。", louder_db=10),
        await tape.places("您可以用按键取号，每一步都有语音。"),
    ]
    await maker.close()
    assert all(heard)
    assert [each[-1] for each in heard] == sorted(each[-1] for each in heard)
    assert not any(each.overlapped for each in customer.heard)
    assert [slip.lines.count("B001") for slip in customer.slips] == [1]


@pytest.mark.screen
@pytest.mark.broker
async def test_a_customer_who_cannot_touch_takes_a_number_with_a_keypad_that_types(
    mosquitto: Mosquitto, small_hall: Hall, tmp_path: Path
) -> None:
    typed: list[str] = []
    customer = Customer(typed.append, tmp_path / "seen" / "kiosk.jsonl")
    async with kiosk_of_the_hall(mosquitto, small_hall, tmp_path, customer, CONFIG, str(TYPED)) as kiosk:

        async def press(key: str, *, screen: str, focus: str | None = None) -> None:
            assert kiosk.stdin is not None
            kiosk.stdin.write(f">{key}\n".encode())
            await customer.press(key, screen=screen, focus=focus)

        await customer.until(lambda: bool(customer.frames()) and "无人等候" in customer.frames()[-1]["texts"])
        await press("right", screen="home", focus="language:en")  # held: it repeats, and counts once
        await press("right", screen="home", focus="service:bill")
        await press("right", screen="home", focus="service:new")
        await press("enter", screen="confirm")
        await press("back", screen="home")
        await press("left", screen="home", focus="language:en")
        await press("left", screen="home", focus="help")
        await press("right", screen="home", focus="language:en")
        await press("right", screen="home", focus="service:bill")
        await press("enter", screen="confirm")
        await press("enter", screen="confirm", focus="take")
        await press("enter", screen="ticket")
        await customer.until(lambda: any("A001" in slip.lines for slip in customer.slips))
        await customer.until(lambda: "请取走小票" in customer.frames()[-1]["texts"])
        await press("escape", screen="home")
        assert kiosk.returncode is None
    assert len(customer.slips) == 1
