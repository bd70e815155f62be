"""Ticket numbers: no two services can ever give the same one, nor a kiosk that gives its own during an outage."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from ..contract.messages import PastLast, Role
from ..strict_toml import Finding, TomlFile, shown
from ..toml_lines import Place
from .agreement import tables, where

_EXTRA: Final = PastLast.EXTRA.value


class Range(NamedTuple):
    """The numbers of a kiosk for outages, and where they stand."""

    place: Place
    first: int
    last: int


class Series(NamedTuple):
    """All numbers from `first` to `last` under some letters, and where those stand."""

    place: Place
    letters: str
    first: int
    last: int


def number_findings(file: TomlFile) -> Iterator[Finding]:
    found: list[Series] = []
    for place, service in tables(file, "services[]"):
        yield from _past_last(place, service)
        first, last = service.get("first", 1), service.get("last", 999)
        if not isinstance(first, int) or not isinstance(last, int):
            continue
        if first > last:
            text = f"{last} is below first, {first}; give numbers with first <= last"
            yield Finding(place=(*place, "last"), text=text)
            continue
        for key in ("prefix", "extra_prefix"):
            letters = service.get(key)
            if isinstance(letters, str):
                series = Series((*place, key), letters, first, last)
                yield from _clashes(file, series, found)
                found.append(series)
    yield from _offline(file, found)


def _offline(file: TomlFile, services: list[Series]) -> Iterator[Finding]:
    """Yield what is wrong with the numbers of kiosks, which stand behind the letters of any service."""
    letters = {series.letters for series in services if series.place[-1] == "prefix"}
    found: list[Range] = []
    for place, node in tables(file, "nodes[]"):
        numbers = node.get("offline")
        if not isinstance(numbers, dict):
            continue
        if node.get("role") != Role.KIOSK.value:
            text = "only a kiosk gives numbers by itself; remove the key or change the role"
            yield Finding(place=(*place, "offline"), text=text)
            continue
        first, last = numbers.get("first"), numbers.get("last")
        if not isinstance(first, int) or not isinstance(last, int):
            continue
        own = Range((*place, "offline"), first, last)
        if first > last:
            text = f"{last} is below first, {first}; give numbers with first <= last"
            yield Finding(place=(*own.place, "last"), text=text)
            continue
        yield from _taken(file, own, found, [series for series in services if series.letters in letters])
        found.append(own)


def _taken(file: TomlFile, own: Range, kiosks: list[Range], services: list[Series]) -> Iterator[Finding]:
    others: list[Range | Series] = [*kiosks, *services]
    for other in others:
        if other.first <= own.last and own.first <= other.last:
            clash = f"{own.first} to {own.last} clashes with {other.first} to {other.last}"
            text = f"{clash} of {where(file, other.place)}; give numbers that nobody else gives, such as above 1000"
            yield Finding(place=own.place, text=text)
            return


def _clashes(file: TomlFile, series: Series, others: list[Series]) -> Iterator[Finding]:
    for other in others:
        if other.letters == series.letters and other.first <= series.last and series.first <= other.last:
            clash = (
                f"{shown(series.letters)} {series.first} to {series.last} clashes with {other.first} to {other.last}"
            )
            text = f"{clash} of {where(file, other.place)}; give other letters, or other first and last"
            yield Finding(place=series.place, text=text)
            return


def _past_last(place: Place, service: dict[str, object]) -> Iterator[Finding]:
    if service.get("past_last") == _EXTRA and "extra_prefix" not in service:
        text = 'missing; give letters for the numbers after the last one, or past_last = "full"'
        yield Finding(place=(*place, "extra_prefix"), text=text)
    if "extra_prefix" in service and service.get("past_last") != _EXTRA:
        text = 'used only with past_last = "extra"; give that too, or remove the key'
        yield Finding(place=(*place, "extra_prefix"), text=text)
