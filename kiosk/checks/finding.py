"""What a check has found, and what it is looked at with."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from broker.config import KioskFile
from broker.contract.messages import Hall
from broker.findings import Finding, Light, amber, green, red, skipped

__all__ = ["Bench", "Check", "Finding", "Light", "amber", "green", "red", "skipped"]


@dataclass(kw_only=True)
class Bench:
    """What the checks stand on; `hall` is the last known one, until the broker has told a newer."""

    file: KioskFile
    path: Path
    now: Callable[[], datetime]
    clock: Callable[[], float]
    hall: Hall | None = None
    is_reached: bool = False  # the broker took the login
    attended: bool = True  # somebody stands there who can touch the screen
    touch_s: int = 20
    prints: bool = True
    ask: Callable[[str, int], None] = lambda _key, _seconds: None  # tells whoever stands there what to do

    @property
    def state_dir(self) -> Path:
        return Path(self.file.state_dir)


@dataclass(frozen=True)
class Check:
    """`device` names it in the table `check`; with the kiosk running, one that is not `beside` it cannot be made."""

    device: str
    look: Callable[[Bench], AsyncIterator[Finding]]
    beside: bool = False
