"""The hall's services on the box, as systemd tells them: which have failed, which keep starting anew."""

from dataclasses import dataclass
from typing import Final

from msgspec import structs

from broker.ailments import found
from broker.contract.messages import BoxFinding, BoxHealth

from .machine import Machine

PATTERNS: Final = ("hallcall*.service", "mosquitto.service", "chrony.service")
PROPERTIES: Final = "Id,ActiveState,SubState,NRestarts,Result,StatusText"
PATIENT: Final = frozenset({"hallcall-join.service"})  # asks again until it is let in; certificates tell of it
OFTEN: Final = 3  # restarts since the box started, or since somebody started the unit by hand


@dataclass(frozen=True, kw_only=True)
class Unit:
    name: str
    active: str
    sub: str
    restarts: int
    result: str
    status: str  # what the program says of itself


def units(text: str) -> list[Unit]:
    """Read `systemctl show`: a block a unit, blocks parted by an empty line."""
    found_units = []
    for block in text.split("\n\n"):
        pairs = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if name := pairs.get("Id", ""):
            restarts = pairs.get("NRestarts", "0")
            found_units.append(
                Unit(
                    name=name,
                    active=pairs.get("ActiveState", ""),
                    sub=pairs.get("SubState", ""),
                    restarts=int(restarts) if restarts.isdecimal() else 0,
                    result=pairs.get("Result", ""),
                    status=pairs.get("StatusText", ""),
                )
            )
    return found_units


def look(health: BoxHealth, machine: Machine) -> BoxHealth:
    told = machine.output("systemctl", "show", "--all", f"--property={PROPERTIES}", *PATTERNS)
    if told is None:
        return structs.replace(health, findings=(*health.findings, found("units_unknown")))
    return structs.replace(health, findings=(*health.findings, *judged(units(told))))


def judged(all_units: list[Unit]) -> list[BoxFinding]:
    """Return what is wrong with units; or how many there are, when nothing is."""
    wrong = []
    for unit in all_units:
        if unit.active == "failed":
            wrong.append(found("unit_failed", unit=unit.name, result=unit.result))
        elif unit.restarts >= OFTEN and unit.name not in PATIENT:
            wrong.append(found("unit_restarts", unit=unit.name, times=unit.restarts))
    if not all_units:
        return [found("units_unknown")]
    return wrong or [found("units_ok", count=sum(unit.active == "active" for unit in all_units))]
