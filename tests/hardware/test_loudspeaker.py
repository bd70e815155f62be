import asyncio
import io
import shutil
import wave
from array import array
from pathlib import Path

import pytest

from hardware.devices import PortGone, Speaker
from hardware.drivers.loudspeaker import duration_s, open_speaker
from hardware.simulators.loudspeaker import Announced, NotSound, SimulatedLoudspeaker
from hardware.simulators.reports import Reports


def tone(length_s: float, *, rate: int = 22050, silence_s: float = 0.0) -> bytes:
    wav = io.BytesIO()
    with wave.open(wav, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        silence = array("h", bytes(2 * round(silence_s * rate)))
        loud = array("h", [9000] * round(length_s * rate))  # one loud step: two of them always add up
        sound.writeframes((silence + loud + silence).tobytes())
    return wav.getvalue()


def test_a_mistyped_speaker_is_refused_with_the_accepted_forms() -> None:
    for url in ("", "alsa:", "pulse:default", "tcp:127.0.0.1", "default"):
        with pytest.raises(ValueError, match="aplay -L"):
            open_speaker(url)


async def test_play_returns_when_the_last_sample_was_heard(tmp_path: Path, reports: Reports) -> None:
    tape = tmp_path / "hall.wav"
    async with asyncio.timeout(10), SimulatedLoudspeaker(tape=tape, report=reports) as hall:
        speaker: Speaker = open_speaker(f"tcp:127.0.0.1:{hall.port}")
        began = asyncio.get_running_loop().time()
        await speaker.play(tone(0.2, silence_s=0.1))
        assert asyncio.get_running_loop().time() - began >= 0.4
        await speaker.play(tone(0.1, rate=16000))
    first, second = reports.all(Announced)
    assert first.end_s - first.start_s == pytest.approx(0.2, abs=0.001)
    assert second.end_s - second.start_s == pytest.approx(0.1, abs=0.001)
    assert second.start_s >= first.end_s + 0.1
    assert not first.overlapped
    assert not second.overlapped
    with wave.open(str(tape)) as heard:
        assert (heard.getnchannels(), heard.getsampwidth(), heard.getframerate()) == (1, 2, 22050)
        samples = array("h", heard.readframes(heard.getnframes()))
    loud = [n for n, sample in enumerate(samples) if sample]
    assert loud[0] / 22050 == pytest.approx(first.start_s, abs=0.001)
    assert loud[-1] / 22050 == pytest.approx(second.end_s, abs=0.001)


async def test_two_announcements_to_one_speaker_follow_each_other(reports: Reports) -> None:
    async with asyncio.timeout(10), SimulatedLoudspeaker(report=reports) as hall:
        speaker = open_speaker(f"tcp:127.0.0.1:{hall.port}")
        await asyncio.gather(speaker.play(tone(0.1)), speaker.play(tone(0.1)))
    assert [each.overlapped for each in reports.all(Announced)] == [False, False]


async def test_the_hall_hears_when_two_programs_speak_at_once(tmp_path: Path, reports: Reports) -> None:
    async with asyncio.timeout(10), SimulatedLoudspeaker(tape=tmp_path / "hall.wav", report=reports) as hall:
        one, other = (open_speaker(f"tcp:127.0.0.1:{hall.port}") for _ in range(2))
        speaking = asyncio.create_task(one.play(tone(1.0)))
        await hall.sounding()
        await other.play(tone(0.05))
        await speaking
    assert [each.overlapped for each in reports.all(Announced)] == [True, True]
    with wave.open(str(tmp_path / "hall.wav")) as heard:
        assert max(array("h", heard.readframes(heard.getnframes()))) > 9000


async def test_whoever_cancels_hears_nothing_more_and_may_speak_at_once(tmp_path: Path, reports: Reports) -> None:
    async with asyncio.timeout(10), SimulatedLoudspeaker(tape=tmp_path / "hall.wav", report=reports) as hall:
        speaker = open_speaker(f"tcp:127.0.0.1:{hall.port}")
        speaking = asyncio.create_task(speaker.play(tone(8.0)))
        await hall.sounding()
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)
        await speaker.play(tone(0.1))
    first, second = reports.all(Announced)
    assert first.cut
    assert first.end_s - first.start_s < 0.3
    assert not second.cut
    assert not second.overlapped
    with wave.open(str(tmp_path / "hall.wav")) as heard:
        assert heard.getnframes() / 22050 < 2


async def test_a_speaker_that_is_off_or_drops_the_sound_is_told(reports: Reports) -> None:
    async with asyncio.timeout(10), SimulatedLoudspeaker(report=reports) as hall:
        speaker = open_speaker(f"tcp:127.0.0.1:{hall.port}")
        eight_bit = bytearray(tone(0.5))
        eight_bit[34] = 8
        with pytest.raises(PortGone, match="before its end"):
            await speaker.play(bytes(eight_bit))
        assert "16-bit only" in (await reports.next(NotSound)).reason
    with pytest.raises(PortGone, match="network cable"):
        await speaker.play(tone(0.1))


async def test_a_sound_card_that_is_not_there_is_told_in_a_technicians_words() -> None:
    async with asyncio.timeout(10):
        with pytest.raises(PortGone, match="aplay"):
            await open_speaker("alsa:hw:Nowhere").play(tone(0.1))


@pytest.mark.skipif(shutil.which("aplay") is None, reason="alsa-utils is not installed")
async def test_a_sound_card_that_takes_everything_is_no_fault() -> None:
    async with asyncio.timeout(10):
        await open_speaker("alsa:null").play(tone(0.1))


def test_the_length_of_a_sound_is_read_from_its_header() -> None:
    assert duration_s(tone(0.25)) == pytest.approx(0.25, abs=0.001)
