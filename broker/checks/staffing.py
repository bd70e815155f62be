"""Who serves whom: no customer can hold a ticket that nobody may ever call."""

from collections.abc import Iterator
from typing import Final

from ..contract.messages import GivenBy
from ..strict_toml import Finding, TomlFile, shown
from .agreement import scalars, strings, tables

_NOBODY: Final = GivenBy.NOBODY.value


def staffing_findings(file: TomlFile) -> Iterator[Finding]:
    yield from _taken_by_somebody(file)
    yield from _skills_or_helps(file)
    yield from _reserved_for_others(file)
    yield from _met_by_somebody(file)


def _taken_by_somebody(file: TomlFile) -> Iterator[Finding]:
    skills = {value for _, value in scalars(file, "counters[].skills[]")}
    for place, service in scalars(file, "services[].id"):
        if service not in skills:
            text = f"no counter takes {shown(service)}; add it to the skills of a counter"
            yield Finding(place=place, text=text)


def _skills_or_helps(file: TomlFile) -> Iterator[Finding]:
    for place, counter in tables(file, "counters[]"):
        for each in sorted({*strings(counter, "skills")} & {*strings(counter, "helps")}):
            text = f"{shown(each)} is one of its skills too; remove it here or there"
            yield Finding(place=(*place, "helps"), text=text)


def _reserved_for_others(file: TomlFile) -> Iterator[Finding]:
    classes = [str(each.get("id")) for _, each in tables(file, "classes[]") if each.get("given_by") != _NOBODY]
    counters = [each for _, each in tables(file, "counters[]")]
    for place, service in scalars(file, "services[].id"):
        theirs = [each for each in counters if service in strings(each, "skills", "helps")]
        if not theirs or not all(each.get("reserved_for") for each in theirs):
            continue
        served = {name for each in theirs for name in strings(each, "reserved_for")}
        left = [name for name in classes if name not in served]
        if left:
            text = f"all counters that take {shown(service)} are reserved for others than {', '.join(left)}"
            yield Finding(place=place, text=f"{text}; let a counter take it that is not reserved")


def _met_by_somebody(file: TomlFile) -> Iterator[Finding]:
    """Of the needs that the file itself states; of a pack's it has those that are met."""
    met = {value for pattern in ("counters[].meets[]", "clerks[].meets[]") for _, value in scalars(file, pattern)}
    for place, need in tables(file, "needs[]"):
        name = need.get("id")
        if file.states(place) and isinstance(name, str) and need.get("at_counter") is not False and name not in met:
            text = f"nobody meets {shown(name)}; add it to `meets` of a counter or clerk, or say at_counter = false"
            yield Finding(place=(*place, "id"), text=text)
