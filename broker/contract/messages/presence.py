"""Whether a node is there, and how its devices are."""

from enum import Enum

from msgspec import Struct

from .boxes import BoxHealth
from .terms import DeviceState, Role


class DeviceStatus(Struct, frozen=True, kw_only=True):
    name: str
    state: DeviceState
    detail: str = ""  # for a technician, in English: what is wrong and what to check; shown as the table `reasons` says


class Medium(Enum):
    """Where a call is seen or heard."""

    SIGN = "sign"
    ROW = "row"
    SOUND = "sound"


class Reached(Struct, frozen=True, kw_only=True):
    """How soon a zone's last calls were seen or heard; the clocks of dispatcher and node are compared."""

    zone: str
    medium: Medium
    calls: int = 0  # that the figures are of
    p50_ms: int = 0
    p99_ms: int = 0
    worst_ms: int = 0
    parted: str = ""  # in what it differs from the hall's calls just now, and what to check


class GivenNumbers(Struct, frozen=True, kw_only=True):
    """The last number of each service that a kiosk printed on a day: after a restore the hall gives higher ones."""

    day: str
    last: dict[str, str]  # ticket by service


class Presence(Struct, frozen=True, kw_only=True):
    """A node's health, sent anew every 10 s; its will says `up=False`."""

    node: str
    role: Role
    up: bool
    program: str = ""  # version
    devices: tuple[DeviceStatus, ...] = ()
    bad_messages: int = 0  # dropped since the start
    reached: tuple[Reached, ...] = ()  # by boards, voices and counter boxes
    box: BoxHealth | None = None  # by keepers
    epoch: int = 0  # the highest of the hall's that this node has seen
    given: GivenNumbers | None = None  # by kiosks
    spares: tuple[str, ...] = ()  # by the registrar: serial numbers of machines that wait for a place
