"""Whole announcements: chime, sentences, pauses."""

import json
from pathlib import Path

import pytest

from broker.contract.messages import Language
from display.announcer import Announcer
from display.phrases import seconds, sentences
from display.reference import write
from hardware.voice import bells, sound
from hardware.voice.cache import PhraseCache
from hardware.voice.engines import espeak_command
from hardware.voice.maker import VoiceMaker, usual_maker

pytestmark = pytest.mark.sound

BOTH = (Language.ZH, Language.EN)


async def test_an_announcement_is_loud_and_as_long_as_the_queue_reckons(tmp_path: Path) -> None:
    announcer = Announcer(usual_maker(tmp_path))
    announcement = await announcer.make(sentences("A012", 3, BOTH, 2))
    await announcer.close()
    samples = sound.read(announcement.whole)
    assert announcement.fault == ""
    assert sound.level_db(samples) > -23
    assert len(samples) / sound.RATE == pytest.approx(bells.CHIME_S + seconds(sentences("A012", 3, BOTH, 2)), abs=1.0)
    assert samples[: len(bells.chime())] == bells.chime()


async def test_the_reference_is_sample_for_sample_what_the_hall_hears(tmp_path: Path) -> None:
    announcer = Announcer(usual_maker(tmp_path))
    announcement = await announcer.make(sentences("A012", 3, BOTH, 2))
    await announcer.close()
    line = json.dumps({"name": "a", "ticket": "A012", "counter": 3, "languages": ["zh", "en"], "repeats": 2})
    assert await write([line], tmp_path / "out") == []
    assert announcement.whole == (tmp_path / "out" / "a.wav").read_bytes()


async def test_without_any_engine_the_chime_still_calls(tmp_path: Path) -> None:
    silent = VoiceMaker([espeak_command(tmp_path, program="no-such-engine")], PhraseCache(tmp_path / "phrases"))
    announcer = Announcer(silent)
    announcement = await announcer.make(sentences("A012", 3, (Language.ZH,), 1))
    await announcer.close()
    assert sound.trimmed(sound.read(announcement.whole)) == sound.trimmed(bells.chime())
    assert "apt install espeak-ng" in announcement.fault
