"""What is asked of a technician, in which order, and the plan that the answers come to."""

from collections.abc import Mapping
from typing import Final

from broker import legibility, panel
from broker.contract.messages import IdentityKind, Language
from broker.policy_pack import Pack
from hardware.sign_kinds import SignKind

from . import answers
from .furnish import USUAL_PRINTER, keypads_fit
from .interview import Interview, Wrong
from .plan import DISPATCHER_BOX, USUAL_DISPATCHER, Table, trade_services

MOST_BOXES: Final = 20
PRINTERS: Final = {
    "usb": USUAL_PRINTER,
    "network": "tcp:192.168.8.50:9100",
    "serial": "serial:/dev/hallcall/printer?baud=115200",
}
PADS: Final = "serial:/dev/hallcall/pads?baud=19200"
KEYPADS: Final = "serial:/dev/hallcall/keypad{counter}?baud=9600"
SIGNS: Final = {
    SignKind.CANDLE: "serial:/dev/hallcall/signs?baud=57600",
    SignKind.MODBUS: "serial:/dev/hallcall/signs?baud=9600",
    SignKind.ALPHA: "serial:/dev/hallcall/signs?baud=9600",
    SignKind.MATRIX: "spi:/dev/spidev0.0",
}


def plan_tables(ask: Interview) -> Table:
    """Return a plan, as its file says it."""
    ask.say("welcome")
    pack = ask.choice("ask_trade", [(ask.words(f"trade_{each.value}"), each) for each in Pack])
    tables: Table = {"pack": pack.value}
    name = {"zh": ask.text("ask_name_zh", ""), "en": ask.text("ask_name_en", "")}
    tables = {"id": ask.ask("ask_id", answers.suggested_id(name["en"]), answers.hall_id), "name": name, **tables}
    tables |= _services(ask, pack)
    windows = ask.number("ask_windows", 4, low=1, high=95)
    tables["windows"] = windows
    if low := ask.ask("ask_low", "1", answers.windows(windows, none=True)):
        tables["low_windows"] = low
    days = ask.ask("ask_days", "1-5", answers.days)
    spans = ask.ask("ask_hours", "08:30-17:30", answers.hours)
    tables["hours"] = [{"days": days, "open": begin, "close": end} for begin, end in spans]
    if (kind := _identity(ask)) is not None:
        tables["identity"] = {"kind": kind.value, "optional": _handled(tables, pack)}
    tables |= _network(ask)
    tables["boxes"] = _Boxes(ask, pack, windows).all()
    if any("web" in box for box in tables["boxes"]):  # type: ignore[attr-defined]
        tables["supervisor"] = ask.ask("ask_supervisor", "9001", answers.hall_id)
    return _with_tables_last(tables)


def _with_tables_last(tables: Table) -> Table:
    """Return the tables in the order in which people look for them: what the hall is, then its machines."""
    return {key: value for key, value in tables.items() if key != "boxes"} | {"boxes": tables["boxes"]}


def _services(ask: Interview, pack: Pack) -> Table:
    """Return nothing where the trade's services are meant, all of them."""
    usual = trade_services(pack)
    for number, each in enumerate(usual, start=1):
        name = each["name"]
        shown = name[ask.language.value] if isinstance(name, dict) else ""
        ask.say("service_line", number=number, letter=each["prefix"], name=shown, minutes=each["minutes"])
    picked = ask.ask("ask_services", f"1-{len(usual)}", answers.picked(len(usual)))
    if len(picked) == len(usual):
        return {}
    return {"services": [usual[number - 1] for number in picked]}


def _identity(ask: Interview) -> IdentityKind | None:
    return ask.choice(
        "ask_identity",
        [
            (ask.words("identity_none"), None),
            (ask.words("identity_account"), IdentityKind.ACCOUNT),
            (ask.words("identity_id_card"), IdentityKind.ID_CARD),
        ],
    )


def _handled(tables: Mapping[str, object], pack: Pack) -> list[object]:
    """Return the services at which somebody's account matters: those that are neither questions nor complaints."""
    services = tables.get("services", trade_services(pack))
    listed = services if isinstance(services, list) else []
    return [each["id"] for each in listed if each.get("service_class", "handle") == "handle"]


def _network(ask: Interview) -> Table:
    address = ask.ask("ask_dispatcher", USUAL_DISPATCHER, answers.dispatcher)
    found: Table = {"dispatcher": address}
    if "/" in address:
        if ask.yes("ask_count", usual=True):
            found["count_addresses"] = True
        if gateway := ask.ask("ask_gateway", "", answers.gateway):
            found["gateway"] = gateway
    return found


