"""Groups of services on the kiosk: each leads somewhere, and none into itself."""

from collections.abc import Iterator
from typing import Final

from ..strict_toml import Finding, TomlFile, shown
from ..toml_lines import Place
from .agreement import tables

_WAY: Final = " in "


def group_findings(file: TomlFile) -> Iterator[Finding]:
    places: dict[str, Place] = {}
    parents: dict[str, object] = {}
    for place, group in tables(file, "groups[]"):
        name = group.get("id")
        if isinstance(name, str) and name not in places:
            places[name], parents[name] = place, group.get("parent")
    used = {service.get("group") for _, service in tables(file, "services[]")}
    leading = {above for name in used if isinstance(name, str) for above in _way_up(name, parents)}
    named = {each for each in (*used, *parents.values()) if isinstance(each, str)}  # one unknown may be meant for any
    told: set[str] = set()
    for name, place in places.items():
        way = _way_up(name, parents)
        if way[-1] == name and len(way) > 1 and name not in told:
            told |= {*way}
            text = f"{_WAY.join(map(shown, way))}: a group that stands in itself is never reached; remove a parent"
            yield Finding(place=(*place, "parent"), text=text)
        elif name not in leading and name not in told and named <= parents.keys():
            text = f'{shown(name)} leads to no service; give one group = "{name}", or remove the group'
            yield Finding(place=(*place, "id"), text=text)


def _way_up(name: str, parents: dict[str, object]) -> list[str]:
    """Return a group and those above it, as far as they are known; in a circle the last one has been there before."""
    way = [name]
    while isinstance(above := parents.get(way[-1]), str):
        way.append(above)
        if way.count(above) > 1:
            break
    return way
