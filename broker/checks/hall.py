"""The hall's file: what is named is there, once; who may speak for whom. Further subjects have modules of their own."""

import zoneinfo
from collections.abc import Iterator
from typing import Final

from ..contract.messages import Role
from ..strict_toml import Finding, TomlFile, shown
from .agreement import known, once, unique
from .classes import class_findings
from .customers import customer_findings
from .groups import group_findings
from .hours import hours_findings
from .staffing import staffing_findings
from .ticket_numbers import number_findings

DISPATCHER: Final = Role.DISPATCHER.value  # its name on the bus; no node's
SPEAK_FOR_COUNTERS: Final = {Role.COUNTER.value, Role.WEB.value}
_UNIQUE: Final = (
    "zones[].id",
    "services[].id",
    "groups[].id",
    "counters[].number",
    "nodes[].id",
    "nodes[].counters[]",
    "classes[].id",
    "needs[].id",
    "clerks[].id",
    "pause_reasons[].id",
    "decline_reasons[].id",
    "rating.grades[].grade",
    "rating.reasons[].id",
)
_ONCE: Final = (
    "services[].targets[].priority_class",
    "counters[].skills[]",
    "counters[].helps[]",
    "counters[].reserved_for[]",
    "counters[].first_for[]",
    "counters[].meets[]",
    "clerks[].skills[]",
    "clerks[].meets[]",
    "hours[].days[]",
    "roster[].days[]",
    "closed_on[]",
    "identity.digits[]",
    "identity.required[]",
    "identity.optional[]",
)
_KNOWN: Final = {
    "services[].zone": "zones[].id",
    "services[].group": "groups[].id",
    "groups[].parent": "groups[].id",
    "services[].targets[].priority_class": "classes[].id",
    "counters[].zone": "zones[].id",
    "counters[].skills[]": "services[].id",
    "counters[].helps[]": "services[].id",
    "counters[].reserved_for[]": "classes[].id",
    "counters[].first_for[]": "classes[].id",
    "counters[].meets[]": "needs[].id",
    "clerks[].skills[]": "services[].id",
    "clerks[].meets[]": "needs[].id",
    "roster[].counter": "counters[].number",
    "roster[].clerk": "clerks[].id",
    "nodes[].counters[]": "counters[].number",
    "identity.required[]": "services[].id",
    "identity.optional[]": "services[].id",
    "policy.rules[].service": "services[].id",
    "policy.rules[].priority_class": "classes[].id",
}


def hall_findings(file: TomlFile) -> Iterator[Finding]:
    """Yield what is wrong with a hall file that stands on its pack."""
    for pattern in _UNIQUE:
        yield from unique(file, pattern)
    for pattern in _ONCE:
        yield from once(file, pattern)
    for pattern, among in _KNOWN.items():
        yield from known(file, pattern, among)
    yield from number_findings(file)
    yield from class_findings(file)
    yield from customer_findings(file)
    yield from group_findings(file)
    yield from staffing_findings(file)
    yield from hours_findings(file)
    yield from _time_zone(file)
    yield from _roles(file)


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
        elif node.get("counters") and node.get("role") not in SPEAK_FOR_COUNTERS:
            text = "only nodes of the roles counter and web speak for counters; remove the key or change the role"
            yield Finding(place=(*place, "counters"), text=text)
