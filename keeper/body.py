"""The machine's body: heat, power, memory, load, network."""

import os
from collections.abc import Iterator
from typing import Final

from msgspec import structs

from broker.ailments import found
from broker.contract.messages import BoxFinding, BoxHealth

from .machine import Machine

HIGH_C: Final = 75.0
HOT_C: Final = 82.0  # a Pi slows down at 80 to 85 degrees, a PC at about 90
THROTTLED: Final = "/sys/devices/platform/soc/soc:firmware/get_throttled"
LOW_NOW: Final = 0x1  # bits of get_throttled, as `vcgencmd` documents them
SLOWED_NOW: Final = 0x2 | 0x4 | 0x8
LOW_ONCE: Final = 0x10000
LOW_SHARE: Final = 0.10
OUT_SHARE: Final = 0.03
HIGH_LOAD: Final = 2.0  # programs that want to run, by processor
SLOW_MBIT: Final = 100
ETHERNET: Final = 1  # ARPHRD_ETHER


def heat(health: BoxHealth, machine: Machine) -> BoxHealth:
    """Look at the hottest sensor; a virtual machine has none."""
    found_c = [machine.number(path) for path in machine.paths("/sys/class/thermal/thermal_zone*/temp")]
    degrees = [each / 1000 for each in found_c if each is not None and 0 < each < 150_000]  # noqa: PLR2004 - a broken sensor
    if not degrees:
        return health
    hottest = round(max(degrees), 1)
    key = "temperature_hot" if hottest >= HOT_C else "temperature_high" if hottest >= HIGH_C else "temperature_ok"
    finding = found(key, degrees=hottest)
    return structs.replace(health, temperature_c=hottest, findings=(*health.findings, finding))


def power(health: BoxHealth, machine: Machine) -> BoxHealth:
    """Look at a Pi's supply: its firmware says whether it is, or was since the start, too weak."""
    text = machine.text(THROTTLED)
    alarms = [machine.number(path) for path in machine.paths("/sys/class/hwmon/hwmon*/in0_lcrit_alarm")]
    try:
        bits = int(text, 16) if text else None
    except ValueError:
        bits = None
    if bits is None and not alarms:
        return health
    bits = bits or 0
    if bits & LOW_NOW or any(alarms):
        finding = found("power_low")
    elif bits & SLOWED_NOW:
        finding = found("power_slowed")
    else:
        finding = found("power_was_low" if bits & LOW_ONCE else "power_ok")
    return structs.replace(health, findings=(*health.findings, finding))


def memory(health: BoxHealth, machine: Machine) -> BoxHealth:
    sizes = meminfo(machine.text("/proc/meminfo"))
    total, free = sizes.get("MemTotal"), sizes.get("MemAvailable")
    if not total or free is None:
        return health
    share = free / total
    key = "memory_out" if share < OUT_SHARE else "memory_low" if share < LOW_SHARE else "memory_ok"
    finding = found(key, free_mb=free // 1024, total_mb=total // 1024)
    return structs.replace(health, memory_free_mb=free // 1024, findings=(*health.findings, finding))


def meminfo(text: str) -> dict[str, int]:
    """Return the kilobytes of /proc/meminfo by name."""
    rows = (line.split() for line in text.splitlines())
    return {row[0].rstrip(":"): int(row[1]) for row in rows if len(row) > 1 and row[1].isdecimal()}


def load(health: BoxHealth, machine: Machine) -> BoxHealth:
    words, up = machine.text("/proc/loadavg").split(), machine.text("/proc/uptime").split()
    if not words or not up:
        return health
    processors = len(list(machine.paths("/sys/devices/system/cpu/cpu[0-9]*"))) or os.cpu_count() or 1
    minutes5 = float(words[1]) / processors  # a minute's is high whenever a program starts
    finding = found("load_high" if minutes5 > HIGH_LOAD else "load_ok", load=round(minutes5, 2))
    return structs.replace(
        health,
        load=round(float(words[0]) / processors, 2),
        uptime_s=int(float(up[0])),
        findings=(*health.findings, finding),
    )


def network(health: BoxHealth, machine: Machine) -> BoxHealth:
    """Look at the cards that have a cable or an antenna: one that is up is enough."""
    found_here = list(_cards(machine))
    if not found_here:
        return health
    up = [each for each in found_here if each.key != "network_down"]
    return structs.replace(health, findings=(*health.findings, *(up or found_here[:1])))


def _cards(machine: Machine) -> Iterator[BoxFinding]:
    for path in machine.paths("/sys/class/net/*"):
        is_real = machine.real(str(path / "device")).exists() or path.name.startswith(("host", "eth", "en", "wl"))
        if path.name == "lo" or machine.number(path / "type") != ETHERNET or not is_real:
            continue
        speed = machine.number(path / "speed") or -1
        if machine.text(path / "operstate") not in {"up", "unknown"} or machine.text(path / "carrier") == "0":
            yield found("network_down", card=path.name)
        elif 0 < speed < SLOW_MBIT or machine.text(path / "duplex") == "half":
            yield found("network_slow", card=path.name, mbit=speed)
        else:
            yield found("network_ok", card=path.name)
