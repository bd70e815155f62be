"""Which message travels on which topic; nowhere else does a topic string stand.

Topics begin with `hallcall/1/<hall>/`: the product, the contract's version, the hall.
"""

import re
from dataclasses import dataclass
from typing import Final

import msgspec

from .messages import (
    AnyAnswer,
    AnyCommand,
    AnyView,
    BoardView,
    BoxLog,
    CounterView,
    HallView,
    Message,
    Presence,
    QueuesView,
    Recorded,
    Release,
    Role,
)

ROOT: Final = "hallcall/1"
PRESENCE_INTERVAL_S: Final = 10
PRESENCE_EXPIRY_S: Final = 60
EVENTS_PER_READ: Final = 200


class BadMessage(ValueError):
    """A payload that is not what its topic carries, or a topic that is none of ours; count it, log it, drop it."""


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One row of the table of topics. `{}` in the pattern stands for one level."""

    pattern: str
    carries: object  # the type that msgspec decodes
    writers: tuple[Role, ...]
    retained: bool
    what: str
    expiry_s: int | None = None
    own: bool = False  # the level is the node's own name, for everybody but the dispatcher
    readers: tuple[Role, ...] = tuple(Role)
    overseers: tuple[Role, ...] = ()  # read every node's, where it is the node's own
    postmen: tuple[Role, ...] = ()  # write every node's, where it is the node's own


CHANNELS: Final = (
    Channel(
        pattern="cmd/{}",
        carries=AnyCommand,
        writers=(Role.KIOSK, Role.DISPLAY, Role.COUNTER, Role.WEB, Role.SUPERVISOR, Role.REGISTRAR),
        readers=(Role.DISPATCHER, Role.WATCH),
        retained=False,
        own=True,
        what="commands of one node, repeated under the same id until answered",
    ),
    Channel(
        pattern="reply/{}",
        carries=AnyAnswer,
        writers=(Role.DISPATCHER,),
        retained=False,
        own=True,
        what="answers to one node, by command id",
    ),
    Channel(
        pattern="event/{}",
        carries=Recorded,
        writers=(Role.DISPATCHER,),
        retained=False,
        what="every journalled event, on the topic of its kind",
    ),
    Channel(
        pattern="view/hall",
        carries=HallView,
        writers=(Role.DISPATCHER,),
        retained=True,
        what="the hall in force today",
    ),
    Channel(
        pattern="view/queues",
        carries=QueuesView,
        writers=(Role.DISPATCHER,),
        retained=True,
        what="who waits, by service",
    ),
    Channel(
        pattern="view/board/{}",
        carries=BoardView,
        writers=(Role.DISPATCHER,),
        retained=True,
        what="the calls of one zone",
    ),
    Channel(
        pattern="view/counter/{}",
        carries=CounterView,
        writers=(Role.DISPATCHER,),
        retained=True,
        what="what one counter shows",
    ),
    Channel(
        pattern="node/{}",
        carries=Presence,
        writers=tuple(role for role in Role if role is not Role.WATCH),
        retained=True,
        expiry_s=PRESENCE_EXPIRY_S,
        own=True,
        overseers=(Role.SUPERVISOR, Role.REGISTRAR, Role.KEEPER, Role.WEB),
        what=f"presence and health of a node, every {PRESENCE_INTERVAL_S} s; its will says that it is gone",
    ),
    Channel(
        pattern="log/{}",
        carries=BoxLog,
        writers=(Role.KEEPER,),
        readers=(Role.DISPATCHER, Role.WATCH),
        retained=True,
        own=True,
        overseers=(Role.REGISTRAR, Role.SUPERVISOR),
        what="a box's newest warnings, by its keeper",
    ),
    Channel(
        pattern="release/{}",
        carries=Release,
        writers=(Role.REGISTRAR,),
        readers=(Role.KEEPER, Role.DISPATCHER, Role.WATCH),
        retained=True,
        own=True,
        postmen=(Role.REGISTRAR,),
        what="the release that a keeper's box may install; empty: none",
    ),
)
_DECODERS: Final = {channel.pattern: msgspec.json.Decoder(channel.carries) for channel in CHANNELS}
_PATTERNS: Final = [
    (re.compile("^" + re.escape(channel.pattern).replace(r"\{\}", "([^/+#]+)") + "$"), channel) for channel in CHANNELS
]
_ENCODER: Final = msgspec.json.Encoder()


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A message and where it stood: `level` is the node, kind, zone or counter in its topic."""

    channel: Channel
    level: str
    message: Message


def topic(hall: str, pattern: str, level: str | int = "") -> str:
    """Return the full topic, such as `topic("east", "cmd/{}", "kiosk-1")`; `+` makes a subscription."""
    return f"{ROOT}/{hall}/{pattern.format(level)}"


def channel(pattern: str) -> Channel:
    return next(row for row in CHANNELS if row.pattern == pattern)


def view_topic(hall: str, view: AnyView) -> str:
    match view:
        case HallView():
            return topic(hall, "view/hall")
        case QueuesView():
            return topic(hall, "view/queues")
        case BoardView(zone=zone):
            return topic(hall, "view/board/{}", zone)
        case CounterView(counter=counter):
            return topic(hall, "view/counter/{}", counter)


def event_topic(hall: str, recorded: Recorded) -> str:
    return topic(hall, "event/{}", type(recorded.event).__name__)


def encode(message: Message) -> bytes:
    return _ENCODER.encode(message)


def decode(hall: str, full_topic: str, payload: bytes) -> Heard:
    """Return what was said on a topic. Raises BadMessage, whose text is for the log."""
    prefix = f"{ROOT}/{hall}/"
    if not full_topic.startswith(prefix):
        raise BadMessage(f"{full_topic}: not a topic of hall {hall}")
    rest = full_topic[len(prefix) :]
    for pattern, row in _PATTERNS:
        match = pattern.match(rest)
        if match is None:
            continue
        try:
            message = _DECODERS[row.pattern].decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadMessage(f"{full_topic}: {error}; first bytes {payload[:80]!r}") from error
        return Heard(channel=row, level=match.group(1) if match.groups() else "", message=message)
    raise BadMessage(f"{full_topic}: no such topic in the contract")
