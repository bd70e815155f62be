"""Sound as numbers: what counts as speech, how loud it is."""

import io
import math
import wave
from array import array
from itertools import pairwise

import pytest

from hardware.voice import bells, sound


def tone(peak: int, *, length_s: float = 1.0, rate: int = sound.RATE) -> "array[int]":
    return array("h", (round(peak * math.sin(2 * math.pi * 440 * n / rate)) for n in range(round(length_s * rate))))


def wav_of(samples: "array[int]", *, rate: int, channels: int = 1) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return out.getvalue()


@pytest.mark.parametrize("wav", [b"", b"RIFF", sound.to_wav(bells.chime())[:2000]])
def test_broken_files_are_no_speech(wav: bytes) -> None:
    with pytest.raises(sound.BadSound):
        sound.read(wav)


def test_a_file_of_silence_is_no_speech() -> None:
    with pytest.raises(sound.BadSound, match="too soft"):
        sound.read(sound.to_wav(sound.silence(2)))


def test_a_file_of_eight_bits_is_refused_by_name() -> None:
    broken = bytearray(sound.to_wav(tone(9000)))
    broken[34] = 8
    with pytest.raises(sound.BadSound, match="8-bit"):
        sound.read(bytes(broken))


@pytest.mark.parametrize("rate", [8000, 16000, 24000, 44100, 48000])
def test_other_rates_keep_pitch_and_length(rate: int) -> None:
    heard = sound.read(wav_of(tone(9000, rate=rate), rate=rate))
    assert len(heard) == pytest.approx(sound.RATE, abs=2)
    rising = sum(1 for one, other in pairwise(heard) if one < 0 <= other)
    assert rising == pytest.approx(440, abs=1)


def test_of_stereo_one_side_is_heard() -> None:
    both = array("h", (side for sample in tone(9000) for side in (sample, 0)))
    assert sound.read(wav_of(both, rate=sound.RATE, channels=2)) == tone(9000)


@pytest.mark.parametrize("peak", [1000, 4000, 20000])
def test_whatever_an_engine_makes_is_brought_to_one_loudness(peak: int) -> None:
    assert sound.level_db(sound.levelled(tone(peak))) == pytest.approx(sound.NOMINAL_DB, abs=0.05)


def test_no_gain_cuts_a_peak() -> None:
    loud = sound.gained(tone(20000), 20)
    assert 31000 < max(loud) <= 32000
    assert sound.level_db(sound.gained(tone(8000), -12)) == pytest.approx(sound.level_db(tone(8000)) - 12, abs=0.05)


def test_silence_at_both_ends_goes() -> None:
    padded = sound.joined([sound.silence(0.2), tone(9000), sound.silence(0.1)])
    assert len(sound.trimmed(padded)) == pytest.approx(len(tone(9000)), abs=4)


def test_the_alarm_is_loud_and_no_chime() -> None:
    assert sound.level_db(bells.alarm()) > sound.level_db(bells.chime()) + 6
    assert len(bells.alarm()) == round(bells.ALARM_S * sound.RATE)
