"""Speech at a kiosk where something is missing: told to technicians, and no customer is stopped."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker.contract.messages import DeviceState
from hardware.drivers.loudspeaker import TcpSpeaker
from hardware.simulators.loudspeaker import Announced, SimulatedLoudspeaker
from hardware.voice.cache import PhraseCache
from hardware.voice.engines import espeak_command
from hardware.voice.maker import VoiceMaker
from kiosk import flow
from kiosk.hearing import Heard, heard
from kiosk.screens.layout import Scene
from kiosk.speaking import Speaking

pytestmark = pytest.mark.sound


def hear(kiosk: flow.Kiosk) -> Heard:
    return heard(Scene(kiosk=kiosk, at=datetime(2026, 11, 21, 9, 42, tzinfo=UTC), left_s=20))


async def test_a_speaker_that_is_out_is_told_once_and_speech_goes_on_when_it_is_back(
    kiosk: flow.Kiosk, tmp_path: Path
) -> None:
    async with SimulatedLoudspeaker() as gone:
        port = gone.port
    maker = VoiceMaker([espeak_command(tmp_path)], PhraseCache(tmp_path / "phrases"))
    speaking = Speaking(maker=maker, speaker=TcpSpeaker("127.0.0.1", port), hear=hear)
    told: asyncio.Queue[tuple[DeviceState, str]] = asyncio.Queue()
    speaking.on_health = lambda state, detail: told.put_nowait((state, detail))
    running = asyncio.create_task(speaking.run())
    awake = replace(kiosk, listening=True, presses=1)
    speaking.see(kiosk)
    speaking.see(awake)
    async with asyncio.timeout(20):
        state, detail = await told.get()
        assert state is DeviceState.FAULT
        assert "is it on" in detail
        said: asyncio.Queue[object] = asyncio.Queue()
        async with SimulatedLoudspeaker(port=port, report=said.put_nowait):
            speaking.see(replace(awake, presses=2, volume=4))
            assert isinstance(await said.get(), Announced)
            assert await told.get() == (DeviceState.OK, "")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await maker.close()


async def test_an_engine_that_makes_nothing_is_told_with_what_to_install(kiosk: flow.Kiosk, tmp_path: Path) -> None:
    maker = VoiceMaker([espeak_command(tmp_path, program="no-such-espeak")], PhraseCache(tmp_path / "phrases"))
    speaking = Speaking(maker=maker, speaker=TcpSpeaker("127.0.0.1", 9), hear=hear)
    told: asyncio.Queue[tuple[DeviceState, str]] = asyncio.Queue()
    speaking.on_health = lambda state, detail: told.put_nowait((state, detail))
    running = asyncio.create_task(speaking.run())
    speaking.see(kiosk)
    speaking.see(replace(kiosk, listening=True, presses=1))
    async with asyncio.timeout(20):
        state, detail = await told.get()
    assert state is DeviceState.FAULT
    assert "espeak-ng" in detail
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await maker.close()
