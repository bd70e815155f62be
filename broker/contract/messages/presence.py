"""Whether a node is there, and how its devices are."""

from enum import Enum

from msgspec import Struct

from .terms import Role


class DeviceState(Enum):
    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"
    UNKNOWN = "unknown"


class DeviceStatus(Struct, frozen=True, kw_only=True):
    name: str
    state: DeviceState
    detail: str = ""  # for a technician: what is wrong and what to check


class Presence(Struct, frozen=True, kw_only=True):
    """A node's health, sent anew every 10 s; its will says `up=False`."""

    node: str
    role: Role
    up: bool
    program: str = ""  # version
    devices: tuple[DeviceStatus, ...] = ()
    bad_messages: int = 0  # dropped since the start
