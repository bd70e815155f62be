"""Configuration files: strict TOML into frozen structures; the only place that knows these files.

One `hall.toml` says what the hall is, one small file a node says what hangs on that node. Read once, at start.
All that is wrong is said at once, with line numbers.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Final, TypeVar

from msgspec import Meta, Struct, structs

from . import panel, policy_pack
from .board_file import BoardScreen, board_findings
from .box_file import BoxFile, read_box
from .bus import Login
from .checks import node as node_checks
from .checks.advice import advice
from .checks.hall import hall_findings
from .checks.keypads import keypad_findings
from .clock_trust import ClockRule
from .contract.messages import CounterNumber, Hall, Id, Language, Role
from .device_file import DevicesFile, read_devices
from .identity import Identity
from .pad_keys import PadKeys
from .policy_pack import Pack
from .printer_file import PrinterProfile, on_its_profile
from .sign_file import HallSign, SignLine, SignTexts
from .strict_toml import BrokenConfig, Finding, Reading, TomlFile
from .tactile import KioskSpeech, TactilePad
from .technician.settings import Technician
from .technician.told import FINDINGS
from .theme import Theme, faults
from .twin.settings import Simulation
from .twin.settings_check import simulate_findings
from .voice_file import Voice, voice_findings

__all__ = ["BrokenConfig"]

# The hall's file ------------------------------------------------------------------------------------------------------


class HallFile(Hall, frozen=True, kw_only=True):
    """The whole hall, and the pack whose classes, needs and policy are its defaults.

    `[policy]` and `[rating]` override the pack's key by key. A `[[classes]]` or `[[needs]]` list here replaces the
    pack's whole list. Of a pack's needs a hall has those that one of its counters or clerks `meets`.
    """

    pack: Annotated[Pack | None, Meta(description="defaults of a trade; left out: none but those of this page")] = None
    simulate: Annotated[Simulation | None, Meta(description="left out: only recorded arrivals can be played")] = None


# Node files -----------------------------------------------------------------------------------------------------------


class BrokerAddress(Struct, frozen=True, kw_only=True):
    """Where the hall's MQTT broker is, and this node's login (its name is the node's id).

    Either a certificate, with its key and the hall's root, or a password. The certificate's three files are looked for
    among the unit's credentials, otherwise beside this file.
    """

    host: Annotated[str, Meta(description="address of the broker")] = "127.0.0.1"
    port: Annotated[
        Annotated[int, Meta(ge=1, le=65535)] | None,
        Meta(description="TCP port of the broker; left out: 8883 with a certificate, 1883 with a password"),
    ] = None
    authority: Annotated[str, Meta(description="file of the hall's root certificate, such as root.crt")] = ""
    certificate: Annotated[str, Meta(description="file of this node's certificate and its chain, node.crt")] = ""
    key: Annotated[str, Meta(description="file of the certificate's key, node.key")] = ""
    password_file: Annotated[
        str, Meta(description="file whose first line is this node's password, where it has no certificate")
    ] = ""

    @property
    def tcp_port(self) -> int:
        return self.port or (8883 if self.certificate else 1883)

    @property
    def proof(self) -> str:
        """The file by which this node shows who it is."""
        return self.certificate or self.password_file


class NodeFile(Struct, frozen=True, kw_only=True):
    """What every node's file begins with."""

    node: Annotated[Id, Meta(description="this node's id, as hall.toml lists it")]
    hall: Annotated[Id, Meta(description="id of the hall")]
    state_dir: Annotated[str, Meta(description="directory that this node may write")]
    broker: BrokerAddress


class DispatcherFile(NodeFile, frozen=True, kw_only=True):
    """The dispatcher's file."""

    hall_file: Annotated[str, Meta(description="path of hall.toml")]
    clock: Annotated[
        ClockRule, Meta(description="what a new business day asks of this machine's clock: trusted, or just any time")
    ] = ClockRule.ANY
    clock_days_ahead: Annotated[
        int, Meta(ge=1, le=366, description="a clock that no time source set is trusted so long after the last event")
    ] = 14
    also_read_by: Annotated[
        str,
        Meta(
            description="file in which the release before an update leaves what it can read; while it is there, nothing"
            " else is written to the journal"
        ),
    ] = ""


class Printer(PrinterProfile, frozen=True, kw_only=True):
    """The kiosk's ticket printer. Its own keys override those of its profile."""

    port: Annotated[str, Meta(description="tcp:HOST:PORT, serial:DEVICE?baud=N or usblp:DEVICE")]
    driver: Annotated[str, Meta(description="escpos-printer")] = "escpos-printer"
    profile: Annotated[str, Meta(description="file that `hallcall printer probe` saved")] = ""
    acknowledge_s: Annotated[int, Meta(ge=1, le=30, description="longest wait for the printer's acknowledgement")] = 8
    paper_m: Annotated[
        float, Meta(ge=0, le=500, description="metres on a new roll, for the forecast; 0: not counted down")
    ] = 0


class Slips(Struct, frozen=True, kw_only=True):
    """What stands on the slip."""

    template: Annotated[str, Meta(description="file of the slip's lines; left out: the shipped one")] = ""
    return_template: Annotated[
        str, Meta(description="file of the lines for a missed number that waits again; left out: the shipped one")
    ] = ""
    public_url: Annotated[
        str,
        Meta(
            pattern=r"^$|^https?://[^/ ]+/\S*$",
            description="where to follow a ticket, https://…/{visit}; its QR is printed while the address answers",
        ),
    ] = ""


class Scanner(Struct, frozen=True, kw_only=True):
    """A scanner of QR codes, for missed numbers and bookings.

    With this table a slip that has no public address bears a small code instead. A scanner that types like a keyboard
    needs no port; it must end each code with Enter.
    """

    port: Annotated[str, Meta(description="serial:DEVICE?baud=N or tcp:HOST:PORT; left out: it types")] = ""
    driver: Annotated[str, Meta(pattern="^line-scanner$", description="line-scanner")] = "line-scanner"
    prefix: Annotated[str, Meta(max_length=16, description="what it sends before each code, if anything")] = ""
    suffix: Annotated[str, Meta(max_length=16, description="what it sends after a code, before the line's end")] = ""


class IdCardReader(Struct, frozen=True, kw_only=True):
    """A reader of ID cards, for halls whose [identity] asks for ID numbers.

    It sends each number as a line; one that types like a keyboard, and ends with Enter, needs no table.
    """

    port: Annotated[str, Meta(description="serial:DEVICE?baud=N or tcp:HOST:PORT")]
    driver: Annotated[str, Meta(pattern="^line-id-cards$", description="line-id-cards")] = "line-id-cards"


class KioskScreen(Struct, frozen=True, kw_only=True):
    """The kiosk's touch screen."""

    width: Annotated[int, Meta(ge=480, le=1920, description="pixels")] = 1280
    height: Annotated[int, Meta(ge=480, le=1920, description="pixels")] = 800
    diagonal_in: Annotated[float, Meta(ge=3, le=60, description="the panel's diagonal, in inches: sizes keys")] = 10.1
    dpi: Annotated[
        Annotated[float, Meta(ge=40, le=400)] | None,
        Meta(description="pixels an inch, instead of the diagonal, if the panel's data sheet gives them"),
    ] = None
    bottom_mm: Annotated[
        Annotated[int, Meta(ge=0, le=2500)] | None,
        Meta(description="the panel's lower edge above the floor; keys stay within a seated person's reach"),
    ] = None
    theme: Annotated[str, Meta(description="file with the hall's colours and logo; left out: Hallcall's own")] = ""
    fullscreen: Annotated[bool, Meta(description="no window frame")] = False
    idle_s: Annotated[
        int, Meta(ge=10, le=300, description="seconds without a touch until *still there?*; 20 s later home")
    ] = 25
    ticket_s: Annotated[int, Meta(ge=2, le=60, description="seconds the ticket screen stays")] = 8
    struggle_s: Annotated[
        int, Meta(ge=0, le=900, description="seconds at it without a number, until the guide is told; 0: never")
    ] = 90
    struggle_turns: Annotated[
        int, Meta(ge=0, le=50, description="ways back to a page seen before, until the guide is told; 0: never")
    ] = 4
    offer_help: Annotated[bool, Meta(description="then ask *need help?* as well; one touch calls the guide")] = False
    touch: Annotated[str, Meta(description="a further Kivy input provider, such as tuio,127.0.0.1:3333")] = ""


class KioskFile(NodeFile, frozen=True, kw_only=True):
    """A kiosk's file."""

    screen: KioskScreen = KioskScreen()
    speech: KioskSpeech = KioskSpeech()
    keypad: TactilePad = TactilePad()
    printer: Printer
    slip: Slips = Slips()
    scanner: Annotated[Scanner | None, Meta(description="left out: no codes on slips")] = None
    id_cards: Annotated[IdCardReader | None, Meta(description="left out: ID numbers are typed")] = None
    identity_key_file: Annotated[
        str,
        Meta(
            description="file whose first line, 32 or more characters, is the secret by which all kiosks of the hall"
            " hide account and ID numbers; needed where hall.toml has [identity]"
        ),
    ] = ""
    technician: Annotated[Technician | None, Meta(description="left out: no such page on this screen")] = None


class DisplayFile(NodeFile, frozen=True, kw_only=True):
    """A display node's file: a board, or a voice."""

    screen: BoardScreen | None = None
    voice: Voice | None = None
    technician: Annotated[Technician | None, Meta(description="left out: no such page on this screen")] = None


class PadLine(Struct, frozen=True, kw_only=True):
    """A line with call pads."""

    port: Annotated[str, Meta(description="serial:DEVICE?baud=N, tcp:HOST:PORT, or evdev:DEVICE for hid-pad")]
    driver: Annotated[
        str, Meta(description="qsystem-pads; or generic-pads, line-pads, modbus-pads, hid-pad, each with its `file`")
    ] = "qsystem-pads"
    file: Annotated[str, Meta(description="the file that describes what the pads speak")] = ""
    keys: Annotated[PadKeys, Meta(description="what their keys mean")] = PadKeys()


class Keypad(Struct, frozen=True, kw_only=True):
    """A rating keypad, on a line of its own or, where its frames tell addresses, with others of its model."""

    port: Annotated[str, Meta(description="serial:DEVICE?baud=N, tcp:HOST:PORT, or evdev:DEVICE for hid-pad")]
    driver: Annotated[
        str, Meta(description="jtt905-keypad; or generic-pads, line-pads, modbus-pads, hid-pad, each with its `file`")
    ] = "jtt905-keypad"
    file: Annotated[str, Meta(description="the file that describes what the keypad speaks")] = ""
    address: Annotated[
        Annotated[int, Meta(ge=0, le=255)] | None,
        Meta(description="its address on a shared line; left out: it is alone there, and 1 where it is polled"),
    ] = None


class CardReader(Struct, frozen=True, kw_only=True):
    """A reader of the clerks' cards that sends each card's number as a line."""

    port: Annotated[str, Meta(description="serial:DEVICE?baud=N or tcp:HOST:PORT")]
    driver: Annotated[str, Meta(pattern="^line-scanner$", description="line-scanner")] = "line-scanner"
    prefix: Annotated[str, Meta(max_length=16, description="what it sends before each number, if anything")] = ""
    suffix: Annotated[str, Meta(max_length=16, description="what it sends after a number, before the line's end")] = ""


class Window(Struct, frozen=True, kw_only=True):
    """What stands at one counter."""

    counter: CounterNumber
    pad: Annotated[Annotated[int, Meta(ge=1, le=127)] | None, Meta(description="address of its call pad, 1 to 127")] = (
        None
    )
    sign: Annotated[Annotated[int, Meta(ge=0, le=255)] | None, Meta(description="address of its sign")] = None
    sign_line: Annotated[str, Meta(description="name of the sign's line; may be left out where there is one")] = ""
    keypad: Annotated[Keypad | None, Meta(description="its rating keypad")] = None
    keys: Annotated[
        PadKeys | None, Meta(description="what this pad's keys mean; left out: what those of the line mean")
    ] = None
    card: Annotated[CardReader | None, Meta(description="reads the clerks' cards; needs `badges`")] = None


class CounterFile(NodeFile, frozen=True, kw_only=True):
    """A counter box's file."""

    rating_s: Annotated[int, Meta(ge=5, le=120, description="seconds the keypad asks for a rating")] = 20
    badges: Annotated[
        str, Meta(description="file with the clerks' cards and PINs; left out: clerks do not sign in at windows")
    ] = ""
    pads: Annotated[PadLine | None, Meta(description="line of the call pads")] = None
    signs: Annotated[tuple[SignLine, ...], Meta(description="lines of LED signs")] = ()
    hall_signs: tuple[HallSign, ...] = ()
    sign_language: Annotated[Language, Meta(description="language of what signs say")] = Language.ZH
    sign_texts: SignTexts = SignTexts()
    windows: Annotated[tuple[Window, ...], Meta(min_length=1)]


class Pages(Struct, frozen=True, kw_only=True):
    """What browsers get."""

    listen: Annotated[
        str, Meta(pattern=r"^[^ ]+:\d{1,5}$", description="HOST:PORT; 127.0.0.1 lets no other machine in")
    ] = "0.0.0.0:8080"
    certificate: Annotated[str, Meta(description="file of the TLS certificate and its chain, PEM; left out: http")] = ""
    key: Annotated[str, Meta(description="file of the certificate's key, PEM")] = ""


class Console(Struct, frozen=True, kw_only=True):
    """The clerks' console, at /console: who signs in there acts for a counter."""

    pins: Annotated[str, Meta(min_length=1, description="file of PINs that `hallcall clerk pin` writes")]
    idle_min: Annotated[float, Meta(ge=0.05, le=720, description="minutes without an act that end a session")] = 30
    longest_h: Annotated[float, Meta(ge=0.1, le=24, description="hours after which a session ends in any case")] = 12
    theme: Annotated[str, Meta(description="file with the hall's colours; left out: Hallcall's own")] = ""


class WebBoard(Struct, frozen=True, kw_only=True):
    """A board for browsers, at /board/<id>: a Windows PC, an Android box, a television with a browser of its own."""

    id: Annotated[Id, Meta(description="its name in the address")]
    screen: BoardScreen


class Tablet(Struct, frozen=True, kw_only=True):
    """A tablet at a window that asks customers to rate, at /window/<counter>/rate."""

    counter: CounterNumber
    code: Annotated[str, Meta(min_length=12, description="a secret; open the page once with ?code= and this")]
    asks_s: Annotated[int, Meta(ge=5, le=120, description="seconds it asks for a rating")] = 20
    photos: Annotated[str, Meta(description="folder with clerks' photos, 0731.jpg; left out: none are shown")] = ""


class WebFile(NodeFile, frozen=True, kw_only=True):
    """The web server's file."""

    pages: Pages = Pages()
    boards: tuple[WebBoard, ...] = ()
    console: Annotated[Console | None, Meta(description="left out: clerks have no console here")] = None
    tablets: Annotated[tuple[Tablet, ...], Meta(description="rating pages")] = ()


class SupervisorFile(NodeFile, frozen=True, kw_only=True):
    """A supervisor's file: a login, and nothing hangs on it."""


class KeeperFile(NodeFile, frozen=True, kw_only=True):
    """The file of a box's keeper: it looks after the machine, not after customers."""

    box: Annotated[Id, Meta(description="the machine's name")]
    box_file: Annotated[str, Meta(description="the box's own file")] = "/etc/hallcall/box.toml"
    tls_dir: Annotated[str, Meta(description="directory of the certificates of this box's nodes")] = (
        "/var/lib/hallcall/tls"
    )
    disk: Annotated[str, Meta(description="a directory on the disk that the box writes")] = "/var"
    findings: Annotated[
        str,
        Meta(description="file that this box's screens read for the technician; not written where no such folder is"),
    ] = FINDINGS


class RegistrarFile(NodeFile, frozen=True, kw_only=True):
    """The registrar's file: it joins boxes to the hall and keeps their certificates and warnings.

    It makes its own certificate and the broker's; of `[broker]` it takes host and port.
    """

    card: Annotated[
        str, Meta(description="folder of what the card brought; its authority and invitations are read once")
    ] = "/etc/hallcall"
    hall_file: Annotated[str, Meta(description="path of hall.toml")] = "/etc/hallcall/hall.toml"
    box_file: Annotated[str, Meta(description="file of this box")] = "/etc/hallcall/box.toml"
    broker_dir: Annotated[str, Meta(description="directory of the broker's files, which are written here")] = (
        "/var/lib/hallcall/broker"
    )
    names: Annotated[
        tuple[str, ...], Meta(description="further addresses and names by which boxes reach broker and registrar")
    ] = ()
    listen: Annotated[str, Meta(pattern=r"^[^ ]+:\d{1,5}$", description="HOST:PORT where boxes ask")] = "0.0.0.0:8884"


FILE_OF_ROLE: Final[dict[Role, type[NodeFile]]] = {
    Role.DISPATCHER: DispatcherFile,
    Role.KIOSK: KioskFile,
    Role.DISPLAY: DisplayFile,
    Role.COUNTER: CounterFile,
    Role.WEB: WebFile,
    Role.SUPERVISOR: SupervisorFile,
    Role.KEEPER: KeeperFile,
    Role.REGISTRAR: RegistrarFile,
}

# Reading --------------------------------------------------------------------------------------------------------------

Node = TypeVar("Node", bound=NodeFile)
Checked = TypeVar("Checked", bound=Struct)


def load_hall(path: Path) -> Hall:
    """Read `hall.toml`. Raises BrokenConfig, whose text is every error of the file."""
    return _load_hall(TomlFile(path))


def load_simulation(path: Path) -> tuple[Hall, Simulation | None]:
    """Read `hall.toml` with its table [simulate]. Raises BrokenConfig, whose text is every error of the file."""
    file = TomlFile(path)
    return _load_hall(file), _load_hall_file(file).simulate


def load_node(path: Path, kind: type[Node]) -> Node:
    """Read a node's file. Raises BrokenConfig, whose text is every error of the file."""
    return _load_node(TomlFile(path), kind)


def login_of(file: NodeFile) -> Login:
    """Return who the node is to the broker, with its password read. Raises BrokenConfig."""
    broker = file.broker
    if broker.certificate:
        identity = Identity(
            authority=Path(broker.authority), certificate=Path(broker.certificate), key=Path(broker.key)
        )
        return Login(host=broker.host, port=broker.tcp_port, name=file.node, identity=identity)
    path = Path(broker.password_file)
    try:
        password = path.read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenConfig(f"{path}: the password of {file.node} cannot be read: {error}") from error
    if not password:
        raise BrokenConfig(f"{path}: the first line is empty; write the password of {file.node} there")
    return Login(host=broker.host, port=broker.tcp_port, name=file.node, password=password)


def load_any(path: Path) -> Hall | NodeFile | BoxFile | DevicesFile:
    """Read a file of any kind, taking the kind that it is most like. Raises BrokenConfig."""
    file = TomlFile(path)
    if not file.tables:
        kinds_begin = "a hall file begins with id = , a node file with node = , a box's with box = "
        raise BrokenConfig(f"{path}: nothing in it; {kinds_begin}")
    kinds: list[type[Struct]] = [HallFile, BoxFile, DevicesFile, *FILE_OF_ROLE.values()]
    kind = max(kinds, key=lambda each: _likeness(file, each))
    if issubclass(kind, NodeFile):
        return _load_node(file, kind)
    if kind is DevicesFile:
        return read_devices(file)
    return read_box(file) if kind is BoxFile else _load_hall(file)


def advice_on(path: Path) -> list[str]:
    """Return what is probably not meant in a hall file in which nothing is wrong."""
    file = TomlFile(path)
    return file.worded(advice(policy_pack.on_its_pack(file))) if "services" in file.tables else []


def disagreements(path: Path, hall: Hall) -> list[str]:
    """Return what in a node's file, in which nothing is wrong, does not go with the hall's file."""
    file = TomlFile(path)
    return file.worded(keypad_findings(file, hall.rating)) if file.tables.get("hall") == hall.id else []


def _likeness(file: TomlFile, kind: type[Struct]) -> tuple[int, int, int]:
    """Return how many of a kind's keys a file has; of equals, fewer errors are greater, then fewer keys."""
    reading = Reading()
    reading.structure(file.tables, kind)
    fields = set(kind.__struct_fields__)
    return len(fields & set(file.tables)), -len(reading.findings), -len(fields)


def _load_hall_file(file: TomlFile) -> HallFile:
    return _load(policy_pack.on_its_pack(file), HallFile, _hall_findings)


def _hall_findings(file: TomlFile) -> Iterable[Finding]:
    return *hall_findings(file), *simulate_findings(file)


def _load_hall(file: TomlFile) -> Hall:
    read = _load_hall_file(file)
    hall = Hall(**{name: getattr(read, name) for name in Hall.__struct_fields__})
    return hall if file.states(("needs",)) else policy_pack.with_needs_met(hall)


def _load_node(file: TomlFile, kind: type[Node]) -> Node:
    rules: Callable[[TomlFile], Iterable[Finding]] = node_checks.counter_findings
    if issubclass(kind, KioskFile):
        rules = _kiosk_findings
    elif issubclass(kind, DisplayFile):
        rules = _display_findings
    elif issubclass(kind, WebFile):
        rules = _web_findings
    read = _load(
        on_its_profile(file) if issubclass(kind, KioskFile) else file,
        kind,
        lambda file: [*rules(file), *node_checks.port_findings(file), *node_checks.login_findings(file)],
    )
    return structs.replace(read, broker=_found(read.broker, file.path.parent))


def _found(broker: BrokerAddress, beside: Path) -> BrokerAddress:
    """Return the address with its certificate's files where they are: systemd's credentials, or beside the file."""
    folder = Path(os.environ.get("CREDENTIALS_DIRECTORY") or beside)
    keys = ("authority", "certificate", "key")
    return structs.replace(broker, **{key: str(folder / name) for key in keys if (name := getattr(broker, key))})


def _display_findings(file: TomlFile) -> Iterable[Finding]:
    return [*node_checks.display_findings(file), *board_findings(file), *voice_findings(file)]


def _web_findings(file: TomlFile) -> Iterable[Finding]:
    return [*node_checks.web_findings(file), *board_findings(file, "boards[].screen")]


def _kiosk_findings(file: TomlFile) -> Iterable[Finding]:
    """Return why people could not reach, touch or read a panel."""
    reading, about = Reading(), file.tables.get("screen", {})
    screen = reading.structure(about, KioskScreen) if isinstance(about, dict) else None
    if screen is None or reading.findings or not isinstance(about, dict):
        return []
    found = panel.faults(
        screen.width, screen.height, diagonal_in=screen.diagonal_in, dpi=screen.dpi, bottom_mm=screen.bottom_mm
    )
    return [
        *(Finding(place=("screen", key) if key in about else ("screen",), text=text) for key, text in found.items()),
        *_keypad_findings(file),
    ]


def _keypad_findings(file: TomlFile) -> Iterable[Finding]:
    reading, about = Reading(), file.tables.get("keypad", {})
    keypad = reading.structure(about, TactilePad) if isinstance(about, dict) else None
    if keypad is None or reading.findings or not isinstance(about, dict):
        return []
    found = keypad.faults()
    return [Finding(place=("keypad", key) if key in about else ("keypad",), text=text) for key, text in found.items()]


def load_theme(path: Path) -> Theme:
    """Read a hall's theme; a logo stands beside it. Raises BrokenConfig where people could not read it."""
    read = _load(TomlFile(path), Theme, _theme_findings)
    return structs.replace(read, logo=str(path.parent / read.logo)) if read.logo else read


def _theme_findings(file: TomlFile) -> Iterable[Finding]:
    reading = Reading()
    theme = reading.structure(file.tables, Theme)
    if theme is None or reading.findings:
        return []
    found = faults(theme)
    if theme.logo and not (file.path.parent / theme.logo).is_file():
        found["logo"] = f"{theme.logo} is not there; put the picture beside this file"
    return [Finding(place=(key,), text=text) for key, text in found.items()]


def _load(file: TomlFile, kind: type[Checked], rules: Callable[[TomlFile], Iterable[Finding]]) -> Checked:
    reading = Reading()
    structure = reading.structure(file.tables, kind)
    findings = [*reading.findings, *rules(file)]
    if structure is None or findings:
        raise BrokenConfig("\n".join(file.worded(findings)))
    return structure
