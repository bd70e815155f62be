"""A plan: what a hall is to be, as a file that a technician writes, or that the questions of `hall init` write.

All keys of hall.toml, and which boxes there are with which devices. Strict, as all files of a hall.
"""

import ipaddress
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta, Struct

from broker.checks.agreement import unique
from broker.config import HallFile
from broker.contract.messages import BoxId, Counter, CounterNumber, Id, Node, Service, Zone
from broker.policy_pack import Pack
from broker.strict_toml import BrokenConfig, Finding, Reading, TomlFile
from broker.toml_lines import Place

DISPATCHER_BOX: Final = "dispatcher"
USUAL_DISPATCHER: Final = "192.168.8.10/24"
MAIN: Final = {"id": "main", "name": {"zh": "大厅", "en": "Main hall"}}
MADE_HERE: Final = ("hall", "state_dir", "broker")  # keys of a node's file that are the hall's to say
ROLES: Final = ("kiosk", "board", "voice", "counters", "web")
Table = dict[str, object]
_HOST: Final = re.compile(
    r"^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$"
)


class BoxPlan(Struct, frozen=True, kw_only=True):
    """A machine, and what runs on it: each table is that node's file, without its hall, state_dir and broker.

    An empty table takes what is usual: a USB printer, a screen of 55 inches, the windows of the whole hall. A node is
    named kiosk-1, board-1, voice-1, box-1, web-1 where its table gives no `node`.
    """

    box: Annotated[BoxId, Meta(description="its name; the dispatcher's is dispatcher, and may be left out")]
    address: Annotated[str, Meta(description="such as 192.168.8.21/24; left out: by DHCP")] = ""
    spare: Annotated[bool, Meta(description="for the cupboard")] = False
    kiosk: Annotated[Table | None, Meta(description="a kiosk's file")] = None
    board: Annotated[Table | None, Meta(description="a display's file with [screen]")] = None
    voice: Annotated[Table | None, Meta(description="a display's file with [voice]")] = None
    counters: Annotated[
        Table | None,
        Meta(
            description="a counter box's file; instead of `windows`: `numbers` (left out: all of the hall's), of which"
            " pads and signs have the address, and `keypads`, a port with {counter}"
        ),
    ] = None
    web: Annotated[
        Table | None,
        Meta(
            description="the web server's file; `console = false`: no console; `tablets`: a list of windows. PINs and"
            " codes are made"
        ),
    ] = None


class HallPlan(HallFile, frozen=True, kw_only=True):
    """The hall: all keys of hall.toml, and below them where it stands and on which machines."""

    zones: Annotated[tuple[Zone, ...], Meta(description="left out: one, main")] = ()
    services: Annotated[tuple[Service, ...], Meta(description="left out: those usual in the pack's trade")] = ()
    counters: Annotated[tuple[Counter, ...], Meta(description="left out: as many as `windows`")] = ()
    nodes: Annotated[tuple[Node, ...], Meta(description="further logins, such as a supervisor's")] = ()
    windows: Annotated[
        Annotated[int, Meta(ge=1, le=95)] | None, Meta(description="instead of `counters`: each takes every service")
    ] = None
    low_windows: Annotated[
        tuple[CounterNumber, ...], Meta(description="of these, windows with a low counter, for wheelchairs")
    ] = ()
    supervisor: Annotated[Id, Meta(description="number by which the first supervisor signs in at the console")] = "9001"
    dispatcher: Annotated[
        str, Meta(min_length=1, description="address of the dispatcher's box; with /24 its network, when it is fixed")
    ] = USUAL_DISPATCHER
    gateway: Annotated[str, Meta(description="the network's router, if there is one")] = ""
    count_addresses: Annotated[
        bool, Meta(description="boxes without an address get those after the dispatcher's; false: by DHCP")
    ] = False
    boxes: Annotated[tuple[BoxPlan, ...], Meta(min_length=1)]

    @property
    def dispatcher_host(self) -> str:
        """Return the dispatcher's address, as the other boxes write it."""
        return self.dispatcher.partition("/")[0]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A plan as read, and its tables as they were written, with what a trade adds."""

    hall: HallPlan
    tables: Mapping[str, object]
    file: TomlFile


def read_plan(path: Path) -> Plan:
    """Read a plan. Raises BrokenConfig, whose text is every error of the file."""
    return checked(TomlFile(path))


def checked(file: TomlFile) -> Plan:
    """Return the plan in a file. Raises BrokenConfig."""
    reading = Reading()
    hall = reading.structure(file.tables, HallPlan)
    findings = [*reading.findings, *_findings(file)]
    if hall is None or findings:
        raise BrokenConfig("\n".join(file.worded(findings)))
    return Plan(hall=hall, tables=with_its_trade(hall, file.tables), file=file)


def trade_services(pack: Pack) -> list[dict[str, object]]:
    """Return what halls of a trade usually offer, as tables of hall.toml."""
    text = (resources.files(__package__) / "trades" / f"{pack.value}.toml").read_text(encoding="utf-8")
    services: list[dict[str, object]] = tomllib.loads(text)["services"]
    return services


def with_its_trade(hall: HallPlan, tables: Mapping[str, object]) -> dict[str, object]:
    """Return a plan's tables with the zone, services and counters that it leaves to its trade."""
    whole = dict(tables)
    whole.setdefault("zones", [MAIN])
    zone = hall.zones[0].id if hall.zones else MAIN["id"]
    if not hall.services and hall.pack is not None:
        whole["services"] = [{**each, "zone": zone} for each in trade_services(hall.pack)]
    if hall.windows is not None:
        whole["counters"] = [_window(number, zone, whole["services"], hall) for number in range(1, hall.windows + 1)]
    return whole


