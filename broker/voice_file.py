"""What a voice's file says of its announcements: languages, loudness by the hour, engines of the hall's own."""

from collections.abc import Iterator
from typing import Annotated, Final

from msgspec import Meta, Struct

from .contract.messages import Id, Language
from .strict_toml import Finding, TomlFile

_CLOCK: Final = r"^([01]\d|2[0-3]):[0-5]\d$"


class QuietHours(Struct, frozen=True, kw_only=True):
    """Hours of each day in which the voice is softer; of several that overlap, the softest counts."""

    begin: Annotated[str, Meta(pattern=_CLOCK, description="HH:MM in the hall's time")]
    end: Annotated[str, Meta(pattern=_CLOCK, description="HH:MM; before `begin`: on the next day")]
    volume_db: Annotated[int, Meta(ge=-40, le=0, description="-10 is half as loud to the ear")]


class VoiceEngine(Struct, frozen=True, kw_only=True):
    """A program of the hall's own that makes speech, for instance with a neural voice; asked before the usual ones.

    The text comes on its standard input, or as an argument of its own, `"{text}"`.
    """

    command: Annotated[
        tuple[str, ...],
        Meta(min_length=1, description='program and arguments; `"{wav}"` is the file to write, WAV with 16 bits'),
    ]
    languages: Annotated[tuple[Language, ...], Meta(min_length=1, description="which it speaks")]
    patience_s: Annotated[float, Meta(gt=0, le=30, description="seconds for a sentence; then the next engine")] = 4.0


class Voice(Struct, frozen=True, kw_only=True):
    """The announcements of a zone."""

    zone: Annotated[Id, Meta(description="zone whose calls it speaks")]
    speaker: Annotated[str, Meta(description="alsa:DEVICE or tcp:HOST:PORT")] = "alsa:default"
    languages: Annotated[
        tuple[Language, ...],
        Meta(min_length=1, max_length=6, description="spoken in this order; one may come several times"),
    ] = (Language.ZH, Language.EN)
    repeats: Annotated[int, Meta(ge=1, le=3, description="how often the first language is spoken at once")] = 2
    backlog_s: Annotated[int, Meta(ge=0, le=120, description="queued seconds past which announcements get short")] = 15
    volume_db: Annotated[
        int, Meta(ge=-40, le=0, description="0: as loud as speech can be without distortion; -10: half as loud")
    ] = 0
    quiet: tuple[QuietHours, ...] = ()
    engines: tuple[VoiceEngine, ...] = ()


def voice_findings(file: TomlFile) -> Iterator[Finding]:
    """Return what would make an engine speak to nobody."""
    for place, command in file.select("voice.engines[].command"):
        if isinstance(command, list) and not any("{wav}" in str(word) for word in command):
            yield Finding(place=place, text='no word of the command holds "{wav}", the file that it shall write')
    for place, hours in file.select("voice.quiet[]"):
        if isinstance(hours, dict) and hours.get("begin") is not None and hours.get("begin") == hours.get("end"):
            yield Finding(place=place, text="begin and end are the same time: for the whole day set voice.volume_db")
