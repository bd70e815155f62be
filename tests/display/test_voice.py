"""Speech that can be heard: made by pyttsx3 in a worker, checked, and not stopped by a dead engine."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from broker.contract.messages import Language
from display import sound
from display.reference import write
from display.speech import seconds, sentences
from display.voice import NoSpeech, VoiceMaker

pytestmark = pytest.mark.sound

BOTH = (Language.ZH, Language.EN)
DEAD_WORKER = (sys.executable, "-c", "raise SystemExit(1)")
MUTE_WORKER = (sys.executable, "-c", "import sys; [None for _ in sys.stdin]")


async def made(maker: VoiceMaker, *, ticket: str = "A012", languages: tuple[Language, ...] = BOTH) -> bytes:
    return (await maker.make(sentences(ticket, 3, languages, 2))).wav


async def test_an_announcement_is_loud_and_as_long_as_the_queue_reckons(tmp_path: Path) -> None:
    maker = VoiceMaker(state_dir=tmp_path)
    announcement = await maker.make(sentences("A012", 3, BOTH, 2))
    await maker.close()
    samples = sound.read(announcement.wav)
    assert announcement.fault == ""
    assert sound.loudness(samples) > 1500
    assert len(samples) / sound.RATE == pytest.approx(seconds(sentences("A012", 3, BOTH, 2)), abs=1.5)
    assert samples[: len(sound.chime())] == sound.chime()


async def test_the_same_call_gives_the_same_samples_whatever_was_said_before(tmp_path: Path) -> None:
    maker = VoiceMaker(state_dir=tmp_path)
    first = await made(maker)
    await made(maker, ticket="B999")
    again = await made(maker)
    await maker.close()
    line = json.dumps({"name": "a", "ticket": "A012", "counter": 3, "languages": ["zh", "en"], "repeats": 2})
    assert await write([line], tmp_path / "out") == []
    assert first == again == (tmp_path / "out" / "a.wav").read_bytes()


async def test_a_killed_worker_is_started_again(tmp_path: Path) -> None:
    maker = VoiceMaker(state_dir=tmp_path)
    before = await made(maker)
    assert maker._worker is not None
    maker._worker.kill()
    announcement = await maker.make(sentences("A012", 3, BOTH, 2))
    await maker.close()
    assert announcement.fault == ""
    assert announcement.wav == before


@pytest.mark.parametrize("worker", [DEAD_WORKER, MUTE_WORKER])
async def test_without_pyttsx3_the_command_speaks_and_a_technician_is_told(
    tmp_path: Path, worker: tuple[str, ...]
) -> None:
    maker = VoiceMaker(state_dir=tmp_path, worker=worker, patience_s=1)
    announcement = await maker.make(sentences("A012", 3, (Language.ZH,), 1))
    await maker.close()
    assert len(sound.read(announcement.wav)) > 3 * sound.RATE
    assert "pyttsx3 makes no zh speech" in announcement.fault


async def test_without_any_engine_the_chime_still_calls(tmp_path: Path) -> None:
    maker = VoiceMaker(state_dir=tmp_path, worker=DEAD_WORKER, command="no-such-engine")
    announcement = await maker.make(sentences("A012", 3, (Language.ZH,), 1))
    await maker.close()
    samples = sound.read(announcement.wav)
    assert sound.trimmed(samples) == sound.trimmed(sound.chime())
    assert "apt install espeak-ng" in announcement.fault


async def test_a_killed_command_is_no_speech(tmp_path: Path) -> None:
    maker = VoiceMaker(state_dir=tmp_path, command="false")
    with pytest.raises(NoSpeech, match="apt install"):
        await maker._by_command(sentences("A012", 3, (Language.ZH,), 1)[0])


def test_the_worker_ends_with_whoever_started_it() -> None:
    worker = subprocess.Popen([sys.executable, "-m", "display.voice_worker"], stdin=subprocess.PIPE)
    assert worker.stdin is not None
    worker.stdin.close()
    assert worker.wait(timeout=5) == 0


@pytest.mark.parametrize("wav", [b"", b"RIFF", sound.announcement([])[:2000]])
def test_broken_files_are_no_speech(wav: bytes) -> None:
    with pytest.raises(sound.BadSound):
        sound.read(wav)


def test_a_file_of_silence_is_no_speech() -> None:
    silent = bytearray(sound.announcement([]))
    silent[44:] = bytes(len(silent) - 44)
    with pytest.raises(sound.BadSound, match="too soft"):
        sound.read(bytes(silent))


async def test_two_who_want_speech_at_once_both_get_it(tmp_path: Path) -> None:
    maker = VoiceMaker(state_dir=tmp_path)
    one, other = await asyncio.gather(made(maker, ticket="A001"), made(maker, ticket="A002"))
    await maker.close()
    assert one != other
