"""Sound as numbers: reading, checking, levelling and joining WAVs. Mono, 16 bit, 22050 Hz."""

import io
import math
import operator
import sys
import wave
from array import array
from collections.abc import Iterable
from typing import Final, TypeAlias

Samples: TypeAlias = "array[int]"

RATE: Final = 22050
SHORTEST_S: Final = 0.1
SOFTEST: Final = 300.0  # root mean square of 16-bit samples; espeak's speech has 2000 to 4000
NOMINAL_DB: Final = -20.0  # what each phrase is brought to, below the loudest that 16 bits hold
_FULL: Final = 32768.0
_HIGHEST: Final = 32000  # no peak goes past it: no clipping
_FAINT: Final = 200  # below this a sample at either end is silence
_SAMPLE_BYTES: Final = 2


class BadSound(ValueError):
    """A WAV that nobody would hear as speech."""


def read(wav: bytes) -> Samples:
    """Return a WAV's samples, as mono of our rate. Raises BadSound when it is no WAV, too short or too soft."""
    try:
        with wave.open(io.BytesIO(wav)) as sound:
            channels, width, rate = sound.getnchannels(), sound.getsampwidth(), sound.getframerate()
            samples = array("h", sound.readframes(sound.getnframes()))
    except (wave.Error, EOFError, ValueError) as error:
        raise BadSound(f"no WAV: {error}") from error
    if width != _SAMPLE_BYTES:
        raise BadSound(f"{width * 8}-bit samples, not 16")
    if sys.byteorder == "big":
        samples.byteswap()
    samples = resampled(samples[::channels], rate)
    if len(samples) < SHORTEST_S * RATE:
        raise BadSound(f"only {len(samples) / RATE:.2f} s long")
    if loudness(samples) < SOFTEST:
        raise BadSound(f"too soft: {loudness(samples):.0f}")
    return samples


def to_wav(samples: Samples) -> bytes:
    """Return the samples as a WAV file."""
    ordered = array("h", samples)
    if sys.byteorder == "big":
        ordered.byteswap()
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(_SAMPLE_BYTES)
        sound.setframerate(RATE)
        sound.writeframes(ordered.tobytes())
    return out.getvalue()


def resampled(samples: Samples, rate: int) -> Samples:
    """Return what was recorded at `rate` as it is at ours, on straight lines between the samples."""
    if rate == RATE or not samples:
        return samples
    padded = [*samples, samples[-1]]
    places = [divmod(n * rate, RATE) for n in range(len(samples) * RATE // rate)]
    return array("h", (padded[i] + (padded[i + 1] - padded[i]) * part // RATE for i, part in places))


def loudness(samples: Samples) -> float:
    """Return the root mean square."""
    return math.sqrt(sum(map(operator.mul, samples, samples)) / max(1, len(samples)))


def level_db(samples: Samples) -> float:
    """Return the loudness in dB below the loudest that 16 bits hold."""
    return 20 * math.log10(max(loudness(samples), 1.0) / _FULL)


def gained(samples: Samples, gain_db: float) -> Samples:
    """Return the samples louder or softer by `gain_db`, but never so loud that a peak is cut."""
    if not samples or not gain_db:
        return samples
    peak = max(abs(each) for each in (min(samples), max(samples)))
    factor = min(10 ** (gain_db / 20), _HIGHEST / max(peak, 1))
    return array("h", [round(sample * factor) for sample in samples])


def levelled(samples: Samples) -> Samples:
    """Return the samples at the nominal loudness, whichever engine made them."""
    return gained(samples, NOMINAL_DB - level_db(samples))


def trimmed(samples: Samples) -> Samples:
    """Return the samples without the silence at both ends."""
    first = next((i for i, sample in enumerate(samples) if abs(sample) > _FAINT), 0)
    last = next((i for i in range(len(samples), 0, -1) if abs(samples[i - 1]) > _FAINT), len(samples))
    return samples[first:last]


def silence(length_s: float) -> Samples:
    return array("h", bytes(_SAMPLE_BYTES * round(length_s * RATE)))


def joined(parts: Iterable[Samples]) -> Samples:
    """Return one part after the other."""
    whole = array("h")
    for part in parts:
        whole += part
    return whole
