"""What an ESC/POS printer's sensors say, in the bits of its three kinds of status; pure.

Bits after Epson's command reference: DLE EOT n, GS r n, and the four bytes of the automatic status (GS a).
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Sensors:
    near_end: bool
    no_paper: bool
    cover_open: bool
    cutter_jammed: bool

    @property
    def is_online(self) -> bool:
        return not (self.no_paper or self.cover_open or self.cutter_jammed)

    @property
    def paper(self) -> str:
        if self.no_paper:
            return "out"
        return "near_end" if self.near_end else "ok"


def real_time(sensors: Sensors, n: int) -> int:
    """Return the answer to DLE EOT n."""
    match n:
        case 1:
            return 0x16 | (0 if sensors.is_online else 0x08)
        case 2:
            cover, stopped = 0x04 * sensors.cover_open, 0x20 * sensors.no_paper
            return 0x12 | cover | stopped | 0x40 * sensors.cutter_jammed
        case 3:
            return 0x12 | 0x08 * sensors.cutter_jammed
        case _:
            return 0x12 | 0x0C * sensors.near_end | 0x60 * sensors.no_paper


def paper_sensors(sensors: Sensors) -> int:
    """Return the answer to GS r 1."""
    return 0x03 * sensors.near_end | 0x0C * sensors.no_paper


def automatic(sensors: Sensors) -> bytes:
    """Return the four bytes that GS a asks for."""
    first = 0x14 | (0 if sensors.is_online else 0x08) | 0x20 * sensors.cover_open
    return bytes((first, 0x08 * sensors.cutter_jammed, paper_sensors(sensors), 0x0F))
