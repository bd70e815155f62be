"""Words that were recorded on a better day: each engine before them is really broken."""

import sys
from pathlib import Path

import pytest

from hardware.voice import sound
from hardware.voice.cache import PhraseCache
from hardware.voice.clips import Clips, split
from hardware.voice.engines import Engine, NoSpeech, Pyttsx3, espeak_command
from hardware.voice.maker import VoiceMaker

pytestmark = pytest.mark.sound

DEAD = (sys.executable, "-c", "raise SystemExit(1)")


async def test_when_every_engine_is_broken_the_recorded_words_call(tmp_path: Path) -> None:
    clips = Clips(tmp_path / "words")
    well = VoiceMaker([espeak_command(tmp_path)], PhraseCache(tmp_path / "one"), clips)
    for word in ["请", "A", "零", "一", "二", "号", "到", "三", "窗口", "办理"]:
        await well.record("zh", word)
    await well.close()
    broken: list[Engine] = [Pyttsx3(tmp_path, worker=DEAD), espeak_command(tmp_path, program="no-such-engine")]
    ill = VoiceMaker(broken, PhraseCache(tmp_path / "other"), Clips(tmp_path / "words"))
    speech = await ill.speech("zh", "请 A 零 一 二 号 到 三 号 窗口 办理")
    assert sound.level_db(speech.samples) == pytest.approx(sound.NOMINAL_DB, abs=0.1)
    assert 2.5 < len(speech.samples) / sound.RATE < 9
    assert "pyttsx3 makes no zh speech" in speech.fault
    assert "apt install espeak-ng" in speech.fault
    with pytest.raises(NoSpeech, match="no recorded word for the beginning of 'B"):
        await ill.speech("zh", "请 B 零 一 二 号 到 三 号 窗口 办理")
    await ill.close()


async def test_a_word_is_recorded_once_and_never_out_of_recorded_words(tmp_path: Path) -> None:
    clips = Clips(tmp_path / "words")
    engine = espeak_command(tmp_path)
    maker = VoiceMaker([engine], PhraseCache(tmp_path / "phrases"), clips)
    await maker.record("zh", "零")
    (before,) = (tmp_path / "words").glob("*.wav")
    modified = before.stat().st_mtime_ns
    await maker.record("zh", "零")
    assert before.stat().st_mtime_ns == modified
    silent = VoiceMaker([espeak_command(tmp_path, program="false")], PhraseCache(tmp_path / "phrases"), clips)
    with pytest.raises(NoSpeech, match="exit code 1"):
        await silent.record("zh", "零零")
    await maker.close()
    await silent.close()


def test_the_longest_word_that_fits_is_taken_and_a_latin_word_whole() -> None:
    words = {word: Path(word) for word in ("1", "2", "12", "to", "counter", "窗", "窗口")}
    assert [each.name for each in split("to counter 12", words)] == ["to", "counter", "12"]
    assert [each.name for each in split("counter 2, 1", words)] == ["counter", "2", "1"]
    assert [each.name for each in split("窗口", words)] == ["窗口"]
    with pytest.raises(NoSpeech, match="'tomorrow'"):
        split("to tomorrow", words)
