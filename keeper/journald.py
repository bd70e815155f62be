"""What journald tells (`journalctl -o json`), and which of it somebody should know."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

WARNING: Final = 4  # of syslog: this and lower numbers
ERROR: Final = 3
_UNITS: Final = re.compile(r"^(hallcall.*|mosquitto|chrony|rauc|systemd-udevd)\.service$")
_OURS: Final = re.compile(r"^(CRITICAL|ERROR|WARNING) ")  # as our programs begin a line
_PRIORITIES: Final = {"CRITICAL": 2, "ERROR": ERROR, "WARNING": WARNING}
_KERNEL: Final = re.compile(  # what the kernel says at any priority that a technician must know
    r"under-?voltage|I/O error|EXT4-fs (error|warning)|Remounting filesystem read-only|Out of memory|oom-kill|"
    r"mmc\d+.*(error|timeout)|USB disconnect|thermal.*throttl|critical temperature|squashfs error|dm-verity",
    re.IGNORECASE,
)
_BOOT: Final = re.compile(
    r"^(ACPI|x86/|pci |pcieport|Spectre|MDS|TAA|ENERGY_PERF_BIAS|platform |kauditd)", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line; `unit` is kernel for the kernel."""

    cursor: str
    at: datetime
    unit: str
    priority: int
    text: str


def entry(line: str | bytes) -> Entry | None:
    """Read one line of journalctl; None where it is not one."""
    try:
        fields = json.loads(line)
        at = datetime.fromtimestamp(int(fields["__REALTIME_TIMESTAMP"]) / 1e6, UTC)
        cursor = str(fields["__CURSOR"])
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
    message = fields.get("MESSAGE") or ""
    if isinstance(message, list):  # bytes that are no UTF-8
        message = bytes(each for each in message if isinstance(each, int) and each < 256).decode(errors="replace")  # noqa: PLR2004
    priority = str(fields.get("PRIORITY", "6"))
    unit = "kernel" if fields.get("_TRANSPORT") == "kernel" else fields.get("UNIT") or fields.get("_SYSTEMD_UNIT") or ""
    return Entry(
        cursor=cursor,
        at=at,
        unit=str(unit),
        priority=int(priority) if priority.isdecimal() else 6,
        text=str(message).strip(),
    )


def warning(each: Entry) -> Entry | None:
    """Return a line that is to be passed on, at the priority that it deserves; None for all others.

    What a program writes to stderr has no priority of its own: ours begin their lines with one.
    """
    if not each.text:
        return None
    if each.unit == "kernel":
        is_told = bool(_KERNEL.search(each.text)) or (each.priority <= ERROR and not _BOOT.match(each.text))
        return each if is_told else None
    if not _UNITS.match(each.unit):
        return None
    if ours := _OURS.match(each.text):
        return Entry(
            cursor=each.cursor,
            at=each.at,
            unit=each.unit,
            priority=_PRIORITIES[ours.group(1)],
            text=each.text[ours.end() :],
        )
    if each.text.startswith("Traceback (most recent call last)"):
        return Entry(cursor=each.cursor, at=each.at, unit=each.unit, priority=ERROR, text="ended with a Python error")
    return each if each.priority <= WARNING else None