def _window(number: int, zone: object, services: object, hall: HallPlan) -> dict[str, object]:
    skills = [each["id"] for each in services if isinstance(each, dict)] if isinstance(services, list) else []
    low: dict[str, object] = {"meets": ["low-counter"]} if number in hall.low_windows else {}
    return {"number": number, "zone": zone, "skills": skills, **low}


# What must agree ------------------------------------------------------------------------------------------------------


def _findings(file: TomlFile) -> Iterator[Finding]:
    tables = file.tables
    if "services" not in tables and "pack" not in tables:
        yield Finding(place=("services",), text="neither services nor pack; give one of them")
    if ("windows" in tables) == ("counters" in tables):
        text = "give either windows (how many) or [[counters]], one of the two"
        yield Finding(place=("windows",) if "windows" in tables else ("counters",), text=text)
    windows, low = tables.get("windows"), tables.get("low_windows")
    if isinstance(low, list) and not (isinstance(windows, int) and all(n in range(1, windows + 1) for n in low)):
        text = "not all of them are among the windows; give numbers from 1 to `windows`, or `meets` in [[counters]]"
        yield Finding(place=("low_windows",), text=text)
    yield from unique(file, "boxes[].box")
    yield from _unique_nodes(file)
    yield from _network(file)
    for place, box in file.select("boxes[]"):
        if isinstance(box, dict):
            yield from _box(box, place)


def _unique_nodes(file: TomlFile) -> Iterator[Finding]:
    seen: set[object] = {DISPATCHER_BOX, "registrar"}
    patterns = ("nodes[].id", *(f"boxes[].{role}.node" for role in ROLES))
    for place, node in (found for pattern in patterns for found in file.select(pattern)):
        if node in seen:
            yield Finding(place=place, text=f'"{node}" is taken; give another')
        seen.add(node)


def _network(file: TomlFile) -> Iterator[Finding]:
    dispatcher = file.tables.get("dispatcher", USUAL_DISPATCHER)
    if not isinstance(dispatcher, str) or not dispatcher:
        return
    if wrong := wrong_dispatcher(dispatcher):
        yield Finding(place=("dispatcher",), text=wrong)
    elif "/" not in dispatcher:
        for key in ("count_addresses", "gateway"):
            if file.tables.get(key):
                text = "needs the dispatcher's address with its network, such as 192.168.8.10/24, or by DHCP none"
                yield Finding(place=(key,), text=text)


def wrong_dispatcher(text: str) -> str:
    """Return why boxes could not reach the dispatcher by this; empty when they can."""
    said = "is neither an address such as 192.168.8.10/24 (fixed) or 192.168.8.10 (by DHCP), nor a name"
    if "/" in text or re.fullmatch(r"[\d.]+", text):
        try:
            own = ipaddress.ip_interface(text)
        except ValueError:
            return f'"{text}" {said}'
        if "/" in text and own.network.prefixlen < 31 and own.ip in (own.network[0], own.network[-1]):  # noqa: PLR2004
            return f"{own.ip} is no box's in {own.network}; give one between {own.network[1]} and {own.network[-2]}"
        return "" if "/" in text or not own.ip.is_unspecified else f'"{text}" {said}'
    return "" if _HOST.match(text) or _is_address(text) else f'"{text}" {said}'


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _box(box: Table, place: Place) -> Iterator[Finding]:
    runs = [role for role in ROLES if role in box]
    if box.get("spare") is True and runs:
        text = "a spare runs nothing until it takes a place; remove it, or spare = true"
        yield Finding(place=(*place, runs[0]), text=text)
    if box.get("spare") is not True and not runs and box.get("box") != DISPATCHER_BOX:
        text = f"nothing runs on it; give one of {', '.join(ROLES)}, or spare = true"
        yield Finding(place=place, text=text)
    for role in runs:
        about = box[role]
        if isinstance(about, dict):
            yield from _node(role, about, (*place, role))


def _node(role: str, about: Table, place: Place) -> Iterator[Finding]:
    for key in MADE_HERE:
        if key in about:
            yield Finding(place=(*place, key), text="it is made here; remove it")
    other = {"board": "voice", "voice": "screen"}.get(role)
    if other in about:
        text = f"a {role} has none; give it as {'voice' if role == 'board' else 'board'}"
        yield Finding(place=(*place, str(other)), text=text)
    if role == "counters" and "numbers" in about and "windows" in about:
        yield Finding(place=(*place, "numbers"), text="give either numbers or [[windows]], one of the two")
