"""What a box's keeper tells of its machine: health, warnings; and what release it is offered."""

from datetime import datetime
from enum import Enum
from typing import Annotated

from msgspec import Meta, Struct

from .terms import DeviceState


class BoxFinding(Struct, frozen=True, kw_only=True):
    """One thing looked at on a box. `key` is a text of the table `box`, which says what it means and what to do."""

    what: str  # clock, disk, card, certificate, temperature, power, memory, load, units, network
    state: DeviceState
    key: str
    args: dict[str, str | int | float] = {}


class CertificateEnd(Struct, frozen=True, kw_only=True):
    """Until when a node's certificate holds."""

    node: str
    last_day: str  # 2027-11-22


class UpdateStep(Enum):
    """How far a box is with a release."""

    NONE = "none"  # it runs what it ran yesterday
    DOWNLOADING = "downloading"
    WAITING = "waiting"  # on its disk and whole; for the hour at which it may be installed
    INSTALLING = "installing"
    TRIAL = "trial"  # runs, and has not yet shown that it is healthy
    CONFIRMED = "confirmed"
    FELL_BACK = "fell_back"  # it was not healthy: the box runs the old one again
    FAILED = "failed"  # it could not be downloaded or installed; the box never ran it


class BoxUpdate(Struct, frozen=True, kw_only=True):
    """What became of the last release that was offered to a box."""

    arch: str = ""  # amd64 or arm64
    step: UpdateStep = UpdateStep.NONE
    version: str = ""  # of the release that this is about
    at: datetime | None = None  # when it ended, well or badly
    percent: int | None = None  # of a download
    why: str = ""  # for a technician: what went wrong, and what to check


class BoxHealth(Struct, frozen=True, kw_only=True):
    """A box's figures; what cannot be read on this kind of machine is null."""

    box: str
    image: str = ""  # version of the image; "" where the box was not started from one
    slot: str = ""  # A or B
    uptime_s: int = 0
    clock_offset_ms: float | None = None  # against its time source
    clock_set: bool | None = None  # it follows a time source
    clock_battery: bool | None = None  # it knows the time after a power cut
    certificates: tuple[CertificateEnd, ...] = ()
    disk_free_mb: int | None = None
    disk_total_mb: int | None = None
    disk_wear_percent: int | None = None  # of the card's or drive's life; the maker's own figure
    memory_free_mb: int | None = None
    load: float | None = None  # of the last minute, by processor
    temperature_c: float | None = None
    findings: tuple[BoxFinding, ...] = ()
    update: BoxUpdate | None = None  # null: it takes no updates


class BoxWarning(Struct, frozen=True, kw_only=True):
    """One line of a box's journal that somebody should know of, however often it was written."""

    number: int  # rises by one on each box, through restarts
    first: datetime
    last: datetime
    unit: str  # that wrote it; kernel for the kernel
    priority: Annotated[int, Meta(ge=0, le=7)] = 4  # as syslog counts: 4 warning, 3 error, 2 critical
    text: str  # without names, telephone and ID numbers
    count: int = 1


class BoxLog(Struct, frozen=True, kw_only=True):
    """A box's newest warnings. Their counts may have grown since the last time; a number says which is which."""

    box: str
    run: str  # of the numbers: another one when the box has lost its own and begins anew
    warnings: tuple[BoxWarning, ...]


class Release(Struct, frozen=True, kw_only=True):
    """A release that a box may install, or is to leave; `path` is on the registrar."""

    version: str
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    size: Annotated[int, Meta(ge=1)]  # bytes
    path: str  # such as /releases/hallcall-0.2.0-arm64.raucb
    offered: datetime | None = None  # a failure from before counts no more
    not_before: datetime | None = None  # when the box may install and restart; null: at once
    not_after: datetime | None = None  # from then on it waits for the next one
    back: bool = False  # whoever runs it starts the release before again


__all__ = [
    "BoxFinding",
    "BoxHealth",
    "BoxLog",
    "BoxUpdate",
    "BoxWarning",
    "CertificateEnd",
    "Release",
    "UpdateStep",
]
