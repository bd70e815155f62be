"""How much paper is left on the kiosk's roll: counted slip by slip, kept on disk, told in tickets."""

import logging
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

log = logging.getLogger(__name__)

USUAL_SLIP_MM: Final = 100
FEW: Final = 60  # tickets: from here on somebody should bring a roll
ROUNDED_FROM: Final = 20  # above it the forecast is told in tens
REQUEST: Final = "new-roll"  # a file of this name in the state directory says that a new roll is in


class Used(Struct, frozen=True, kw_only=True):
    """What was taken from the roll that is in."""

    mm: int = 0
    slips: int = 0


class Roll:
    """The roll in the printer; `paper_m` is its length when new, 0 where nobody said."""

    def __init__(self, state_dir: Path, *, paper_m: float) -> None:
        self._path = state_dir / "roll.json"
        self._request = state_dir / REQUEST
        self._new_mm = round(paper_m * 1000)
        self.used = _read(self._path)

    def take(self, mm: int) -> None:
        """Count a slip, or the part of one that is taken for a whole: the forecast errs on the short side."""
        self._write(Used(mm=self.used.mm + mm, slips=self.used.slips + 1))

    def renew(self) -> None:
        log.info("new roll of paper; the last one gave %s mm for %s slips", self.used.mm, self.used.slips)
        self._write(Used())

    def renew_if_told(self) -> None:
        """Start again when `hallcall printer new-roll` has left its word."""
        if self._request.exists():
            self.renew()
            self._request.unlink()

    @property
    def tickets_left(self) -> int | None:
        """Return for about how many tickets there is paper; None where the roll's length is not known."""
        if not self._new_mm:
            return None
        slip_mm = self.used.mm / self.used.slips if self.used.slips else USUAL_SLIP_MM
        left = max(0, int((self._new_mm - self.used.mm) / slip_mm))
        return left // 10 * 10 if left >= ROUNDED_FROM else left

    def _write(self, used: Used) -> None:
        self.used = used
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(used))
        fresh.replace(self._path)


def tell_new_roll(state_dir: Path) -> None:
    """Leave word for the kiosk that a new roll is in."""
    (state_dir / REQUEST).touch()


def _read(path: Path) -> Used:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Used)
    except FileNotFoundError:
        return Used()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        log.warning("%s is torn: the roll is taken for a new one: %s", path, error)
        return Used()
