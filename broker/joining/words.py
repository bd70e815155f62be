"""What is asked of the registrar and what it answers. Bytes travel as base64; requests refuse unknown fields."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

from msgspec import Meta, Struct

from ..contract.messages import BoxId, Id, SpareCode
from ..invitations import Invitation

PORT: Final = 8884
MOST_BYTES: Final = 3_000_000  # of one request, the files of a box in base64

Token = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
Pem = Annotated[str, Meta(max_length=4096)]
BUNDLE_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._+~-]{0,120}\.raucb$"
BundleName = Annotated[str, Meta(pattern=BUNDLE_NAME)]
Files = Annotated[dict[Annotated[str, Meta(max_length=200)], bytes], Meta(max_length=200)]


class Asked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody sends."""


class Join(Asked, frozen=True, kw_only=True):
    """A box asks for its nodes' certificates."""

    hall: Id
    box: BoxId
    token: Token
    requests: Annotated[dict[Id, Pem], Meta(max_length=40)]


class Joined(Struct, frozen=True, kw_only=True):
    """The box belongs to the hall; each node's certificate with the issuing authority's after it."""

    certificates: dict[str, str]


class AskSpare(Asked, frozen=True, kw_only=True):
    """A spare asks for a place, again and again until it has one. It drew code and token itself."""

    hall: Id
    serial: Annotated[str, Meta(min_length=1, max_length=64, pattern="^[!-~]+$", description="of the machine")]
    code: SpareCode
    token: Token


class SpareTold(Struct, frozen=True, kw_only=True):
    """Empty while nobody has approved; then whose place it takes, and that box's files. It joins with its own token."""

    box: str = ""
    files: dict[str, bytes] = {}


class Renew(Asked, frozen=True, kw_only=True):
    """A node, by the certificate that it shows, asks for its next one."""

    request: Pem


class Renewed(Struct, frozen=True, kw_only=True):
    certificate: str


class Due(Struct, frozen=True, kw_only=True):
    """Whether the certificate that was shown should be renewed now: old, or of a former issuing authority."""

    due: bool


class ExpectBox(Asked, frozen=True, kw_only=True):
    """The technician announces a box that joins with a token: a new one, or one in the place of another."""

    invitation: Invitation
    files: Files = {}  # of its card but for the token, for the day a spare takes its place; left out: as they were


class PutFiles(Asked, frozen=True, kw_only=True):
    """The technician changes files of a box that runs: hall.toml, box.toml, nodes/…; the others stay."""

    box: BoxId
    files: Files


class PutTold(Struct, frozen=True, kw_only=True):
    """How far it is with what was put. `alarm` is what the dispatcher has against its hall.toml."""

    taken: bool
    in_force: bool
    alarm: str = ""


class FilesMark(Struct, frozen=True, kw_only=True):
    """By what a box knows whether it has all that was put onto it; empty: nothing was."""

    mark: str = ""


class FilesTold(Struct, frozen=True, kw_only=True):
    """What was put onto a box."""

    files: dict[str, bytes] = {}
    mark: str = ""


class Revoke(Asked, frozen=True, kw_only=True):
    """A box, or one node of one, no longer belongs to the hall."""

    box: str = ""
    node: str = ""
    why: Annotated[str, Meta(max_length=200)] = ""


class RefuseSpare(Asked, frozen=True, kw_only=True):
    """The technician turns a spare away."""

    code: SpareCode


class Approve(Asked, frozen=True, kw_only=True):
    """The technician approves a spare; supervisors do by the command ApproveSpare."""

    code: SpareCode
    box: BoxId


class Rotate(Asked, frozen=True, kw_only=True):
    """Empty: make a new issuing key and ask for its certificate. Then the certificate that the hall's root signed."""

    certificate: Pem = ""


class Rotating(Struct, frozen=True, kw_only=True):
    request: str = ""  # what the root is to sign; empty once the new authority is in force


class Done(Struct, frozen=True, kw_only=True):
    detail: str = ""


class BoxState(StrEnum):
    EXPECTED = "expected"  # its token was not used yet
    JOINED = "joined"
    REPLACED_SOON = "replaced_soon"  # joined, and another machine may take its place
    LATE = "late"  # its token has expired
    REVOKED = "revoked"


class NodeTold(Struct, frozen=True, kw_only=True):
    node: str
    until: datetime | None = None  # end of its certificate; None: it has none that counts


class BoxTold(Struct, frozen=True, kw_only=True):
    box: str
    state: BoxState
    nodes: tuple[NodeTold, ...]
    since: datetime | None = None  # joined
    token_until: datetime | None = None


class SpareWaits(Struct, frozen=True, kw_only=True):
    """A spare without a place. The code is on its screen only: who approves reads it there."""

    serial: str
    address: str
    since: datetime


class Shown(Struct, frozen=True, kw_only=True):
    """Somebody came lately with a certificate of the hall that does not count. `reason`: see Denied."""

    node: str
    address: str
    reason: str
    at: datetime


class Boxes(Struct, frozen=True, kw_only=True):
    """All boxes of the hall, the spares that wait, and who was refused though the hall has certified him."""

    boxes: tuple[BoxTold, ...]
    spares: tuple[SpareWaits, ...] = ()  # some of them, where very many wait
    waiting: int = 0  # how many
    issuing_until: datetime | None = None
    shown: tuple[Shown, ...] = ()


class TechnicianTold(Struct, frozen=True, kw_only=True):
    """Of which generation a technician's certificate must be, or of a later one."""

    generation: int = 0


class Act(Struct, frozen=True, kw_only=True):
    """A line of the registrar's book: `about` for people, `box` and `nodes` by name."""

    number: int
    at: datetime
    who: str
    what: str
    about: str
    box: str = ""
    nodes: tuple[str, ...] = ()


class Acts(Struct, frozen=True, kw_only=True):
    acts: tuple[Act, ...]


class Denied(Struct, frozen=True, kw_only=True):
    """Why nothing was done. `reason` is a key of the texts' table `joining`, which says what to do about it."""

    reason: str
    args: dict[str, str | int] = {}


class Begin(Asked, frozen=True, kw_only=True):
    """The technician gives the hall a release; its bundles were sent before."""

    version: Annotated[str, Meta(min_length=1, max_length=60)]
    packages: Annotated[dict[str, BundleName], Meta(min_length=1, max_length=4)]  # by kind of machine
    at_once: bool = False


class Back(Asked, frozen=True, kw_only=True):
    """The technician takes back the release that he gave last."""

    at_once: bool = False


class RolloutTold(Struct, frozen=True, kw_only=True):
    """How far the hall is with a release."""

    version: str = ""
    begun: datetime | None = None
    back: bool = False  # away from it
    at_once: bool = False
    alert: str = ""
    done: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    takes_none: tuple[str, ...] = ()
    quiet_from: datetime | None = None  # when boxes may restart


class GotSoFar(Struct, frozen=True, kw_only=True):
    """How many bytes of a bundle have come; what was sent to another place is not taken."""

    size: int
