"""`python -m kiosk --config kiosk.toml`: builds the kiosk's parts and passes them on; with `--check`, tries them."""

import argparse
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from broker.bus import MqttBus
from broker.config import BrokenConfig, KioskFile, load_node, load_theme, login_of
from broker.contract.messages import Role
from broker.link import subscriptions, will
from broker.technician.desk import desk_of
from broker.theme import Theme

from . import flow
from .fonts import NoFont
from .glass import Glass
from .id_cards import accompany_id_cards
from .identity_key import identity_key
from .node import VIEWS, KioskNode
from .node_thread import NodeThread
from .only_one import AlreadyRunning, only_one
from .panel import Panel, cards
from .prepared import prepare_kivy
from .scanners import accompany_scanner
from .tactile import accompany, meanings
from .template import load_template

log = logging.getLogger("kiosk")

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")  # another at each start of the machine, as its monotonic clock is


def main() -> int:
    if "--check" in sys.argv[1:]:
        from .check import main as check  # noqa: PLC0415 - what the kiosk itself never needs

        return check([each for each in sys.argv[1:] if each != "--check"])
    options = argparse.ArgumentParser(prog="kiosk", description="A service hall's ticket kiosk.")
    options.add_argument("--config", type=Path, required=True, help="the kiosk's file")
    options.add_argument("--check", action="store_true", help="try everything, for a technician")
    options.add_argument("--witness", type=Path, help="directory for what the screen showed (demo and tests)")
    chosen = options.parse_args()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("hardware").setLevel(logging.WARNING)  # the node says what is wrong with the printer, once
    try:
        file = load_node(chosen.config, KioskFile)
        login_of(file)
        identity_key(file)
        theme = load_theme(Path(file.screen.theme)) if file.screen.theme else Theme()
        if file.slip.template:
            load_template(Path(file.slip.template))  # said here, before a window opens
    except BrokenConfig as error:
        log.error("%s", error)  # noqa: TRY400 - the text says it all
        return os.EX_CONFIG
    try:
        with only_one(Path(file.state_dir)):
            return run(file, theme, chosen.witness)
    except AlreadyRunning as error:
        log.error("%s", error)  # noqa: TRY400 - the text says it all
    except OSError as error:
        log.error("state_dir cannot be written: %s; python -m kiosk --check says more", error)  # noqa: TRY400
    return 1


def run(file: KioskFile, theme: Theme, witness_dir: Path | None) -> int:
    """Show the window until it is told to stop; return the exit code."""
    glass = Glass(now_s=time.monotonic())
    prepare_kivy(file.screen, Path(file.state_dir) / "kivy")
    from .app import KioskApp  # noqa: PLC0415 - Kivy reads its environment when it is imported

    try:
        app = KioskApp(
            on_touch=lambda key: thread.touch(key),  # noqa: PLW0108 - the thread is made below
            on_press=lambda key, offered: thread.press(key, offered),  # noqa: PLW0108
            on_scan=lambda text: thread.scan(text),  # noqa: PLW0108
            keys=meanings(file.keypad),
            clock=time.monotonic,
            now=lambda: datetime.now(UTC),
            panel=panel_of(file),
            theme=theme,
            glass=glass,
            is_locked=file.screen.fullscreen,
            technician=desk_of(
                file.technician,
                node=file.node,
                state_dir=Path(file.state_dir),
                devices=lambda: thread.devices(),  # noqa: PLW0108
            ),
            witness_dir=witness_dir,
        )
    except NoFont as error:
        log.error("%s", error)  # noqa: TRY400 - the text says it all
        return 1

    def also(node: KioskNode) -> None:
        accompany(node, file, on_key=app.press)
        accompany_scanner(node, file)
        accompany_id_cards(node, file)

    thread: NodeThread = NodeThread(
        also=also, make=lambda: make_node(file, on_change=app.show, glass=glass), on_end=app.end
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: app.end())
    thread.start()
    try:
        app.run()
    finally:
        thread.stop()
    if thread.error is not None:
        log.error("the kiosk's node ended", exc_info=thread.error)
        return 1
    return 0


def panel_of(file: KioskFile) -> Panel:
    screen = file.screen
    return Panel(diagonal_in=screen.diagonal_in, dpi=screen.dpi, bottom_mm=screen.bottom_mm)


def make_node(file: KioskFile, *, on_change: Callable[[flow.Kiosk], None], glass: Glass) -> KioskNode:
    """Build the node of a kiosk's file, on the running loop."""
    from .paper import paper_of, slip_bytes  # noqa: PLC0415 - while the window already opens
    from .roll import Roll  # noqa: PLC0415
    from .stationery import stationery_of  # noqa: PLC0415
    from .wired import printer_of  # noqa: PLC0415

    paper = paper_of(file.printer)
    disk = ThreadPoolExecutor(max_workers=1, thread_name_prefix="disk")
    return KioskNode(
        bus=MqttBus(
            login=login_of(file),
            subscriptions=subscriptions(hall=file.hall, node=file.node, also=VIEWS),
            will=will(hall=file.hall, node=file.node, role=Role.KIOSK),
        ),
        hall=file.hall,
        node=file.node,
        printer=printer_of(file),
        encode=lambda items: slip_bytes(items, paper=paper),
        stationery=stationery_of(file, Roll(Path(file.state_dir), paper_m=file.printer.paper_m)),
        state_dir=Path(file.state_dir),
        idle_s=file.screen.idle_s,
        ticket_s=file.screen.ticket_s,
        patience=flow.Patience(
            after_s=file.screen.struggle_s, turns=file.screen.struggle_turns, offers=file.screen.offer_help
        ),
        identity_key=identity_key(file),
        per_page=cards(panel_of(file), file.screen.width, file.screen.height),
        clock=time.monotonic,
        now=lambda: datetime.now(UTC),
        boot=BOOT_ID.read_text(encoding="ascii").strip(),
        in_background=lambda work: disk.submit(work).add_done_callback(_told),
        on_change=on_change,
        glass=glass,
    )


def _told(work: Future[None]) -> None:
    """Say what could not be done in the background."""
    error = work.exception()
    if error is not None:
        log.error("the state directory cannot be written: %s; is the disk full?", error)


if __name__ == "__main__":
    sys.exit(main())
