"""What a key asks of the hall, as the counter stands. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from broker.contract.messages import (
    CallNext,
    CloseCounter,
    CounterState,
    CounterView,
    FinishService,
    HoldVisit,
    MarkNoShow,
    OpenCounter,
    PauseCounter,
    Recall,
    SignIn,
    StartService,
    TransferVisit,
    Undo,
)
from broker.pad_keys import Meaning, PadKeys
from hardware.devices import PadKey

ClerkCommand = (
    CallNext
    | Recall
    | StartService
    | FinishService
    | MarkNoShow
    | HoldVisit
    | TransferVisit
    | PauseCounter
    | OpenCounter
    | CloseCounter
    | SignIn
    | Undo
)
IDLE, CALLED, SERVING = CounterState.IDLE, CounterState.CALLED, CounterState.SERVING
PAUSED, CLOSED = CounterState.PAUSED, CounterState.CLOSED
AT_COUNTER: Final = frozenset({CALLED, SERVING})
COMMANDS: Final[dict[Meaning, dict[CounterState, type[ClerkCommand]]]] = {  # every other press is refused
    Meaning.NEXT: dict.fromkeys((IDLE, PAUSED, CLOSED), CallNext),  # with somebody there: `leaving.py`
    Meaning.CALL: {**dict.fromkeys((IDLE, PAUSED, CLOSED), CallNext), CALLED: Recall},  # work goes on with it
    Meaning.RECALL: {CALLED: Recall},
    Meaning.START: {CALLED: StartService, PAUSED: OpenCounter, CLOSED: OpenCounter},
    Meaning.FINISH: dict.fromkeys(AT_COUNTER, FinishService),
    Meaning.END: {CALLED: MarkNoShow, SERVING: FinishService},
    Meaning.NO_SHOW: {CALLED: MarkNoShow},
    Meaning.HOLD: dict.fromkeys(AT_COUNTER, HoldVisit),
    Meaning.TRANSFER: dict.fromkeys(AT_COUNTER, TransferVisit),
    Meaning.PAUSE: {IDLE: PauseCounter, PAUSED: OpenCounter},
    Meaning.CLOSE: {IDLE: CloseCounter, PAUSED: CloseCounter, CLOSED: OpenCounter},
    Meaning.UNDO: dict.fromkeys(CounterState, Undo),
    Meaning.NOTHING: {},
}
USUAL: Final = {
    PadKey.CALL: Meaning.CALL,
    PadKey.START: Meaning.START,
    PadKey.FINISH: Meaning.END,
    PadKey.RECALL: Meaning.RECALL,
    PadKey.NO_SHOW: Meaning.NO_SHOW,
    PadKey.HOLD: Meaning.HOLD,
    PadKey.TRANSFER: Meaning.TRANSFER,
    PadKey.PAUSE: Meaning.PAUSE,
    PadKey.UNDO: Meaning.UNDO,
}
OF_TWO: Final = {
    **USUAL,
    PadKey.CALL: Meaning.NEXT,
    PadKey.FINISH: Meaning.FINISH,
    PadKey.FINISH_LONG: Meaning.RECALL,
}
SHORT: Final = {
    PadKey.CALL_LONG: PadKey.CALL,
    PadKey.START_LONG: PadKey.START,
    PadKey.REDIRECT_LONG: PadKey.REDIRECT,
    PadKey.FINISH_LONG: PadKey.FINISH,
}
Field = str | int | bool | None
NO_FIELDS: Final[Mapping[str, Field]] = {}


@dataclass(frozen=True, kw_only=True)
class Order:
    """A command to send, with the fields that are its own, as JSON has them; its answer goes to `Window.answered`."""

    kind: type[ClerkCommand]
    seen: str | None
    fields: Mapping[str, Field] = field(default_factory=dict)


def meaning(keys: PadKeys, key: PadKey) -> Meaning:
    """Return what a key means; a long press without a meaning of its own is a short one."""
    stated: Meaning | None = getattr(keys, key.value.replace("-", "_"), None)
    usual = (OF_TWO if keys.two_keys else USUAL).get(key)
    if stated is None and usual is None and key in SHORT:
        return meaning(keys, SHORT[key])
    return stated or usual or Meaning.NOTHING


def order(keys: PadKeys, what: Meaning, view: CounterView) -> Order | None:
    """Return what a meaning asks for, None where it makes no sense."""
    kind = COMMANDS[what].get(view.state)
    if kind is None:
        return None
    return Order(kind=kind, seen=view.call, fields=_fields(keys, kind))


def _fields(keys: PadKeys, kind: type[ClerkCommand]) -> Mapping[str, Field]:
    if kind is HoldVisit:
        return {"hold": keys.hold_as.value}
    if kind is TransferVisit:
        return {"service": keys.transfer_service, "to_counter": keys.transfer_counter}
    if kind is PauseCounter:
        return {"reason": keys.pause_reason}
    return NO_FIELDS
