"""What must agree between the keys of one configuration file; each rule works on what is there, however much is broken.

Places are patterns such as "services[].zone".
"""

import zoneinfo
from collections.abc import Iterator
from typing import Final

from .contract.messages import Role
from .strict_toml import Finding, TomlFile, named, shown
from .toml_lines import Place

DISPATCHER: Final = Role.DISPATCHER.value  # its name on the bus; no node's


def hall_findings(file: TomlFile) -> Iterator[Finding]:
    yield from _unique(file, "zones[].id")
    yield from _unique(file, "services[].id")
    yield from _unique(file, "services[].prefix")
    yield from _unique(file, "counters[].number")
    yield from _unique(file, "nodes[].id")
    yield from _unique(file, "nodes[].counters[]")
    yield from _known(file, "services[].zone", "zones[].id")
    yield from _known(file, "counters[].zone", "zones[].id")
    yield from _known(file, "counters[].skills[]", "services[].id")
    yield from _known(file, "nodes[].counters[]", "counters[].number")
    yield from _taken_by_somebody(file)
    yield from _number_ranges(file)
    yield from _time_zone(file)
    yield from _roles(file)


def node_findings(file: TomlFile) -> Iterator[Finding]:
    yield from _unique(file, "windows[].counter")
    yield from _unique(file, "windows[].pad")
    yield from _unique(file, "windows[].sign")
    yield from _unique(file, "windows[].keypad.port")
    yield from _has_line(file, "windows[].pad", "pads")
    yield from _has_line(file, "windows[].sign", "signs")


def display_findings(file: TomlFile) -> Iterator[Finding]:
    if "screen" not in file.tables and "voice" not in file.tables:
        yield Finding(place=("screen",), text="neither [screen] nor [voice]; give one of them")


def _scalars(file: TomlFile, pattern: str) -> Iterator[tuple[Place, str | int]]:
    for place, value in file.select(pattern):
        if isinstance(value, str | int) and not isinstance(value, bool):
            yield place, value


def _unique(file: TomlFile, pattern: str) -> Iterator[Finding]:
    first: dict[str | int, Place] = {}
    for place, value in _scalars(file, pattern):
        if value in first:
            where = f"{named(first[value])} in line {file.line(first[value])}"
            yield Finding(place=place, text=f"{shown(value)} is taken by {where}; give another")
        else:
            first[value] = place


def _known(file: TomlFile, pattern: str, among: str) -> Iterator[Finding]:
    known = [value for _, value in _scalars(file, among)]
    for place, value in _scalars(file, pattern):
        if value not in known:
            there = ", ".join(map(str, known)) or "none"
            yield Finding(place=place, text=f"{shown(value)} is not there; {among.replace('[]', '')} are: {there}")


def _taken_by_somebody(file: TomlFile) -> Iterator[Finding]:
    skills = {value for _, value in _scalars(file, "counters[].skills[]")}
    for place, service in _scalars(file, "services[].id"):
        if service not in skills:
            text = f"no counter takes {shown(service)}; add it to the skills of a counter"
            yield Finding(place=place, text=text)


def _number_ranges(file: TomlFile) -> Iterator[Finding]:
    for place, service in file.select("services[]"):
        if isinstance(service, dict):
            first, last = service.get("first", 1), service.get("last", 999)
            if isinstance(first, int) and isinstance(last, int) and first > last:
                text = f"{last} is below first, {first}; give numbers with first <= last"
                yield Finding(place=(*place, "last"), text=text)


def _time_zone(file: TomlFile) -> Iterator[Finding]:
    for place, name in file.select("timezone"):
        if isinstance(name, str) and not _is_time_zone(name):
            yield Finding(place=place, text=f"{shown(name)} is no time zone; give an IANA name such as Asia/Shanghai")


def _is_time_zone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _roles(file: TomlFile) -> Iterator[Finding]:
    for place, node in file.select("nodes[]"):
        if not isinstance(node, dict):
            continue
        if node.get("id") == DISPATCHER:
            yield Finding(place=(*place, "id"), text='"dispatcher" is reserved for the dispatcher; give another')
        if node.get("role") == Role.DISPATCHER.value:
            yield Finding(place=(*place, "role"), text="the dispatcher is not listed; remove this node")
        elif node.get("counters") and node.get("role") != Role.COUNTER.value:
            text = "only a node of role counter speaks for counters; remove the key or change the role"
            yield Finding(place=(*place, "counters"), text=text)


def _has_line(file: TomlFile, pattern: str, line: str) -> Iterator[Finding]:
    for place, _ in file.select(pattern):
        if line not in file.tables:
            yield Finding(place=place, text=f"there is no [{line}] with its serial line; add it or remove the key")
