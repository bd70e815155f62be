"""A kiosk's tactile keys and its speech, built from its file; they run beside the node, on its loop."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from broker.config import KioskFile
from broker.contract.messages import DeviceState
from broker.tactile import TactilePad
from hardware.devices import PortGone, TactileKey
from hardware.drivers.line_keypad import LineKeypad
from hardware.drivers.loudspeaker import open_speaker
from hardware.line import Line
from hardware.voice.maker import usual_maker

from .flow import WARN_S, Kiosk
from .hearing import Heard, heard
from .node import KioskNode
from .panel import Panel, fit
from .screens.layout import Scene
from .speaking import Speaking

Health = Callable[[DeviceState, str], None]
VOICE: Final = "voice"  # the folder of what is made, under the kiosk's own


def meanings(pad: TactilePad) -> Mapping[str, TactileKey]:
    """Return what each key's name means, in small letters."""
    return {name.casefold(): TactileKey(action) for name, action in pad.meanings()}


def accompany(node: KioskNode, file: KioskFile, *, on_key: Callable[[TactileKey], None]) -> None:
    """Let speech, and a keypad on a serial line, run with the node, as far as its file names them."""
    if file.keypad.port:
        pad = PadLine(file.keypad, on_key=on_key, on_health=partial(node.device, "tactile keypad"))
        node.accompany(pad.run_line)
        node.accompany(pad.run_keys)
    if file.speech.speaker:
        speaking = speaking_of(file)
        speaking.on_health = partial(node.device, "speaker")
        node.accompany(speaking.run, speaking.see)


def speaking_of(file: KioskFile) -> Speaking:
    """Return what speaks, from what the panel shows."""
    screen = file.screen
    panel = Panel(diagonal_in=screen.diagonal_in, dpi=screen.dpi, bottom_mm=screen.bottom_mm)
    fitted = fit(panel, screen.width, screen.height)

    def hear(kiosk: Kiosk) -> Heard:
        zone = ZoneInfo(kiosk.hall.timezone) if kiosk.hall is not None else None
        at = datetime.now(UTC).astimezone(zone)
        return heard(Scene(kiosk=kiosk, at=at, left_s=round(WARN_S), w=fitted.w, h=fitted.h - fitted.top))

    directory = Path(file.state_dir) / VOICE
    directory.mkdir(parents=True, exist_ok=True)
    return Speaking(maker=usual_maker(directory), speaker=open_speaker(file.speech.speaker), hear=hear)


class PadLine:
    """The keypad on its serial line; run `run()` for as long as the program lives, each key goes to `on_key`."""

    def __init__(self, pad: TactilePad, *, on_key: Callable[[TactileKey], None], on_health: Health) -> None:
        self._on_key = on_key
        self._on_health = on_health
        self._line = Line(pad.port, on_link=self._linked)
        self._keypad = LineKeypad(self._line, keys=meanings(pad))
        self._told: list[str] = []

    async def run_line(self) -> None:
        await self._line.run()

    async def run_keys(self) -> None:
        while True:
            try:
                async for key in self._keypad.presses():
                    self._on_key(key)
                    self._tell_unknown()
            except PortGone:
                continue  # the line says so itself, and comes back

    def _linked(self, up: bool, reason: str) -> None:  # noqa: FBT001 - the line's callback has this shape
        self._on_health(DeviceState.OK if up else DeviceState.FAULT, reason)

    def _tell_unknown(self) -> None:
        if self._keypad.unknown != self._told:
            self._told = list(self._keypad.unknown)
            names = ", ".join(self._told)
            self._on_health(DeviceState.WARNING, f"keys that mean nothing: {names}; name them in [keypad]")
