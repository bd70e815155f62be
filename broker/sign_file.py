"""LED signs in a counter box's file: their lines, what they say, and the file that describes a generic one."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from hardware.sign_frames import GenericSign, faults
from hardware.sign_kinds import KINDS, Chain, Registers, SignKind

from .contract.messages import Id
from .strict_toml import BrokenConfig, Finding, Reading, TomlFile

_HOUR = r"^([01]\d|2[0-3]):[0-5]\d$"


class Dim(Struct, frozen=True, kw_only=True):
    """Another brightness for some hours of each day."""

    begins: Annotated[str, Meta(pattern=_HOUR, description="HH:MM, by the box's clock")]
    ends: Annotated[str, Meta(pattern=_HOUR, description="HH:MM; before `begins`: on the next day")]
    brightness: Annotated[int, Meta(ge=0, le=100, description="percent")]


class Letter(Struct, frozen=True, kw_only=True):
    """What a sign shows instead of a character that it has no glyph for."""

    letter: Annotated[str, Meta(min_length=1, max_length=1)]
    shows: Annotated[str, Meta(max_length=4)]


class SignLine(Struct, frozen=True, kw_only=True):
    """A line with LED signs of one kind. Lines of the same port are one cable, and may carry the call pads too."""

    name: Annotated[Id, Meta(description="what windows call it, where there are several")] = "signs"
    port: Annotated[str, Meta(description="serial:DEVICE?baud=N, tcp:HOST:PORT, or spi:DEVICE for matrices")]
    driver: Annotated[SignKind, Meta(description="what kind of sign it is")] = SignKind.CANDLE
    file: Annotated[str, Meta(description="generic-sign: the file that describes its frames")] = ""
    characters: Annotated[int, Meta(ge=0, le=200, description="room on each sign; 0: as the driver's signs have")] = 0
    letters: tuple[Letter, ...] = ()
    brightness: Annotated[
        Annotated[int, Meta(ge=0, le=100)] | None, Meta(description="percent; left out: as the signs are set")
    ] = None
    dims: tuple[Dim, ...] = ()
    refresh_s: Annotated[
        Annotated[int, Meta(ge=0, le=3600)] | None,
        Meta(description="texts are sent again so often, 0 never; left out: 10 for signs that answer, 60 for others"),
    ] = None
    even_parity: Annotated[bool, Meta(description="alpha-sign: 7 data bits with even parity, their default")] = True
    modbus: Annotated[Registers | None, Meta(description="modbus-sign: where its manual puts things")] = None
    matrix: Annotated[Chain | None, Meta(description="matrix-sign: how the modules are joined")] = None


class HallSign(Struct, frozen=True, kw_only=True):
    """A sign for the whole hall: the last calls of a zone, newest first, as many as fit whole."""

    zone: Annotated[Id, Meta(description="zone whose calls it shows")]
    sign: Annotated[int, Meta(ge=0, le=255, description="its address")]
    line: Annotated[str, Meta(description="name of its line; may be left out where there is one")] = ""
    calls: Annotated[int, Meta(ge=1, le=20, description="at most so many")] = 4


class SignTexts(Struct, frozen=True, kw_only=True):
    """What signs say, with {counter} and {ticket}: of each list a sign shows the first that it can show whole."""

    idle: Annotated[tuple[str, ...] | None, Meta(description="nobody is called; left out: the window's number")] = None
    called: Annotated[tuple[str, ...] | None, Meta(description="it blinks; left out: the ticket")] = None
    serving: Annotated[tuple[str, ...] | None, Meta(description="left out: the ticket")] = None
    paused: Annotated[tuple[str, ...] | None, Meta(description="left out: 暂停服务 or PAUSED, else dark")] = None
    closed: Annotated[tuple[str, ...] | None, Meta(description="left out: 停止服务 or CLOSED, else dark")] = None
    row: Annotated[tuple[str, ...] | None, Meta(description="a call on a hall's sign; left out: ticket, window")] = None
    evacuation: Annotated[
        tuple[str, ...] | None, Meta(description="everybody leaves; left out: 请立即离开 or EXIT, else dark")
    ] = None


def load_sign(path: Path) -> GenericSign:
    """Read the description of a generic sign. Raises BrokenConfig, whose text is every error of the file."""
    file = TomlFile(path)
    reading = Reading()
    sign = reading.structure(file.tables, GenericSign)
    findings = list(reading.findings)
    if sign is not None:
        findings += [Finding(place=(key,), text=text) for key, text in faults(sign).items()]
    if sign is None or findings:
        raise BrokenConfig("\n".join(file.worded(findings)))
    return sign


def sign_findings(file: TomlFile) -> Iterator[Finding]:
    """Return what does not agree between a box's signs, their lines and its pads."""
    lines = [(place, each) for place, each in file.select("signs[]") if isinstance(each, dict)]
    for place, line in lines:
        kind = _kind(line)
        if kind is None:
            continue  # told already
        yield from _of_its_kind(place, line, kind)
        yield from _shared(file, place, line, lines)
    names = [line.get("name", "signs") for _, line in lines]
    for place, name in zip((place for place, _ in lines), names, strict=True):
        if names.count(name) > 1:
            yield Finding(place=(*place, "name"), text=f"two lines are called {name!r}; give each its own `name`")
    yield from _addresses(file, {str(line.get("name", "signs")): line for _, line in lines})


