"""Speech that can be heard: by the first engine that makes it, checked, and kept."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from hardware.voice import sound
from hardware.voice.cache import PhraseCache
from hardware.voice.engines import Command, Engine, NoSpeech, Pyttsx3, espeak_command
from hardware.voice.maker import VoiceMaker, usual_maker

pytestmark = pytest.mark.sound

CALL = "请 A 零 一 二 号 到 三 号 窗口 办理"
DEAD_WORKER = (sys.executable, "-c", "raise SystemExit(1)")
MUTE_WORKER = (sys.executable, "-c", "import sys; [None for _ in sys.stdin]")


def maker(place: Path, *engines: Engine) -> VoiceMaker:
    return VoiceMaker(engines, PhraseCache(place / "phrases"))


async def test_a_phrase_is_loud_and_as_long_as_people_speak(tmp_path: Path) -> None:
    voices = usual_maker(tmp_path)
    chinese = await voices.speech("zh", CALL)
    english = await voices.speech("en", "Number A, 0 1 2, please go to counter 3")
    await voices.close()
    assert (chinese.fault, english.fault) == ("", "")
    for speech in (chinese, english):
        assert sound.level_db(speech.samples) == pytest.approx(sound.NOMINAL_DB, abs=0.1)
        assert 3 < len(speech.samples) / sound.RATE < 4.5
        assert speech.samples == sound.read(speech.wav)


async def test_the_same_text_gives_the_same_samples_whatever_was_said_before(tmp_path: Path) -> None:
    one, other = usual_maker(tmp_path / "one"), usual_maker(tmp_path / "other")
    first = await one.speech("zh", CALL)
    await one.speech("en", "B 9 9 9")
    again, elsewhere = await one.speech("zh", CALL, anew=True), await other.speech("zh", CALL)
    await one.close()
    await other.close()
    assert first.samples == again.samples == elsewhere.samples


async def test_a_killed_worker_is_started_again(tmp_path: Path) -> None:
    engine = Pyttsx3(tmp_path)
    before = await engine.make("zh", CALL)
    assert engine._worker is not None
    engine._worker.kill()
    assert await engine.make("zh", CALL) == before
    await engine.close()


@pytest.mark.parametrize("worker", [DEAD_WORKER, MUTE_WORKER])
async def test_without_pyttsx3_the_command_speaks_and_a_technician_is_told(
    tmp_path: Path, worker: tuple[str, ...]
) -> None:
    voices = maker(tmp_path, Pyttsx3(tmp_path, worker=worker, patience_s=1), espeak_command(tmp_path))
    speech = await voices.speech("zh", CALL)
    await voices.close()
    assert len(speech.samples) > 3 * sound.RATE
    assert "pyttsx3 makes no zh speech" in speech.fault


async def test_without_any_engine_there_is_no_speech_and_it_is_said_why(tmp_path: Path) -> None:
    voices = maker(tmp_path, Pyttsx3(tmp_path, worker=DEAD_WORKER), espeak_command(tmp_path, program="no-such-engine"))
    with pytest.raises(NoSpeech, match=r"worker has ended.*apt install espeak-ng"):
        await voices.speech("zh", CALL)
    await voices.close()


async def test_a_command_that_fails_is_no_speech(tmp_path: Path) -> None:
    engine = espeak_command(tmp_path, program="false")
    with pytest.raises(NoSpeech, match=r"exit code 1.*apt install"):
        await engine.make("zh", CALL)
    await engine.close()


async def test_a_neural_voice_of_the_halls_own_takes_the_text_on_its_standard_input(tmp_path: Path) -> None:
    program = tmp_path / "voice.py"
    program.write_text(
        "import subprocess, sys\n"
        "subprocess.run(['espeak-ng', '-v', 'cmn-latn-pinyin', '-w', sys.argv[1], '--stdin'], check=True)\n"
    )
    own = Command(tmp_path, (sys.executable, str(program), "{wav}"), voices={"zh": "zh"})
    voices = maker(tmp_path, own, espeak_command(tmp_path))
    key = own.key
    assert (await voices.speech("zh", CALL)).fault == ""
    assert (await voices.speech("en", "one")).fault == "", "it has only a Chinese voice, and that is no fault"
    program.write_text("import sys; sys.exit('the model is broken')\n")
    assert own.key != key, "another version makes its phrases anew"
    assert "the model is broken" in (await voices.speech("zh", "一 二 三 四")).fault
    await voices.close()


async def test_a_text_cannot_be_an_option_of_the_command(tmp_path: Path) -> None:
    engine = espeak_command(tmp_path)
    assert len(await engine.make("en", "--version {wav}")) > sound.RATE
    await engine.close()


def test_the_worker_ends_with_whoever_started_it() -> None:
    worker = subprocess.Popen([sys.executable, "-m", "hardware.voice.worker"], stdin=subprocess.PIPE)
    assert worker.stdin is not None
    worker.stdin.close()
    assert worker.wait(timeout=5) == 0


async def test_two_who_want_speech_at_once_both_get_it(tmp_path: Path) -> None:
    voices = usual_maker(tmp_path)
    one, other = await asyncio.gather(voices.speech("zh", "一 二 三"), voices.speech("zh", "四 五 六 七"))
    await voices.close()
    assert one.samples != other.samples


async def test_whoever_gives_up_does_not_spoil_the_next_phrase(tmp_path: Path) -> None:
    voices = usual_maker(tmp_path)
    expected = await voices.speech("zh", "一 二 三", anew=True)
    given_up = asyncio.create_task(voices.speech("zh", CALL, anew=True))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.005):
            await given_up
    assert (await voices.speech("zh", "一 二 三", anew=True)).samples == expected.samples
    await voices.close()
