"""The hall's services on the box, as systemd tells them: which have failed, which keep starting anew."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from msgspec import structs

from broker.ailments import found
from broker.contract.messages import BoxFinding, BoxHealth
from broker.strict_toml import BrokenConfig

from .machine import Machine
from .node_files import nodes_of

PATTERNS: Final = ("hallcall*.service", "mosquitto.service", "chrony.service")
CGROUPS: Final = "/sys/fs/cgroup/system.slice/**/hallcall-*@*.service/cgroup.events"
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


def look(health: BoxHealth, machine: Machine, *, box_file: Path) -> BoxHealth:
    """Ask systemd; where D-Bus does not let it answer, look which units have processes.

    Debian 12's dbus-daemon refuses users that exist only while a unit runs, and the keeper's is one.
    """
    told = machine.output("systemctl", "show", "--all", f"--property={PROPERTIES}", *PATTERNS)
    if told is not None:
        return structs.replace(health, findings=(*health.findings, *judged(units(told))))
    expected = _expected(box_file, _stamp(box_file))
    return structs.replace(health, findings=(*health.findings, *by_processes(machine, expected)))


def by_processes(machine: Machine, expected: Mapping[str, str]) -> list[BoxFinding]:
    """Return which of the units, by node, have no process; nothing is known where there are no control groups."""
    running = {path.parent.name for path in machine.paths(CGROUPS) if "populated 1" in machine.text(path)}
    if not running or not expected:
        return [found("units_unknown")]
    gone = [
        found("node_stopped", node=node, unit=unit, state="-") for node, unit in expected.items() if unit not in running
    ]
    return gone or [found("units_ok", count=len(running))]


@lru_cache(maxsize=1)
def _expected(box_file: Path, _: float) -> Mapping[str, str]:
    """Return the units that this box should run, by node; read anew when the box's file or its nodes' change."""
    try:
        good, _wrong = nodes_of(box_file.parent)
    except (BrokenConfig, OSError):
        return {}
    return {each.file.node: each.unit for each in good}


def _stamp(box_file: Path) -> float:
    with contextlib.suppress(OSError):
        return max(path.stat().st_mtime for path in (box_file, box_file.parent / "nodes"))
    return 0.0


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
