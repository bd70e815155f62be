"""What is allowed and probably not meant: said by `hallcall check-config`, refused by nobody."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from msgspec.structs import fields

from ..contract.messages import Discipline, GivenBy, PriorityClass
from ..strict_toml import Finding, TomlFile, shown
from .agreement import scalars, strings, tables

_BY_TARGET: Final = {None, Discipline.SHARE.value, Discipline.DUE.value}
_USUAL_MIN: Final[float] = next(each.default for each in fields(PriorityClass) if each.name == "target_min")


class Promise(NamedTuple):
    name: str
    minutes: float


def advice(file: TomlFile) -> Iterator[Finding]:
    """Yield what to look at in a hall file in which nothing is wrong."""
    discipline = next((value for _, value in scalars(file, "policy.discipline")), None)
    if discipline != Discipline.RULES.value and any(True for _ in file.select("policy.rules[]")):
        text = f"not in force: the discipline is {discipline or Discipline.SHARE.value}"
        yield Finding(place=("policy", "rules"), text=text)
    if discipline in _BY_TARGET:
        yield from _promises(file)
    yield from _needs(file)


def _promises(file: TomlFile) -> Iterator[Finding]:
    """Yield where a lower class has the shorter promise, and so is called first."""
    classes = [
        Promise(str(each.get("id")), _minutes(each.get("target_min"), _USUAL_MIN))
        for _, each in tables(file, "classes[]")
        if each.get("absolute") is not True and each.get("given_by") != GivenBy.NOBODY.value
    ]
    everywhere = list(_turned_round(classes))
    for text in everywhere:
        yield Finding(place=("classes",), text=text)
    for place, service in tables(file, "services[]"):
        listed = service.get("targets")
        own = {
            each.get("priority_class"): _minutes(each.get("minutes"), _USUAL_MIN)
            for each in (listed if isinstance(listed, list) else [])
            if isinstance(each, dict)
        }
        for text in _turned_round([Promise(name, own.get(name, minutes)) for name, minutes in classes]):
            if text not in everywhere:
                yield Finding(place=(*place, "targets"), text=f"{text}, or state its target here too")


def _turned_round(promises: list[Promise]) -> Iterator[str]:
    for higher, lower in pairwise(promises):
        if higher.minutes > lower.minutes:
            said = f"{higher.name} is promised {higher.minutes:g} min, {lower.name} {lower.minutes:g} min"
            yield f"{said}: {lower.name} will be called first; put it higher"


def _minutes(value: object, otherwise: float) -> float:
    return value if isinstance(value, int | float) else otherwise


def _needs(file: TomlFile) -> Iterator[Finding]:
    """Yield the needs that somebody meets, but not at every service."""
    counters = [each for _, each in tables(file, "counters[]")]
    by_clerks = {value for _, value in scalars(file, "clerks[].meets[]")}
    anywhere = {value for _, value in scalars(file, "counters[].meets[]")} - by_clerks
    for place, service in scalars(file, "services[].id"):
        theirs = [each for each in counters if service in strings(each, "skills", "helps")]
        unmet = anywhere - {need for each in theirs for need in strings(each, "meets")}
        for need in sorted(map(str, unmet)):
            text = f"no counter that takes {shown(service)} meets {shown(need)}: such a customer is not called"
            yield Finding(place=place, text=f"{text}; let one that meets it help with {shown(service)}")
