"""Phrases that were made before."""

import math
from array import array
from pathlib import Path

from hardware.voice import sound
from hardware.voice.cache import PhraseCache


def tone(n: int) -> "array[int]":
    return array("h", (round(9000 * math.sin(i / (5 + n))) for i in range(sound.RATE)))


def files(place: Path) -> int:
    return len(list(place.iterdir()))


def test_a_phrase_is_found_again_by_engine_voice_and_text_after_a_restart(tmp_path: Path) -> None:
    PhraseCache(tmp_path).write("espeak 1.52", "zh", "一", 1.0, tone(1))
    again = PhraseCache(tmp_path)
    assert again.read("espeak 1.52", "zh", "一", 1.0) == tone(1)
    for other in (
        ("espeak 1.53", "zh", "一", 1.0),
        ("espeak 1.52", "en", "一", 1.0),
        ("espeak 1.52", "zh", "二", 1.0),
        ("espeak 1.52", "zh", "一", 0.85),
    ):
        assert again.read(*other) is None


def test_the_least_used_go_first(tmp_path: Path) -> None:
    cache = PhraseCache(tmp_path, most_bytes=3 * 2 * sound.RATE + 1000)
    for n in (1, 2, 3):
        cache.write("e", "zh", str(n), 1.0, tone(n))
    assert cache.read("e", "zh", "1", 1.0) == tone(1)
    cache.write("e", "zh", "4", 1.0, tone(4))
    assert cache.read("e", "zh", "2", 1.0) is None
    assert [cache.read("e", "zh", each, 1.0) is not None for each in "134"] == [True, True, True]
    assert files(tmp_path) == 3


def test_a_file_that_is_no_sound_any_more_is_made_anew(tmp_path: Path) -> None:
    cache = PhraseCache(tmp_path)
    cache.write("e", "zh", "1", 1.0, tone(1))
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:100])
    assert cache.read("e", "zh", "1", 1.0) is None
    assert files(tmp_path) == 0
    cache.write("e", "zh", "1", 1.0, tone(1))
    assert cache.read("e", "zh", "1", 1.0) == tone(1)


def test_what_a_power_failure_left_half_written_goes_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "a.wav.new").write_bytes(b"RIFF")
    PhraseCache(tmp_path)
    assert files(tmp_path) == 0


def test_a_directory_that_is_gone_is_no_fault(tmp_path: Path) -> None:
    cache = PhraseCache(tmp_path / "phrases")
    (tmp_path / "phrases").rmdir()
    cache.write("e", "zh", "1", 1.0, tone(1))
    assert cache.read("e", "zh", "1", 1.0) is None
