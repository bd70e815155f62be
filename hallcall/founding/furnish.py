"""Who runs where: a plan becomes the hall's file, its boxes, and each node's file. Pure.

On the dispatcher's box stand the dispatcher, the registrar and a supervisor's login for the command line; each box has
its keeper. Nodes are numbered over the hall, kind by kind, where the plan gives no ids.
"""

import ipaddress
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from broker import policy_pack
from broker.box_file import KEEPER
from broker.clock_trust import ClockRule
from broker.config import HallFile
from broker.contract.messages import Role
from broker.policy_pack import Pack
from hardware.sign_kinds import SignKind

from .plan import DISPATCHER_BOX, MAIN, BoxPlan, Plan, Table

ETC: Final = "/etc/hallcall"
STATE: Final = "/var/lib/hallcall/state"
TLS: Final = "/var/lib/hallcall/tls"  # for whoever is no unit, and so gets no credentials
HERE: Final = "127.0.0.1"
REGISTRAR: Final = "registrar"
DESK: Final = "desk-1"
PINS: Final = "pins.toml"
IDENTITY_KEY: Final = "identity.key"
TECHNICIAN_PIN: Final = "technician.pin"
USUAL_LAST: Final = 799  # of a service; the rest below 1000 is the kiosks' own, for outages
LEAST_OFFLINE: Final = 20  # numbers; fewer are no help
MOST_OFFLINE: Final = 100
USUAL_PRINTER: Final = "usblp:/dev/usb/lp0"
USUAL_LINES: Final[Mapping[str, object]] = {
    "pads": {"port": "serial:/dev/hallcall/pads?baud=19200"},
    "signs": [{"port": "serial:/dev/hallcall/signs?baud=57600"}],
    "keypads": "serial:/dev/hallcall/keypad{counter}?baud=9600",
}
_FIRST_SIGN: Final = 0x20  # a Candle sign's address is this and its window's number


@dataclass(frozen=True, kw_only=True)
class Node:
    """A node, and its file as tables."""

    id: str
    role: Role
    tables: Table
    secrets: tuple[str, ...] = ()  # files beside it: PINS, IDENTITY_KEY, TECHNICIAN_PIN
    planned_at: tuple[str | int, ...] = ()  # where the plan tells of it


@dataclass(frozen=True, kw_only=True)
class Box:
    """A machine, with what stands in its box.toml beside what is drawn for it."""

    box: str
    address: str = ""
    gateway: str = ""
    spare: bool = False
    nodes: tuple[Node, ...] = ()

    @property
    def is_dispatcher(self) -> bool:
        return any(node.role is Role.DISPATCHER for node in self.nodes)


@dataclass(frozen=True, kw_only=True)
class Furnished:
    """The hall's file as tables, and its boxes, the dispatcher's first."""

    hall: Table
    boxes: tuple[Box, ...]


def furnished(plan: Plan, *, codes: Mapping[int, str]) -> Furnished:
    """Return what a plan comes to; `codes` are those of rating tablets, by window."""
    wanted = list(plan.hall.boxes)
    if all(box.box != DISPATCHER_BOX for box in wanted):
        wanted.insert(0, BoxPlan(box=DISPATCHER_BOX))
    wanted.sort(key=lambda box: box.box != DISPATCHER_BOX)
    furnisher = _Furnisher(plan, codes)
    addresses = _addresses(plan, wanted)
    boxes = [
        Box(
            box=box.box,
            address=address,
            gateway=plan.hall.gateway if address else "",
            spare=box.spare,
            nodes=() if box.spare else tuple(furnisher.nodes(box)),
        )
        for box, address in zip(wanted, addresses, strict=True)
    ]
    return Furnished(hall=_hall_tables(plan, boxes), boxes=tuple(boxes))


def _addresses(plan: Plan, boxes: Sequence[BoxPlan]) -> list[str]:
    """Return each box's address: its own, the next free one after the dispatcher's, or none."""
    hall = plan.hall
    if "/" not in hall.dispatcher:
        return [box.address for box in boxes]
    first = ipaddress.ip_interface(hall.dispatcher)
    taken = {ipaddress.ip_interface(box.address).ip for box in boxes if box.address}
    if hall.gateway:
        taken.add(ipaddress.ip_address(hall.gateway))
    free = (each for each in first.network.hosts() if int(each) > int(first.ip) and each not in taken)
    found = []
    for box in boxes:
        if box.box == DISPATCHER_BOX:
            found.append(box.address or hall.dispatcher)
        elif hall.count_addresses and not box.address and (own := next(free, None)) is not None:
            found.append(f"{own}/{first.network.prefixlen}")
        else:
            found.append(box.address)
    return found


