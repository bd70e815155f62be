"""What must agree between the keys of `[simulate]`, and between them and the hall."""

from collections.abc import Iterator
from typing import Final

from ..contract.messages import ORDINARY
from ..strict_toml import Finding, TomlFile, shown
from ..toml_lines import Place
from .settings import Kind

_HOURS: Final = 24
_EMPIRICAL, _LOGNORMAL = Kind.EMPIRICAL.value, Kind.LOGNORMAL.value


def simulate_findings(file: TomlFile) -> Iterator[Finding]:
    services = [value for _, value in file.select("services[].id")]
    classes = [value for _, value in file.select("classes[].id")] or [ORDINARY]
    for table in ("arrivals", "service_times", "patience"):
        yield from _known(file, f"simulate.{table}[].service", "services", services)
        yield from _known(file, f"simulate.{table}[].priority_class", "classes", classes)
        yield from _once(file, f"simulate.{table}[]")
    for place, each in _tables(file, "simulate.arrivals[]"):
        yield from _stream(place, each)
    for place, each in (*_tables(file, "simulate.service_times[]"), *_tables(file, "simulate.patience[]")):
        yield from _length(place, each)


def _tables(file: TomlFile, pattern: str) -> Iterator[tuple[Place, dict[str, object]]]:
    for place, value in file.select(pattern):
        if isinstance(value, dict):
            yield place, value


def _known(file: TomlFile, pattern: str, of: str, known: list[object]) -> Iterator[Finding]:
    for place, value in file.select(pattern):
        if isinstance(value, str) and value not in known:
            yield Finding(
                place=place, text=f"{shown(value)} is not there; {of} are: {', '.join(map(str, known)) or 'none'}"
            )


def _once(file: TomlFile, pattern: str) -> Iterator[Finding]:
    first: dict[tuple[str, str], Place] = {}
    default = ORDINARY if pattern == "simulate.arrivals[]" else None
    for place, each in _tables(file, pattern):
        about = (str(each.get("service")), str(each.get("priority_class", default)))
        if about in first:
            text = f"the same service and class as in line {file.line(first[about])}; join the two or change one"
            yield Finding(place=place, text=text)
        first.setdefault(about, place)


def _stream(place: Place, each: dict[str, object]) -> Iterator[Finding]:
    by_hour = each.get("by_hour")
    if ("per_min" in each) == ("by_hour" in each):
        yield Finding(place=place, text="give per_min or by_hour, and not both: arrivals per minute")
    if "from_hour" in each and "by_hour" not in each:
        yield Finding(place=(*place, "from_hour"), text="only for by_hour; remove it")
    if not isinstance(by_hour, list):
        return
    from_hour = each.get("from_hour")
    if from_hour is None and len(by_hour) != _HOURS:
        text = f"{len(by_hour)} numbers; give 24, from midnight on, or say with from_hour where they begin"
        yield Finding(place=(*place, "by_hour"), text=text)
    if isinstance(from_hour, int) and from_hour + len(by_hour) > _HOURS:
        text = f"{len(by_hour)} numbers from hour {from_hour} on go past midnight; give {_HOURS - from_hour} at most"
        yield Finding(place=(*place, "by_hour"), text=text)


def _length(place: Place, each: dict[str, object]) -> Iterator[Finding]:
    kind = each.get("kind")
    if kind == _EMPIRICAL:
        if place[1] == "patience":
            yield Finding(place=(*place, "kind"), text="not for patience; give exponential, lognormal or deterministic")
        elif "file" not in each:
            yield Finding(place=(*place, "file"), text="missing; give the CSV file that the service times stand in")
        for key in ("mean_min", "cv"):
            if key in each and place[1] != "patience":
                yield Finding(place=(*place, key), text="the file says it; remove the key")
        return
    if "file" in each:
        yield Finding(place=(*place, "file"), text='only for kind = "empirical"; remove it or change the kind')
    if "mean_min" not in each and place[1] != "patience":
        yield Finding(place=(*place, "mean_min"), text="missing; give the mean in minutes")
    if each.get("mean_min") == 0 and kind != Kind.DETERMINISTIC.value:
        yield Finding(place=(*place, "mean_min"), text='0; give a mean above 0, or kind = "deterministic"')
    if kind == _LOGNORMAL and "cv" not in each:
        yield Finding(place=(*place, "cv"), text="missing; give standard deviation divided by mean, such as 0.8")
    if kind != _LOGNORMAL and "cv" in each:
        yield Finding(place=(*place, "cv"), text='only for kind = "lognormal"; remove it or change the kind')
