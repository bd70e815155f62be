"""The kinds of rules that several subjects share: only once, known elsewhere."""

from collections.abc import Iterator
from difflib import get_close_matches

from ..strict_toml import Finding, TomlFile, named, shown
from ..toml_lines import Place


def scalars(file: TomlFile, pattern: str) -> Iterator[tuple[Place, str | int]]:
    for place, value in file.select(pattern):
        if isinstance(value, str | int) and not isinstance(value, bool):
            yield place, value


def tables(file: TomlFile, pattern: str) -> Iterator[tuple[Place, dict[str, object]]]:
    for place, value in file.select(pattern):
        if isinstance(value, dict):
            yield place, value


def strings(table: dict[str, object], *keys: str) -> list[str]:
    """Return the texts that stand in the lists of a table."""
    lists = [value for key in keys if isinstance(value := table.get(key), list)]
    return [each for value in lists for each in value if isinstance(each, str)]


def where(file: TomlFile, place: Place) -> str:
    return f"{named(place)} in line {file.line(place)}"


def unique(file: TomlFile, pattern: str) -> Iterator[Finding]:
    first: dict[str | int, Place] = {}
    for place, value in scalars(file, pattern):
        if value in first:
            yield Finding(place=place, text=f"{shown(value)} is taken by {where(file, first[value])}; give another")
        else:
            first[value] = place


def once(file: TomlFile, pattern: str) -> Iterator[Finding]:
    """Nothing stands twice in one list; another list may have it too."""
    seen: set[tuple[Place, str | int]] = set()
    for place, value in scalars(file, pattern):
        index = max(at for at, part in enumerate(place) if isinstance(part, int))
        if (place[:index], value) in seen:
            yield Finding(place=place, text=f"{shown(value)} stands here twice; remove one")
        seen.add((place[:index], value))


def known(file: TomlFile, pattern: str, among: str) -> Iterator[Finding]:
    there = [value for _, value in scalars(file, among)]
    for place, value in scalars(file, pattern):
        if value not in there:
            yield Finding(place=place, text=f"{shown(value)} is not there; {_instead(value, there, among)}")


def _instead(value: str | int, there: list[str | int], among: str) -> str:
    close = get_close_matches(value, map(str, there), n=1) if isinstance(value, str) else []
    if close:
        return f"did you mean {close[0]}?"
    return f"{among.replace('[]', '')} are: {', '.join(map(str, there)) or 'none'}"
