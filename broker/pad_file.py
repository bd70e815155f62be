"""Call pads and rating keypads in a counter box's file: their lines, and the files that describe what they speak."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hardware.pad_frames import FILES, GRADES, KEYS, HidPad, PadFile, PadKind, faults

from .strict_toml import BrokenConfig, Finding, Reading, TomlFile

OWN_PADS: Final = "qsystem-pads"
OWN_KEYPAD: Final = "jtt905-keypad"
OWN_GRADES: Final = ("satisfied", "average", "dissatisfied", "complaint")  # its standard's numbers 1 to 4
DESCRIBED: Final = {kind.value: kind for kind in PadKind}


def load_pad(path: Path, kind: PadKind) -> PadFile:
    """Read the description of a pad or keypad. Raises BrokenConfig, whose text is every error of the file."""
    file = TomlFile(path)
    reading = Reading()
    pad = reading.structure(file.tables, FILES[kind])
    findings = list(reading.findings)
    if pad is not None:
        findings += [Finding(place=(key,), text=text) for key, text in faults(pad).items()]
    if pad is None or findings:
        raise BrokenConfig("\n".join(file.worded(findings)))
    return pad


def pad_findings(file: TomlFile) -> Iterator[Finding]:
    """Return what is wrong with a box's pads and keypads, and what does not agree between them."""
    shared: dict[object, tuple[object, object]] = {}
    taken: set[tuple[object, object]] = set()
    devices = [(place, each, OWN_PADS) for place, each in file.select("pads")]
    devices += [(place, each, OWN_KEYPAD) for place, each in file.select("windows[].keypad")]
    for place, about, own in devices:
        if not isinstance(about, dict):
            continue
        driver, path, port = about.get("driver", own), about.get("file", ""), about.get("port")
        yield from _described(place, driver, path, own)
        before = shared.setdefault(port, (driver, path))
        if before != (driver, path):
            text = "another device of this box has the same port and another driver or file; one line has one master"
            yield Finding(place=(*place, "port"), text=text)
        elif own == OWN_KEYPAD:
            at = port, about.get("address")
            if at in taken:
                text = "two keypads share this port; state the `address` of each" if at[1] is None else "taken already"
                yield Finding(place=(*place, "port" if at[1] is None else "address"), text=text)
            taken.add(at)


def _described(place: tuple[str | int, ...], driver: object, path: object, own: str) -> Iterator[Finding]:
    if driver == own:
        if path:
            yield Finding(place=(*place, "file"), text=f"is not for driver {own!r}; leave it out")
        return
    kind = DESCRIBED.get(str(driver))
    if kind is None:
        there = ", ".join((own, *DESCRIBED))
        yield Finding(place=(*place, "driver"), text=f"driver {driver!r} is not known here; there are {there}")
        return
    if not isinstance(path, str) or not path:
        yield Finding(place=(*place, "file"), text=f"missing; {kind.value} needs the file that describes its frames")
        return
    try:
        pad = load_pad(Path(path), kind)
    except BrokenConfig as broken:
        yield Finding(place=(*place, "file"), text=f"cannot be used:\n{broken}")
        return
    means = {each.means for each in pad.keys}
    if own == OWN_PADS and not means & KEYS:
        yield Finding(place=(*place, "file"), text=f"no key of it is a clerk's: {', '.join(sorted(KEYS))}")
    if own == OWN_KEYPAD and not means & set(GRADES):
        yield Finding(place=(*place, "file"), text=f"no key of it is a customer's: {', '.join(GRADES)}")


def pad_baud(pad: PadFile) -> int:
    """Return the usual speed of what a file describes; a USB keypad has none."""
    return 9600 if isinstance(pad, HidPad) else pad.baud