class _Boxes:
    """Asks for the machines, one kind after the other."""

    def __init__(self, ask: Interview, pack: Pack, windows: int) -> None:
        self._ask = ask
        self._pack = pack
        self._windows = windows
        self._boxes: dict[str, Table] = {DISPATCHER_BOX: {"box": DISPATCHER_BOX}}
        self._one = False

    def all(self) -> list[Table]:
        ask = self._ask
        self._one = ask.yes("ask_one_box", usual=False)
        kiosks = ask.number("ask_kiosks", 1, low=0, high=1 if self._one else MOST_BOXES)
        for number in range(1, kiosks + 1):
            box = self._box("kiosk", number)
            box["kiosk"] = self._kiosk()
        boards = 0 if self._one and kiosks else ask.number("ask_boards", 1, low=0, high=1 if self._one else MOST_BOXES)
        for number in range(1, boards + 1):
            box = self._box("board", number)
            box["board"] = self._board()
        self._voice()
        self._counters()
        if ask.yes("ask_web", usual=True):
            self._boxes[DISPATCHER_BOX]["web"] = self._web()
        spares = 0 if self._one else ask.number("ask_spares", 1, low=0, high=MOST_BOXES)
        for number in range(1, spares + 1):
            self._boxes[f"spare-{number}"] = {"box": f"spare-{number}", "spare": True}
        return list(self._boxes.values())

    def _box(self, kind: str, number: int) -> Table:
        """Return the machine for the next thing of a kind: a new one, or the only one."""
        if self._one:
            return self._boxes[DISPATCHER_BOX]
        self._ask.say({"windows": "counters_number"}.get(kind, f"{kind}_number"), number=number)
        name = self._ask.ask("ask_box", f"{kind}-{number}", answers.box_id(set(self._boxes)))
        self._boxes[name] = {"box": name}
        return self._boxes[name]

    def _kiosk(self) -> Table:
        ask = self._ask
        options = [(ask.words(f"printer_{kind}"), kind) for kind in PRINTERS]
        printer = PRINTERS[ask.choice("ask_printer", options)]
        if printer != USUAL_PRINTER:
            printer = ask.ask("ask_printer_port", printer, answers.port)
        width, height = ask.ask("ask_pixels", "1280x800", answers.pixels)

        def inches(typed: str) -> float:
            found = answers.decimal(3, 60)(typed)
            faults = panel.faults(width, height, diagonal_in=found, dpi=None, bottom_mm=None)
            for fault in faults.values():
                raise Wrong("bad_panel", problem=fault)
            return found

        diagonal = ask.ask("ask_inches", "10.1", inches)
        return {
            "screen": {"width": width, "height": height, "diagonal_in": diagonal},
            "printer": {"port": printer},
        }

    def _board(self) -> Table:
        ask = self._ask
        width, height = ask.ask("ask_board_pixels", "1920x1080", answers.pixels)
        diagonal = ask.ask("ask_board_inches", "55", answers.decimal(10, 200))

        def metres(typed: str) -> float:
            found = answers.decimal(1, 50)(typed)
            seen = legibility.Panel(width=width, height=height, diagonal_in=diagonal, distance_m=found)
            for fault in legibility.faults(seen, None).values():
                raise Wrong("bad_panel", problem=fault)
            return found

        distance = ask.ask("ask_distance", "8", metres)
        seen = legibility.Panel(width=width, height=height, diagonal_in=diagonal, distance_m=distance)
        ask.say("board_rows", metres=f"{distance:g}", rows=seen.most_rows)
        screen: Table = {"diagonal_in": diagonal, "distance_m": distance}
        if (width, height) != (1920, 1080):
            screen |= {"width": width, "height": height}
        return {"screen": screen}

    def _voice(self) -> None:
        names = sorted(self._boxes, key=lambda name: "board" not in self._boxes[name])
        options: list[tuple[str, str]] = [(name, name) for name in names]
        box = self._ask.choice("ask_voice", [*options, (self._ask.words("voice_none"), "")])
        if box:
            self._boxes[box]["voice"] = {}

    def _counters(self) -> None:
        ask = self._ask
        count = ask.number("ask_boxes", 1, low=0, high=1 if self._one else min(self._windows, MOST_BOXES))
        each = -(-self._windows // count) if count else 0
        for number in range(1, count + 1):
            box = self._box("windows", number)
            first, last = (number - 1) * each + 1, min(number * each, self._windows)
            usual = f"{first}-{last}" if first < last else str(min(first, self._windows))
            numbers = ask.ask("ask_numbers", usual, answers.windows(self._windows)) if count > 1 else []
            box["counters"] = self._devices(numbers)

    def _devices(self, numbers: list[int]) -> Table:
        ask, found = self._ask, Table()
        if numbers:
            found["numbers"] = numbers
        if ask.choice("ask_pads", [(ask.words("pads_qsystem"), True), (ask.words("pads_none"), False)]):
            found["pads"] = {"port": ask.ask("ask_line", PADS, answers.port)}
        signs = [(ask.words(f"signs_{kind.value.partition('-')[0]}"), kind) for kind in SIGNS]
        kind = ask.choice("ask_signs", [*signs, (ask.words("signs_none"), None)])
        if kind is not None:
            driver = {} if kind is SignKind.CANDLE else {"driver": kind.value}
            found["signs"] = [{"port": ask.ask("ask_line", SIGNS[kind], answers.port), **driver}]
        keypads = [(ask.words("keypads_jtt905"), True), (ask.words("keypads_none"), False)]
        if keypads_fit(self._pack) and ask.choice("ask_keypads", keypads):
            found["keypads"] = ask.ask("ask_line", KEYPADS, answers.port)
        if not any(key in found for key in ("pads", "signs", "keypads")):
            found["windows"] = [{"counter": number} for number in found.pop("numbers", range(1, self._windows + 1))]  # type: ignore[attr-defined]
        return found

    def _web(self) -> Table:
        usual = "0" if keypads_fit(self._pack) else f"1-{self._windows}"
        tablets = self._ask.ask("ask_tablets", usual, answers.windows(self._windows, none=True))
        return {"tablets": tablets} if tablets else {}


def usual_language(environment: Mapping[str, str]) -> Language:
    """Return the language of a machine: English where it is set to it, otherwise Chinese."""
    said = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG") or ""
    return Language.EN if said.startswith("en") else Language.ZH
