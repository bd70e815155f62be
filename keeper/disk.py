"""The disk that the box writes: room, whether it takes writes at all, and how much of its life is used."""

import os
from collections.abc import Iterator
from typing import Final

from msgspec import structs

from broker.ailments import found
from broker.contract.messages import BoxFinding, BoxHealth

from .machine import Machine

MIB: Final = 1024 * 1024
FULL_MB: Final = 200  # the journal of a large hall's day is under 10 MB, a release 300 MB on top
LOW_MB: Final = 1000
LOW_SHARE: Final = 0.1
WORN_PERCENT: Final = 80
SPENT_PERCENT: Final = 100
_URGENT: Final = 3  # of pre_eol_info: JESD84-B51, 7.4.22 in the extended CSD


def is_read_only(mountinfo: str, directory: str) -> bool:
    """Say whether the file system that holds a directory takes no writes; `mountinfo` is /proc/self/mountinfo.

    The file system's own options count, behind the dash: a sandboxed unit sees every mount read-only.
    """
    best, options = "", ""
    for line in mountinfo.splitlines():
        here, _, there = line.partition(" - ")
        mounted, system = here.split(), there.split()
        if len(mounted) < 5 or len(system) < 3:  # noqa: PLR2004 - proc(5): where it is mounted, its kind and options
            continue
        place = mounted[4].replace("\\040", " ")
        if (directory + "/").startswith(place.rstrip("/") + "/") and len(place) >= len(best):
            best, options = place, system[2]
    return "ro" in options.split(",")


def wear_percent(life_time: str) -> int | None:
    """Read an eMMC's life_time: two estimates in steps of 10 percent, the worse counts; 0 is *not stated*."""
    try:
        steps = [int(each, 16) for each in life_time.split()]
    except ValueError:
        return None
    worst = max(steps, default=0)
    return None if worst == 0 else min(worst * 10, SPENT_PERCENT)


def look(health: BoxHealth, machine: Machine, *, directory: str) -> BoxHealth:
    free_mb: int | None = None
    total_mb: int | None = None
    try:
        room = os.statvfs(machine.real(directory))
        free_mb, total_mb = room.f_bavail * room.f_frsize // MIB, room.f_blocks * room.f_frsize // MIB
    except OSError as error:
        finding = found("disk_gone", path=directory, problem=str(error.strerror))
    else:
        if is_read_only(machine.text("/proc/self/mountinfo"), directory):
            finding = found("disk_read_only", path=directory)
        else:
            finding = _room(directory, free_mb, total_mb)
    wear, card = _wear(machine)
    return structs.replace(
        health,
        disk_free_mb=free_mb,
        disk_total_mb=total_mb,
        disk_wear_percent=wear,
        findings=(*health.findings, finding, *_errors(machine), card),
    )


def _room(directory: str, free_mb: int, total_mb: int) -> BoxFinding:
    if free_mb < FULL_MB:
        return found("disk_full", path=directory, free_mb=free_mb)
    if free_mb < min(LOW_MB, total_mb * LOW_SHARE):
        return found("disk_low", path=directory, free_mb=free_mb)
    return found("disk_ok", path=directory, free_mb=free_mb, total_mb=total_mb)


def _errors(machine: Machine) -> Iterator[BoxFinding]:
    for path in machine.paths("/sys/fs/ext4/*/errors_count"):
        if count := machine.number(path):
            yield found("disk_errors", device=path.parent.name, count=count)


def _wear(machine: Machine) -> tuple[int | None, BoxFinding]:
    """Look at eMMC and such SD cards as tell it; drives tell it only to root's smartctl."""
    worst: int | None = None
    urgent = False
    for path in machine.paths("/sys/block/mmcblk*/device/life_time"):
        percent = wear_percent(machine.text(path))
        if percent is not None:
            worst = max(worst or 0, percent)
        urgent = urgent or machine.number(path.parent / "pre_eol_info") == _URGENT
    if urgent or (worst is not None and worst >= SPENT_PERCENT):
        return worst, found("card_spent", percent=worst or SPENT_PERCENT)
    if worst is None:
        return None, found("card_unknown")
    return worst, found("card_worn" if worst >= WORN_PERCENT else "card_ok", percent=worst)
