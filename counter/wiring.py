"""The devices of one box, as its file names them: which line, which driver, which window."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from broker.config import CounterFile, PadLine, SignLine
from broker.config import Keypad as KeypadLine
from hardware.devices import CallPads, Keypad, Sign
from hardware.drivers import candle_sign, jtt905_keypad, qsystem_pads
from hardware.line import Line

PADS: Final = "pads"
SIGNS: Final = "signs"


class UnknownDriver(ValueError):
    """The file names a driver that this kind of device has not: correct `driver`, or leave it out."""


@dataclass(frozen=True, kw_only=True)
class Devices:
    """What hangs on the box, signs and keypads by counter, pads by their address."""

    lines: Sequence[Line] = ()
    pads: CallPads | None = None
    signs: Mapping[int, Sign] = field(default_factory=dict)
    keypads: Mapping[int, Keypad] = field(default_factory=dict)


def keypad_name(counter: int) -> str:
    return f"keypad-{counter}"


def connect(file: CounterFile, *, on_link: Callable[[str, bool, str], None]) -> Devices:
    """Make every device of the file; `on_link(name, up, reason)` hears of its line. Opens nothing yet.

    Raises UnknownDriver.
    """
    lines: list[Line] = []

    def line(name: str, cable: PadLine | SignLine | KeypadLine, *, driver: str, baud: int, gap_s: float) -> Line:
        if cable.driver != driver:
            raise UnknownDriver(f"{name}: driver {cable.driver!r} is not known here; the one there is: {driver!r}")
        url, real_baud = _with_baud(cable.port, baud)
        made = Line(url, gap_s=gap_s, baud=real_baud, on_link=lambda up, reason: on_link(name, up, reason))
        lines.append(made)
        return made

    pads, signs, keypads = None, {}, {}
    if file.pads is not None:
        pads = qsystem_pads.QSystemPads(
            line(PADS, file.pads, driver="qsystem-pads", baud=qsystem_pads.BAUD, gap_s=qsystem_pads.GAP_S)
        )
    if file.signs is not None:
        panel = candle_sign.CandleSigns(
            line(SIGNS, file.signs, driver="candle-sign", baud=candle_sign.BAUD, gap_s=candle_sign.GAP_S)
        )
        signs = {each.counter: panel.sign(each.sign) for each in file.windows if each.sign is not None}
    for each in file.windows:
        if each.keypad is not None:
            keypads[each.counter] = jtt905_keypad.Jtt905Keypad(
                line(keypad_name(each.counter), each.keypad, driver="jtt905-keypad", baud=jtt905_keypad.BAUD, gap_s=0.0)
            )
    return Devices(lines=lines, pads=pads, signs=signs, keypads=keypads)


def _with_baud(url: str, usual: int) -> tuple[str, int]:
    """Return the port with the device's usual speed unless it states one, and that speed; other ports have none."""
    if not url.startswith("serial:"):
        return url, 0
    stated = dict(parse_qsl(url.partition("?")[2])).get("baud", "")
    if stated.isdecimal():
        return url, int(stated)
    return f"{url}{'&' if '?' in url else '?'}baud={usual}", usual
