"""What a technician is told of speech and of the tactile keypad, each in order and each broken."""

import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker.config import KioskFile, load_node
from hardware.simulators.line_keypad import SimulatedTactileKeypad
from hardware.simulators.loudspeaker import Announced, SimulatedLoudspeaker
from kiosk.checks import ears
from kiosk.checks.finding import Bench, Finding, Light

CONFIG = """
node = "kiosk-1"
hall = "east"
state_dir = "{directory}"
broker = {{ password_file = "password" }}
printer = {{ port = "tcp:127.0.0.1:9" }}
[speech]
speaker = "{speaker}"
[keypad]
port = "{keypad}"
"""


def bench(
    directory: Path, *, speaker: str = "", keypad: str = "", ask: Callable[[str, int], None] = lambda _key, _s: None
) -> Bench:
    path = directory / "kiosk.toml"
    path.write_text(CONFIG.format(directory=directory, speaker=speaker, keypad=keypad), encoding="utf-8")
    return Bench(
        file=load_node(path, KioskFile),
        path=path,
        now=lambda: datetime.now(UTC),
        clock=time.monotonic,
        touch_s=3,
        ask=ask,
    )


async def found(findings: AsyncIterator[Finding]) -> list[tuple[Light, str]]:
    return [(each.light, each.key) async for each in findings]


async def test_nothing_is_said_of_what_the_file_does_not_name(tmp_path: Path) -> None:
    assert await found(ears.speech(bench(tmp_path))) == []
    assert await found(ears.keypad(bench(tmp_path))) == []


@pytest.mark.sound
async def test_both_languages_are_said_for_the_technician_to_hear(tmp_path: Path) -> None:
    heard: list[object] = []
    async with SimulatedLoudspeaker(report=heard.append) as loudspeaker:
        place = bench(tmp_path, speaker=f"tcp:127.0.0.1:{loudspeaker.port}")
        assert await found(ears.speech(place)) == [(Light.GREEN, "speech_ok")]
    assert [isinstance(each, Announced) for each in heard] == [True, True]
    assert await found(ears.speech(place)) == [(Light.RED, "speech_none")]


async def test_a_key_that_is_pressed_is_named_and_one_without_meaning_too(tmp_path: Path) -> None:
    async with SimulatedTactileKeypad(link=tmp_path / "pad") as keypad:
        port = f"serial:{tmp_path / 'pad'}"
        pressing = bench(tmp_path, keypad=port, ask=lambda _key, _s: keypad.press("ok"))
        assert await found(ears.keypad(pressing)) == [(Light.GREEN, "keypad_ok")]
        strange = bench(tmp_path, keypad=port, ask=lambda _key, _s: keypad.press("page"))
        assert await found(ears.keypad(strange)) == [(Light.AMBER, "keypad_unknown")]
        assert await found(ears.keypad(bench(tmp_path, keypad=port))) == [(Light.RED, "keypad_none")]
    assert await found(ears.keypad(bench(tmp_path, keypad=port))) == [(Light.RED, "keypad_gone")]