# The hall's file ------------------------------------------------------------------------------------------------------


def _hall_tables(plan: Plan, boxes: Sequence[Box]) -> Table:
    known = set(HallFile.__struct_fields__)
    tables = {key: value for key, value in plan.tables.items() if key in known}
    services = tables.get("services")
    if isinstance(services, list):
        tables["services"] = [
            each if "last" in each or "first" in each else {**each, "last": USUAL_LAST} for each in services
        ]
    offline = _offline(tables["services"], sum(1 for box in boxes for node in box.nodes if node.role is Role.KIOSK))
    listed = list(_list(plan.tables.get("nodes")))
    for node in (node for box in boxes for node in box.nodes if node.role is not Role.DISPATCHER):
        entry: Table = {"id": node.id, "role": node.role.value}
        if node.role is Role.COUNTER:
            entry["counters"] = [_table(each).get("counter") for each in _list(node.tables["windows"])]
        if node.role is Role.KIOSK and (numbers := next(offline, None)) is not None:
            entry["offline"] = numbers
        listed.append(entry)
    tables["nodes"] = listed
    return tables


def _offline(services: object, kiosks: int) -> Iterator[Table]:
    """Yield each kiosk's own numbers for outages: those left of three figures, or of four where they are too few."""
    last = max((each.get("last", 999) for each in _list(services) if isinstance(each, dict)), default=0)
    for highest in (999, 9999):
        each = min(MOST_OFFLINE, (highest - last) // max(kiosks, 1))
        if each >= LEAST_OFFLINE:
            for number in range(kiosks):
                first = last + 1 + number * each
                yield {"first": first, "last": first + each - 1}
            return


# Nodes' files ---------------------------------------------------------------------------------------------------------


class _Furnisher:
    """Makes nodes' files and numbers those that have no ids."""

    def __init__(self, plan: Plan, codes: Mapping[int, str]) -> None:
        self._plan = plan
        self._codes = codes
        self._places = {box.box: index for index, box in enumerate(plan.hall.boxes)}
        self._taken = {
            str(about["node"])
            for box in plan.hall.boxes
            for about in (box.kiosk, box.board, box.voice, box.counters, box.web)
            if about is not None and "node" in about
        } | {node.id for node in plan.hall.nodes}
        zones = plan.tables["zones"]
        self._zone = zones[0]["id"] if isinstance(zones, list) else MAIN["id"]
        counters = plan.tables.get("counters")
        self._windows = [each["number"] for each in counters] if isinstance(counters, list) else []

    def nodes(self, box: BoxPlan) -> Iterator[Node]:
        if box.box == DISPATCHER_BOX:
            yield from self._core()
        if box.kiosk is not None:
            identity = (IDENTITY_KEY,) if self._plan.hall.identity is not None else ()
            yield self._node(box, "kiosk", Role.KIOSK, box.kiosk, _kiosk, secrets=(*identity, TECHNICIAN_PIN))
        if box.board is not None:
            yield self._node(box, "board", Role.DISPLAY, box.board, self._board, secrets=(TECHNICIAN_PIN,))
        if box.voice is not None:
            yield self._node(box, "voice", Role.DISPLAY, box.voice, self._voice)
        if box.counters is not None:
            yield self._node(box, "counters", Role.COUNTER, box.counters, self._counters, prefix="box")
        if box.web is not None:
            console = (PINS,) if box.web.get("console", True) is not False else ()
            yield self._node(box, "web", Role.WEB, box.web, self._web, secrets=console)
        keeper = f"{KEEPER}{box.box}"
        # every box: the dispatcher's and those without a screen of the hall have a console behind this PIN
        yield self._made(keeper, Role.KEEPER, {"box": box.box}, on=box.box, secrets=(TECHNICIAN_PIN,))

    def _core(self) -> Iterator[Node]:
        own: Table = {
            "hall_file": f"{ETC}/hall.toml",
            "clock": ClockRule.TRUSTED.value,
            "also_read_by": "/var/lib/hallcall/update/readers.json",
        }
        yield self._made(DISPATCHER_BOX, Role.DISPATCHER, own, on=DISPATCHER_BOX)
        card: Table = {"card": ETC}  # by a key of its own a file shows whose it is
        yield self._made(REGISTRAR, Role.REGISTRAR, card, on=DISPATCHER_BOX)
        certificate = {"authority": f"{TLS}/root.crt", "certificate": f"{TLS}/{DESK}.crt", "key": f"{TLS}/{DESK}.key"}
        yield self._made(DESK, Role.SUPERVISOR, {"broker": {"host": HERE, **certificate}}, on=DISPATCHER_BOX)

    def _made(
        self,
        node: str,
        role: Role,
        about: Table,
        *,
        on: str,
        secrets: tuple[str, ...] = (),
        planned_at: tuple[str | int, ...] = (),
    ) -> Node:
        host = HERE if on == DISPATCHER_BOX else self._plan.hall.dispatcher_host
        tables: Table = {
            "node": node,
            "hall": self._plan.hall.id,
            "state_dir": f"{STATE}/{node}",
            "broker": {"host": host, "authority": "root.crt", "certificate": "node.crt", "key": "node.key"},
        }
        return Node(id=node, role=role, tables=tables | about, secrets=secrets, planned_at=planned_at)

    def _node(
        self,
        box: BoxPlan,
        kind: str,
        role: Role,
        about: Table,
        complete: Callable[[Table], Table],
        *,
        prefix: str = "",
        secrets: tuple[str, ...] = (),
    ) -> Node:
        own = {key: value for key, value in about.items() if key != "node"}
        node = str(about["node"]) if "node" in about else self._free(prefix or kind)
        at = ("boxes", self._places[box.box], kind)
        tables = complete(own)
        if IDENTITY_KEY in secrets:
            tables.setdefault("identity_key_file", f"{ETC}/nodes/{IDENTITY_KEY}")
        if TECHNICIAN_PIN in secrets:
            tables.setdefault("technician", {"pin_file": f"{ETC}/nodes/{TECHNICIAN_PIN}"})
        return self._made(node, role, tables, on=box.box, secrets=secrets, planned_at=at)

    def _free(self, kind: str) -> str:
        number = 1
        while f"{kind}-{number}" in self._taken:
            number += 1
        self._taken.add(f"{kind}-{number}")
        return f"{kind}-{number}"

    def _board(self, about: Table) -> Table:
        longest = max(map(_characters, _list(self._plan.tables["services"])), default=4)
        usual: Table = {"zone": self._zone, "fullscreen": True}
        if longest > 4:  # noqa: PLR2004 - what boards count on
            usual["characters"] = longest
        return {**about, "screen": usual | _table(about.get("screen"))}

    def _voice(self, about: Table) -> Table:
        return {**about, "voice": {"zone": self._zone, **_table(about.get("voice"))}}

    def _counters(self, about: Table) -> Table:
        if not any(key in about for key in ("pads", "signs", "keypads", "windows")):
            fit = keypads_fit(self._plan.hall.pack) or "rating" in self._plan.tables
            about = about | {key: line for key, line in USUAL_LINES.items() if fit or key != "keypads"}
        numbers, keypads = about.get("numbers", self._windows), str(about.get("keypads", ""))
        tables = {key: value for key, value in about.items() if key not in ("numbers", "keypads")}
        if "windows" not in tables:
            tables["windows"] = [_window(number, tables, keypads) for number in _list(numbers)]
        return tables

    def _web(self, about: Table) -> Table:
        tables = dict(about)
        console = tables.pop("console", True)
        if console is not False:
            tables["console"] = {"pins": f"{ETC}/nodes/{PINS}", **_table(console)}
        if tablets := [n for n in _list(tables.pop("tablets", [])) if isinstance(n, int)]:
            tables["tablets"] = [{"counter": number, "code": self._codes[number]} for number in tablets]
        return tables


def keypads_fit(pack: Pack | None) -> bool:
    """Tell whether a trade's customers rate by the four keys that usual keypads have."""
    return pack is None or "rating" not in policy_pack.tables(pack)


def _kiosk(about: Table) -> Table:
    return {
        **about,
        "screen": {"fullscreen": True, **_table(about.get("screen"))},
        "printer": {"port": USUAL_PRINTER, **_table(about.get("printer"))},
    }


def _window(number: object, tables: Table, keypads: str) -> Table:
    window: Table = {"counter": number}
    if "pads" in tables:
        window["pad"] = number
    lines = _list(tables.get("signs"))
    if lines and isinstance(number, int):
        kind = _table(lines[0]).get("driver", SignKind.CANDLE.value)
        window["sign"] = _FIRST_SIGN + number if kind == SignKind.CANDLE.value else number
        if len(lines) > 1:
            window["sign_line"] = _table(lines[0]).get("name", "signs")
    if keypads:
        window["keypad"] = {"port": keypads.replace("{counter}", str(number))}
    return window


def _characters(service: object) -> int:
    """Return how long a service's longest number is, those of kiosks in an outage too."""
    about = _table(service)
    letters = max(len(str(about.get(key, ""))) for key in ("prefix", "extra_prefix"))
    last = about.get("last", USUAL_LAST)
    return letters + (4 if isinstance(last, int) and last + LEAST_OFFLINE > 999 else 3)  # noqa: PLR2004


def _table(value: object) -> Table:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
