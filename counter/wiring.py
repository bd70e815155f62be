"""The devices of one box, as its file names them: which line, which driver, which window."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path
from time import monotonic
from typing import Final
from urllib.parse import parse_qsl

from broker.config import CardReader, CounterFile
from broker.config import Keypad as KeypadConfig
from broker.config import PadLine as PadsConfig
from broker.pad_file import DESCRIBED, OWN_KEYPAD, OWN_PADS, load_pad, pad_baud
from broker.sign_file import Dim, SignLine, load_sign
from hardware.devices import CallPads, Keypad, Scanner, Sign
from hardware.drivers import jtt905_keypad, line_scanner, qsystem_pads
from hardware.drivers.line_signs import LineSigns
from hardware.drivers.pad_codes import pad_code
from hardware.drivers.pad_line import PadLine
from hardware.drivers.sign_codes import sign_code
from hardware.line import Line
from hardware.sign_frames import GenericSign
from hardware.sign_kinds import KINDS

PADS: Final = "pads"
MUTE: Final = "signs of this line never answer: a dead one cannot be noticed from here, look at them"


@dataclass(frozen=True, kw_only=True)
class ZoneSign:
    """A sign for the whole hall; `name` is what a technician reads."""

    name: str
    zone: str
    calls: int
    sign: Sign


def _now() -> time:
    return datetime.now().astimezone().time()


@dataclass(frozen=True, kw_only=True)
class DimmedLine:
    signs: LineSigns
    usual: int | None
    dims: Sequence[Dim]
    local_time: Callable[[], time] = _now


@dataclass(frozen=True, kw_only=True)
class Devices:
    """What hangs on the box, signs and keypads by counter, pads by their address."""

    lines: Sequence[Line] = ()
    pads: CallPads | None = None
    signs: Mapping[int, Sign] = field(default_factory=dict)
    keypads: Mapping[int, Keypad] = field(default_factory=dict)
    cards: Mapping[int, Scanner] = field(default_factory=dict)
    hall_signs: Sequence[ZoneSign] = ()
    dimmed: Sequence[DimmedLine] = ()
    lines_of: Mapping[str, str] = field(default_factory=dict)  # the line that a sign or pad shares with others


def keypad_name(counter: int) -> str:
    return f"keypad-{counter}"


def pad_name(counter: int) -> str:
    return f"pad-{counter}"


def address_of(keypad: KeypadConfig) -> int:
    return 1 if keypad.address is None else keypad.address


def card_name(counter: int) -> str:
    return f"card-{counter}"


def sign_name(counter: int) -> str:
    return f"sign-{counter}"


def connect(
    file: CounterFile, *, on_link: Callable[[str, bool, str], None], on_sign: Callable[[str, str], None]
) -> Devices:
    """Make every device of the file. Opens nothing yet; raises BrokenConfig for the file of a sign or a pad.

    `on_link(name, up, reason)` hears of each line, `on_sign(name, reason)` of a sign, pad or keypad that stopped
    answering.
    """
    cables = _Cables(on_link)
    described = _DescribedLines(file, cables, on_health=on_sign)
    pads: CallPads | None = None
    keypads: dict[int, Keypad] = {}
    if file.pads is not None and file.pads.driver == OWN_PADS:
        pads = qsystem_pads.QSystemPads(
            cables.line(PADS, file.pads.port, baud=qsystem_pads.BAUD, gap_s=qsystem_pads.GAP_S)
        )
    elif file.pads is not None:
        pads = described.line(PADS, file.pads)
    for each in file.windows:
        if each.keypad is not None and each.keypad.driver == OWN_KEYPAD:
            line = cables.line(keypad_name(each.counter), each.keypad.port, baud=jtt905_keypad.BAUD, gap_s=0.0)
            keypads[each.counter] = jtt905_keypad.Jtt905Keypad(line)
        elif each.keypad is not None:
            keypads[each.counter] = described.line(keypad_name(each.counter), each.keypad).keypad(
                address_of(each.keypad)
            )
    by_line = {line.name: _signs(line, cables, names=_names(file, line.name), on_sign=on_sign) for line in file.signs}
    cards = {each.counter: _card_reader(each.card, cables, each.counter) for each in file.windows if each.card}
    of_windows = [each for each in file.windows if each.sign is not None]
    return Devices(
        lines=cables.lines,
        pads=pads,
        signs={each.counter: by_line[_line(file, each.sign_line)].sign(each.sign or 0) for each in of_windows},
        keypads=keypads,
        cards=cards,
        hall_signs=[
            ZoneSign(
                name=_hall_sign_name(each.sign),
                zone=each.zone,
                calls=each.calls,
                sign=by_line[_line(file, each.line)].sign(each.sign),
            )
            for each in file.hall_signs
        ],
        lines_of={
            **{pad_name(each.counter): PADS for each in file.windows if each.pad is not None},
            **{sign_name(each.counter): _line(file, each.sign_line) for each in of_windows},
            **{_hall_sign_name(each.sign): _line(file, each.line) for each in file.hall_signs},
        },
        dimmed=[
            DimmedLine(signs=by_line[line.name], usual=line.brightness, dims=line.dims)
            for line in file.signs
            if line.brightness is not None or line.dims
        ],
    )


def _card_reader(reader: CardReader, cables: "_Cables", counter: int) -> Scanner:
    line = cables.line(card_name(counter), reader.port, baud=line_scanner.BAUD, gap_s=0.0)
    return line_scanner.LineScanner(line, clock=monotonic, prefix=reader.prefix, suffix=reader.suffix)


class _Cables:
    """A line for each port: whoever names the same port shares it."""

    def __init__(self, on_link: Callable[[str, bool, str], None]) -> None:
        self._on_link = on_link
        self._lines: dict[str, Line] = {}
        self._names: dict[str, dict[str, str]] = {}  # what is said of each, while its line is up

    @property
    def lines(self) -> Sequence[Line]:
        return tuple(self._lines.values())

    def line(self, name: str, port: str, *, baud: int, gap_s: float, when_up: str = "") -> Line:
        self._names.setdefault(port, {})[name] = when_up
        if port not in self._lines:
            url, real_baud = _with_baud(port, baud)
            self._lines[port] = Line(
                url, gap_s=gap_s, baud=real_baud, on_link=lambda up, reason: self._tell(port, up=up, reason=reason)
            )
        return self._lines[port]

    def _tell(self, port: str, *, up: bool, reason: str) -> None:
        for name, when_up in self._names[port].items():
            self._on_link(name, up, when_up if up else reason)


class _DescribedLines:
    """A master for each line of pads or keypads that a file describes: pads and keypads of one model share it."""

    def __init__(self, file: CounterFile, cables: _Cables, *, on_health: Callable[[str, str], None]) -> None:
        self._file = file
        self._cables = cables
        self._on_health = on_health
        self._lines: dict[str, PadLine] = {}

    def line(self, name: str, about: PadsConfig | KeypadConfig) -> PadLine:
        pad = load_pad(Path(about.file), DESCRIBED[about.driver])
        cable = self._cables.line(name, about.port, baud=pad_baud(pad), gap_s=0.0)
        if about.port not in self._lines:
            names = self._names(about.port)
            self._lines[about.port] = PadLine(
                cable,
                pad_code(pad),
                addresses=tuple(names),
                alone=self._is_alone(about.port),
                on_health=lambda address, reason: self._on_health(names[address], reason),
            )
        return self._lines[about.port]

    def _names(self, port: str) -> Mapping[int, str]:
        """Return what a technician reads, by address."""
        names: dict[int, str] = {}
        for each in self._file.windows:
            if each.keypad is not None and each.keypad.port == port:
                names[address_of(each.keypad)] = keypad_name(each.counter)
            if each.pad is not None and self._file.pads is not None and self._file.pads.port == port:
                names[each.pad] = pad_name(each.counter)
        return names

    def _is_alone(self, port: str) -> bool:
        keypads = [each.keypad for each in self._file.windows if each.keypad is not None and each.keypad.port == port]
        has_pads = self._file.pads is not None and self._file.pads.port == port
        return not has_pads and len(keypads) == 1 and keypads[0].address is None


def _signs(
    line: SignLine, cables: _Cables, *, names: Mapping[int, str], on_sign: Callable[[str, str], None]
) -> LineSigns:
    """Make the signs of one line; `names` are what a technician reads, by address."""
    about = KINDS[line.driver]
    described: GenericSign | None = load_sign(Path(line.file)) if line.file else None
    code = sign_code(
        line.driver,
        characters=line.characters,
        letters={each.letter: each.shows for each in line.letters},
        described=described,
        registers=line.modbus,
        chain=line.matrix,
        even_parity=line.even_parity,
    )
    baud = about.baud if described is None else described.baud
    return LineSigns(
        cables.line(line.name, line.port, baud=baud, gap_s=code.gap_s, when_up="" if about.answers else MUTE),
        code,
        refresh_s=about.refresh_s if line.refresh_s is None else line.refresh_s,
        on_health=lambda address, reason: on_sign(names.get(address, _hall_sign_name(address)), reason),
    )


def _names(file: CounterFile, line: str) -> Mapping[int, str]:
    on_it = [each for each in file.windows if each.sign is not None and _line(file, each.sign_line) == line]
    return {each.sign or 0: sign_name(each.counter) for each in on_it}


def _line(file: CounterFile, named: str) -> str:
    return named or file.signs[0].name


def _hall_sign_name(address: int) -> str:
    return f"hall-sign-{address}"


def _with_baud(url: str, usual: int) -> tuple[str, int]:
    """Return the port with the device's usual speed unless it states one, and that speed; other ports have none."""
    if not url.startswith("serial:"):
        return url, 0
    stated = dict(parse_qsl(url.partition("?")[2])).get("baud", "")
    if stated.isdecimal():
        return url, int(stated)
    return f"{url}{'&' if '?' in url else '?'}baud={usual}", usual