def _kind(line: dict[str, object]) -> SignKind | None:
    named = line.get("driver", SignKind.CANDLE.value)
    return next((kind for kind in SignKind if kind.value == named), None)


def _of_its_kind(place: tuple[str | int, ...], line: dict[str, object], kind: SignKind) -> Iterator[Finding]:
    only = {
        "file": SignKind.GENERIC,
        "even_parity": SignKind.ALPHA,
        "modbus": SignKind.MODBUS,
        "matrix": SignKind.MATRIX,
    }
    for key, owner in only.items():
        if key in line and kind is not owner:
            yield Finding(place=(*place, key), text=f"is for driver {owner.value!r}, not {kind.value!r}; leave it out")
    if not KINDS[kind].dims and ("brightness" in line or "dims" in line):
        key = "brightness" if "brightness" in line else "dims"
        yield Finding(place=(*place, key), text=f"{kind.value} cannot be dimmed; leave it out")
    if kind is SignKind.GENERIC:
        path = line.get("file")
        if not path:
            yield Finding(place=(*place, "file"), text="missing; name the file that describes the sign's frames")
        elif isinstance(path, str):
            try:
                load_sign(Path(path))
            except BrokenConfig as broken:
                yield Finding(place=(*place, "file"), text=f"cannot be used:\n{broken}")


def _shared(
    file: TomlFile,
    place: tuple[str | int, ...],
    line: dict[str, object],
    lines: Iterable[tuple[tuple[str | int, ...], dict[str, object]]],
) -> Iterator[Finding]:
    """Return why a cable cannot be shared: both ends of it must be of one speed."""
    port = line.get("port")
    pads = file.tables.get("pads")
    others = [other.get("port") for _, other in lines if other is not line]
    others += [pads.get("port")] if isinstance(pads, dict) else []
    if port in others and isinstance(port, str) and port.startswith("serial:") and "baud=" not in port:
        text = "several kinds of device share this line; state the speed of all of them: serial:DEVICE?baud=N"
        yield Finding(place=(*place, "port"), text=text)


def _addresses(file: TomlFile, lines: dict[str, dict[str, object]]) -> Iterator[Finding]:
    """Return signs whose line, or whose address, is none; and addresses that two devices of a cable have."""
    taken: dict[tuple[object, int], str] = {}
    pads = file.tables.get("pads")
    if isinstance(pads, dict):
        taken |= {
            (pads.get("port"), pad): "a call pad" for _, pad in file.select("windows[].pad") if isinstance(pad, int)
        }
    places = [(place, "sign_line") for place, _ in file.select("windows[].sign")]
    places += [(place, "line") for place, _ in file.select("hall_signs[].sign")]
    for place, key in places:
        around = next(each for at, each in file.select(f"{place[0]}[]") if at == place[:-1])
        if not isinstance(around, dict) or not isinstance(address := around.get("sign"), int):
            continue
        named = str(around.get(key, "")) or (next(iter(lines)) if len(lines) == 1 else "")
        line = lines.get(named)
        if line is None:
            there = (
                f"name one of {', '.join(lines)} in `{key}`" if lines else "add [[signs]] with its port, or remove it"
            )
            yield Finding(place=place, text=f"it is on no line; {there}")
            continue
        kind = _kind(line)
        if kind is not None and address not in KINDS[kind].addresses:
            first, last = KINDS[kind].addresses[0], KINDS[kind].addresses[-1]
            yield Finding(place=place, text=f"{address} is no address of a {kind.value}; give {first} to {last}")
        if (whose := taken.get((line.get("port"), address))) is not None:
            yield Finding(place=place, text=f"{whose} on the same cable has address {address}; give each its own")
        taken[line.get("port"), address] = "another sign"
