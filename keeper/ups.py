"""The UPS of this machine, as NUT tells of it (networkupstools.org): whether there is mains, how full its battery is.

NUT knows the makers' protocols, and switches the machine off in time (systemd/machine/ups sets it up). Here its words
are read: `upsc`, with the variables and states of NUT's own list (docs/nut-names.txt, RFC 9271).
"""

from collections.abc import Iterator
from typing import Final

from msgspec import structs

from broker.ailments import found
from broker.contract.messages import BoxFinding, BoxHealth

from .machine import Machine

SERVER: Final = "127.0.0.1"  # where upsd answers
SETTINGS, SET_UP = "/etc/nut/nut.conf", "MODE=standalone"  # as systemd/machine/ups leaves it, for all to read
ON_BATTERY, LOW, WORN = "OB", "LB", "RB"
MINUTE_S: Final = 60


def look(health: BoxHealth, machine: Machine, *, server: str = SERVER) -> BoxHealth:
    """Look at each UPS that NUT has here; a machine without NUT, or whose NUT was never set up, has none."""
    return structs.replace(health, findings=(*health.findings, *_all(machine, server)))


def _all(machine: Machine, server: str) -> Iterator[BoxFinding]:
    listed = machine.output("upsc", "-l", server)
    if not listed and SET_UP in machine.text(SETTINGS):
        yield found("ups_silent", name="NUT")
    for name in (listed or "").split():
        told = machine.output("upsc", f"{name}@{server}")
        yield found("ups_silent", name=name) if told is None else _finding(name, _variables(told))


def _finding(name: str, told: dict[str, str]) -> BoxFinding:
    states, left = told.get("ups.status", "").split(), _left(told)
    if LOW in states and ON_BATTERY in states:
        return found("ups_low", name=name, left=left)
    if ON_BATTERY in states:
        return found("ups_battery", name=name, left=left)
    if WORN in states:
        return found("ups_worn", name=name)
    return found("ups_ok", name=name, left=left)


def _left(told: dict[str, str]) -> str:
    """Return what the battery holds, in figures that need no language."""
    charge, runtime = _number(told.get("battery.charge", "")), _number(told.get("battery.runtime", ""))
    parts = [f"{charge:.0f} %"] if charge is not None else []
    parts += [f"{runtime / MINUTE_S:.0f} min"] if runtime is not None else []
    return ", ".join(parts) or "?"


def _variables(told: str) -> dict[str, str]:
    rows = (line.partition(": ") for line in told.splitlines())
    return {name: value.strip() for name, colon, value in rows if colon}


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
