"""What the keys of call pads mean, as a counter box's file says it."""

from enum import Enum
from typing import Annotated

from msgspec import Meta, Struct

from .contract.messages import CounterNumber, Hold, Id


class Meaning(Enum):
    """What a key asks for; where it makes no sense just now, it is refused."""

    NEXT = "next"  # the next customer; whoever is at the counter is finished first
    CALL = "call"  # the next customer; while one is called: the same call again
    RECALL = "recall"
    START = "start"  # of a service; of a counter's work
    FINISH = "finish"  # and rate; its start is inferred where nobody pressed *start*
    END = "end"  # finish; while the customer is only called: no-show
    NO_SHOW = "no-show"
    HOLD = "hold"
    TRANSFER = "transfer"
    PAUSE = "pause"  # and go on with the work
    CLOSE = "close"
    UNDO = "undo"
    NOTHING = "nothing"


def _key(what: str) -> Meta:
    return Meta(description=f"{what}; left out: as for its kind of pad")


class PadKeys(Struct, frozen=True, kw_only=True):
    """What the keys of a pad mean: next, call, recall, start, finish, end, no-show, hold, transfer, pause, close, undo.

    Without `two_keys`: `call` is *call*, `finish` is *end*, every further key what it says, and `redirect` nothing.
    With it: `call` is *next*, `finish` is *finish*, and held down *recall*. A long press that means nothing of its own
    is a short one. *next* with a customer at the counter finishes the visit, gives the customer `rate_first_s` to rate,
    and then calls; pressed twice within `double_next_s`, before anybody was started, it says that nobody came.
    """

    two_keys: Annotated[bool, Meta(description="a pad with nothing but *next* and *finish and rate*")] = False
    call: Annotated[Meaning | None, _key("the key `call`")] = None
    start: Annotated[Meaning | None, _key("the key `start`")] = None
    redirect: Annotated[Meaning | None, _key("the key `redirect`")] = None
    finish: Annotated[Meaning | None, _key("the key `finish`")] = None
    recall: Annotated[Meaning | None, _key("the key `recall`")] = None
    no_show: Annotated[Meaning | None, _key("the key `no-show`")] = None
    hold: Annotated[Meaning | None, _key("the key `hold`")] = None
    transfer: Annotated[Meaning | None, _key("the key `transfer`")] = None
    pause: Annotated[Meaning | None, _key("the key `pause`")] = None
    undo: Annotated[Meaning | None, _key("the key `undo`")] = None
    call_long: Annotated[Meaning | None, _key("the key `call`, held down")] = None
    start_long: Annotated[Meaning | None, _key("the key `start`, held down")] = None
    redirect_long: Annotated[Meaning | None, _key("the key `redirect`, held down")] = None
    finish_long: Annotated[Meaning | None, _key("the key `finish`, held down")] = None
    hold_as: Annotated[Hold, Meta(description="what *hold* means here")] = Hold.DOCUMENTS_AWAY
    transfer_service: Annotated[Id | None, Meta(description="where *transfer* sends; left out: the same service")] = (
        None
    )
    transfer_counter: Annotated[CounterNumber | None, Meta(description="where *transfer* sends; left out: any")] = None
    pause_reason: Annotated[str, Meta(min_length=1, max_length=80, description="id of the reason of *pause*")] = "break"
    double_next_s: Annotated[
        float, Meta(ge=0, le=5, description="two *next* within this mean a no-show; 0: never, and nothing is awaited")
    ] = 2.0
    rate_first_s: Annotated[
        float, Meta(ge=0, le=60, description="time to rate before *next* calls, where there is a keypad")
    ] = 8.0
