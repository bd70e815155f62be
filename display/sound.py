"""Sound as numbers: the chime, silence, joining, and whether a WAV is worth playing. Mono, 16 bit, 22050 Hz."""

import io
import math
import operator
import sys
import wave
from array import array
from functools import cache
from typing import Final, TypeAlias

from .speech import CHIME_S, GAP_S

Samples: TypeAlias = "array[int]"

RATE: Final = 22050
SHORTEST_S: Final = 0.3
SOFTEST: Final = 300.0  # root mean square of 16-bit samples; espeak's speech has 2000 to 4000
_FAINT: Final = 200  # below this a sample at either end is silence
_BELLS: Final = ((0.0, 659.26), (0.3, 523.25))  # start in seconds, Hz: e'' falling to c''
_CHIME_PEAK: Final = 11000
_OVERTONES: Final = ((1.0, 1.0), (2.0, 0.35), (3.0, 0.12))  # multiple of the tone, share


class BadSound(ValueError):
    """A WAV that nobody would hear as speech."""


def read(wav: bytes) -> Samples:
    """Return a WAV's samples. Raises BadSound when it is not ours, too short or too soft."""
    try:
        with wave.open(io.BytesIO(wav)) as sound:
            form = (sound.getnchannels(), sound.getsampwidth(), sound.getframerate())
            samples = array("h", sound.readframes(sound.getnframes()))
    except (wave.Error, EOFError) as error:
        raise BadSound(f"no WAV: {error}") from error
    if form != (1, 2, RATE):
        raise BadSound(f"channels, bytes and rate are {form}, not (1, 2, {RATE})")
    if sys.byteorder == "big":
        samples.byteswap()
    if len(samples) < SHORTEST_S * RATE:
        raise BadSound(f"only {len(samples) / RATE:.2f} s long")
    if loudness(samples) < SOFTEST:
        raise BadSound(f"too soft: {loudness(samples):.0f}")
    return samples


def loudness(samples: Samples) -> float:
    """Return the root mean square."""
    return math.sqrt(sum(map(operator.mul, samples, samples)) / max(1, len(samples)))


def trimmed(samples: Samples) -> Samples:
    """Return the samples without the silence at both ends."""
    first = next((i for i, sample in enumerate(samples) if abs(sample) > _FAINT), 0)
    last = next((i for i in range(len(samples), 0, -1) if abs(samples[i - 1]) > _FAINT), len(samples))
    return samples[first:last]


@cache
def chime() -> Samples:
    """Return the two falling bell tones that come before an announcement."""
    heard = [0.0] * round(CHIME_S * RATE)
    for start_s, tone in _BELLS:
        first = round(start_s * RATE)
        for i in range(first, len(heard)):
            t = (i - first) / RATE
            fade = min(1.0, t / 0.004) * math.exp(-t / 0.16)
            heard[i] += fade * sum(
                share * math.sin(2 * math.pi * tone * multiple * t) for multiple, share in _OVERTONES
            )
    scale = _CHIME_PEAK / max(map(abs, heard))
    return array("h", (round(sample * scale) for sample in heard))


def announcement(parts: list[Samples]) -> bytes:
    """Return one WAV: the chime, then each part after a short pause."""
    pause = array("h", bytes(2 * round(GAP_S * RATE)))
    joined = array("h", chime())
    for part in parts:
        joined += pause + trimmed(part)
    joined += pause
    if sys.byteorder == "big":
        joined.byteswap()
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(joined.tobytes())
    return out.getvalue()
