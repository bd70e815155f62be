"""What is to be found in what the whole hall tells. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from .ailments import Found, found
from .bus import Letter
from .contract import wire
from .contract.messages import (
    BoxFinding,
    BoxLog,
    BoxWarning,
    DeviceState,
    HallView,
    Language,
    Medium,
    Presence,
    QueuesView,
    Role,
)
from .contract.texts import texts

DISPATCHER: Final = Role.DISPATCHER.value
SLOW_MS: Final = {  # a call that comes later than this is felt; one sentence waits for another to end
    Medium.SIGN: 1000,
    Medium.ROW: 1000,
    Medium.SOUND: 20_000,
}
A_DAY: Final = timedelta(days=1)
SHOWN: Final = 12  # of the last day's warnings, the weightiest
NOT_ALWAYS: Final = frozenset({Role.SUPERVISOR, Role.WATCH})  # who is there only when somebody looks
_DEVICE: Final = {
    DeviceState.OK: "device_ok",
    DeviceState.WARNING: "device_warning",
    DeviceState.FAULT: "device_fault",
    DeviceState.UNKNOWN: "device_unknown",
}
_WELL: Final = (DeviceState.OK, DeviceState.UNKNOWN)


@dataclass(kw_only=True)
class Hearing:
    """The hall as it was heard."""

    hall: HallView | None = None
    queues: QueuesView | None = None
    nodes: dict[str, Presence] = field(default_factory=dict)
    logs: dict[str, BoxLog] = field(default_factory=dict)
    bad_messages: int = 0

    def hear(self, hall: str, letter: Letter) -> None:
        if not letter.payload:
            return
        try:
            heard = wire.decode(hall, letter.topic, letter.payload)
        except wire.BadMessage:
            self.bad_messages += 1
            return
        match heard.message:
            case HallView() as view:
                self.hall = view
            case QueuesView() as queues:
                self.queues = queues
            case Presence() as presence:
                self.nodes[heard.level] = presence
            case BoxLog() as log:
                self.logs[heard.level] = log
            case _:
                pass


def whole_hall(heard: Hearing, language: Language, *, now: datetime, own: str = "") -> Iterator[Found]:
    """Yield what is the matter with a hall whose broker was reached, and what is well; `own` is who asks."""
    dispatcher = heard.nodes.get(DISPATCHER)
    if dispatcher is None or not dispatcher.up:
        yield Found("", found("dispatcher_gone"))
    else:
        yield Found("", found("dispatcher_ok", version=dispatcher.program or "?"))
        yield from (Found(DISPATCHER, each) for each in _devices(dispatcher))
    yield Found("", _queues(heard))
    yield from _calls(heard, language)
    yield from _nodes(heard, language, own)
    yield from _versions(heard)
    yield from _boxes(heard)
    yield from _warnings(heard, now)


def _queues(heard: Hearing) -> BoxFinding:
    if heard.queues is None:
        return found("queue_closed")
    rows = heard.queues.queues
    waits = [each.wait_high_min for each in rows if each.wait_high_min is not None]
    return found("queue_ok", waiting=sum(each.waiting for each in rows), minutes=max(waits, default=0))


def _calls(heard: Hearing, language: Language) -> Iterator[Found]:
    told = [(node, each) for node in heard.nodes.values() if node.up for each in node.reached]
    if not any(each.calls or each.parted for _, each in told):
        yield Found("", found("calls_none"))
        return
    media: Mapping[Medium, str] = {each: texts(language)["doctor"][f"medium_{each.value}"] for each in Medium}
    for node, each in told:
        about: dict[str, str | float] = {
            "zone": each.zone, "medium": media[each.medium], "p99_ms": each.p99_ms, "calls": each.calls,
        }  # fmt: skip
        if each.parted:
            yield Found(node.node, found("calls_parted", node=node.node, problem=each.parted, **about))
        elif each.p99_ms > SLOW_MS[each.medium]:
            yield Found(node.node, found("calls_slow", node=node.node, **about))
        elif each.calls:
            yield Found("", found("calls_ok", **about))


def _nodes(heard: Hearing, language: Language, own: str) -> Iterator[Found]:
    """Yield each node that is not well, and how many are."""
    roles = texts(language)["doctor"]
    listed = _listed(heard.hall)
    well = 0
    for node, role in listed.items():
        presence = heard.nodes.get(node)
        about = {"node": node, "role": roles.get(f"role_{role.value}", role.value)}
        if presence is None or not presence.up:
            if role not in NOT_ALWAYS:
                yield Found(node, found("node_missing" if presence is None else "node_gone", **about))
            continue
        wrong = [each for each in _devices(presence) if each.state not in _WELL]
        if presence.bad_messages:
            wrong.append(found("node_bad_messages", node=node, count=presence.bad_messages))
        well += not wrong
        yield from (Found(node, each) for each in wrong)
    for node, presence in heard.nodes.items():
        if presence.up and node not in listed and node not in {DISPATCHER, own} and heard.hall is not None:
            role_name = roles.get(f"role_{presence.role.value}", presence.role.value)
            yield Found(node, found("node_stranger", node=node, role=role_name))
    if well:
        yield Found("", found("nodes_ok", count=well))


def _listed(hall: HallView | None) -> dict[str, Role]:
    return {each.id: each.role for each in hall.hall.nodes} if hall is not None else {}


def _devices(presence: Presence) -> Iterator[BoxFinding]:
    """Yield a program's devices that are not well; a keeper tells of its box elsewhere."""
    if presence.box is not None:
        return
    for device in presence.devices:
        if device.state not in _WELL:
            yield found(_DEVICE[device.state], node=presence.node, device=device.name, detail=device.detail)


def _versions(heard: Hearing) -> Iterator[Found]:
    """Compare each program's version with the dispatcher's, or with the most common one."""
    told = {node: each.program for node, each in heard.nodes.items() if each.up and each.program}
    if not told:
        return
    versions = sorted(told.values(), key=list(told.values()).count)
    usual = told.get(DISPATCHER) or versions[-1]
    others = {node: version for node, version in told.items() if version != usual}
    for node, version in others.items():
        yield Found(node, found("version_differs", node=node, version=version, dispatcher=usual))
    if not others:
        yield Found("", found("version_ok", version=usual))


def _boxes(heard: Hearing) -> Iterator[Found]:
    told = [each.box for each in heard.nodes.values() if each.up and each.box is not None]
    for box in told:
        wrong = [each for each in box.findings if each.state not in _WELL]
        yield from (Found(box.box, each) for each in wrong or [found("keeper_ok", box=box.box)])
    if not told:
        yield Found("", found("keeper_missing"))


def _warnings(heard: Hearing, now: datetime) -> Iterator[Found]:
    """Yield the last day's warnings that weigh most: the worst priority first, then the most frequent."""
    told = [(log.box, each) for log in heard.logs.values() for each in log.warnings if now - each.last < A_DAY]
    if not told:
        yield Found("", found("log_ok"))
    for box, each in sorted(told, key=lambda one: (one[1].priority, -one[1].count))[:SHOWN]:
        yield Found(box, as_finding(box, each))
    if len(told) > SHOWN:
        yield Found("", found("log_more", count=len(told) - SHOWN))


def as_finding(box: str, warning: BoxWarning) -> BoxFinding:
    last = warning.last.astimezone().strftime("%m-%d %H:%M")
    about: dict[str, str | float] = {
        "box": box,
        "unit": warning.unit,
        "count": warning.count,
        "last": last,
        "text": warning.text,
    }
    return found("log_warnings", **about)
