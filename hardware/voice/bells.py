"""Sounds that are no speech: the chime before an announcement, and the alarm before a warning."""

import math
from array import array
from functools import cache
from typing import Final

from .sound import RATE, Samples

CHIME_S: Final = 0.8
ALARM_S: Final = 2.0
_BELLS: Final = ((0.0, 659.26), (0.3, 523.25))  # start in seconds, Hz: e'' falling to c''
_CHIME_PEAK: Final = 11000
_OVERTONES: Final = ((1.0, 1.0), (2.0, 0.35), (3.0, 0.12))  # multiple of the tone, share
_ALARM_TONES: Final = (800.0, 970.0)  # alternating, as fire alarms do
_ALARM_TONE_S: Final = 0.25
_ALARM_PEAK: Final = 12000


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


@cache
def alarm() -> Samples:
    """Return two seconds of two alternating tones: nobody takes it for the chime."""
    phase, heard = 0.0, array("h")
    for i in range(round(ALARM_S * RATE)):
        tone = _ALARM_TONES[int(i / RATE / _ALARM_TONE_S) % len(_ALARM_TONES)]
        phase += 2 * math.pi * tone / RATE
        heard.append(round(_ALARM_PEAK * math.sin(phase)))
    return heard
