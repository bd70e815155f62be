"""The box's clock: how far it is off its time source, and whether it knows the time after a power cut."""

from dataclasses import dataclass
from typing import Final

from msgspec import structs

from broker.ailments import found
from broker.contract.messages import BoxHealth

from .machine import Machine

OFF_MS: Final = 1000.0  # beyond this waits and calls of two boxes no longer go together
DRIFTS_MS: Final = 100.0
_OWN: Final = "7F7F"  # of 127.127.x.x: the machine's own time, for want of a better one
_FIELDS: Final = 14  # of `chronyc -c tracking`


@dataclass(frozen=True)
class Tracking:
    """What chrony says: the system clock's offset from its source (positive: the clock is fast)."""

    is_set: bool
    offset_ms: float
    source: str


def tracking(text: str) -> Tracking | None:
    """Read `chronyc -c tracking`; None where it is something else."""
    fields = text.strip().split(",")
    if len(fields) != _FIELDS:
        return None
    try:
        offset_s, stratum = float(fields[4]), int(fields[2])
    except ValueError:
        return None
    is_own = fields[0].startswith(_OWN) or not fields[0].strip("0")
    is_set = fields[13] != "Not synchronised" and not is_own and 0 < stratum < 16  # noqa: PLR2004
    return Tracking(is_set=is_set, offset_ms=-offset_s * 1000, source=fields[1])


def look(health: BoxHealth, machine: Machine) -> BoxHealth:
    """Look at the clock; without chrony at what systemd-timesyncd has left."""
    # a Pi's and many a cheap board's driver is there without a battery: such a clock stands at its first second
    started = machine.number("/sys/class/rtc/rtc0/since_epoch")
    battery = started is not None and started > 1_000_000_000  # noqa: PLR2004 - 2001
    seen = tracking(machine.output("chronyc", "-n", "-c", "tracking") or "")
    is_set = seen.is_set if seen is not None else machine.real("/run/systemd/timesync/synchronized").exists()
    offset_ms = round(seen.offset_ms, 3) if seen is not None and seen.is_set else None
    if offset_ms is not None and abs(offset_ms) > OFF_MS:
        finding = found("clock_off", offset_ms=round(offset_ms), source=seen.source if seen else "")
    elif offset_ms is not None and abs(offset_ms) > DRIFTS_MS:
        finding = found("clock_drifts", offset_ms=round(offset_ms), source=seen.source if seen else "")
    elif is_set:
        finding = found("clock_ok", offset_ms=offset_ms if offset_ms is not None else 0)
    elif battery and seen is None:
        finding = found("clock_battery_only")
    elif battery:
        finding = found("clock_lost")
    else:
        finding = found("clock_alone")
    return structs.replace(
        health,
        clock_offset_ms=offset_ms,
        clock_set=is_set,
        clock_battery=battery,
        findings=(*health.findings, finding),
    )
