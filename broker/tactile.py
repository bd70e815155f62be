"""What a kiosk's file says of those who cannot see or touch the screen: speech, and keys that are felt."""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

KeyNames = tuple[str, ...]


class KioskSpeech(Struct, frozen=True, kw_only=True):
    """What is said to those who work the kiosk by tactile keys; up to 20 dB louder on request, for one customer."""

    speaker: Annotated[
        str,
        Meta(
            pattern=r"^$|^alsa:.+$|^tcp:.+:[0-9]+$",
            description="alsa:DEVICE or tcp:HOST:PORT, a headset's socket or a speaker; empty: nothing is said",
        ),
    ] = ""


class TactilePad(Struct, frozen=True, kw_only=True):
    """Keys that are felt: of a keypad that types as a USB keyboard, or on a serial line that sends each key's name.

    A keyboard's are left, right, up, down, enter, escape, backspace, tab, insert, delete, home, end, pageup, pagedown,
    f1 to f24, keypad+, keypad-, keypad*, keypad/, volumeup, volumedown and mute. Keypads differ and can be set: Storm's
    `<<` is f23 (1400 Series Audio-Nav, technical manual 1.5, page 28); what means nothing is in the kiosk's log.
    """

    port: Annotated[str, Meta(description="serial:DEVICE?baud=N; empty: none on a serial line")] = ""
    previous: Annotated[KeyNames, Meta(description="keys that go back to what stands before")] = ("left", "up")
    next: Annotated[KeyNames, Meta(description="keys that go on to what comes next")] = ("right", "down", "f24")
    ok: Annotated[KeyNames, Meta(description="keys that touch what was gone to")] = ("enter", "ok")
    back: Annotated[KeyNames, Meta(description="keys that leave a page")] = ("escape", "backspace", "back", "f23")
    repeat: Annotated[KeyNames, Meta(description="keys to hear it again")] = ("insert", "keypad*", "repeat")
    louder: Annotated[KeyNames, Meta(description="keys for 5 dB more")] = ("volumeup", "keypad+", "louder")
    quieter: Annotated[KeyNames, Meta(description="keys for 5 dB less")] = ("volumedown", "keypad-", "quieter")
    plugged: Annotated[KeyNames, Meta(description="what a headset sends that is put in: speech begins")] = (
        "f15",
        "plugged",
    )
    unplugged: Annotated[KeyNames, Meta(description="what it sends when it is pulled out: silence")] = (
        "f16",
        "unplugged",
    )

    def meanings(self) -> Iterator[tuple[str, str]]:
        """Yield each key's name with what it means, which is the name of its field here."""
        for action in self.__struct_fields__:
            if action != "port":
                yield from ((name, action) for name in getattr(self, action))

    def faults(self) -> dict[str, str]:
        """Return, by field, what cannot be: a key that means two things."""
        meant: dict[str, str] = {}
        found = {}
        for name, action in self.meanings():
            other = meant.setdefault(name.casefold(), action)
            if other != action:
                found[action] = f"the key {name!r} means {other} already; name other keys for one of them"
        return found
