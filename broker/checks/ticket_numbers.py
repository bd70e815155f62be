"""Ticket numbers: no two services can ever give the same one."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from ..contract.messages import PastLast
from ..strict_toml import Finding, TomlFile, shown
from ..toml_lines import Place
from .agreement import tables, where

_EXTRA: Final = PastLast.EXTRA.value


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
