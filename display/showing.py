"""A board as a program: Kivy has the main thread, the node a thread and a loop of its own."""

import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

from broker.board_file import BoardScreen
from broker.bus import MqttBus
from broker.config import DisplayFile, load_theme, login_of
from broker.contract.messages import Role
from broker.link import subscriptions, will
from broker.node_thread import NodeThread
from broker.technician.desk import desk_of
from broker.theme import Theme
from hardware.witness import Witness

from .board import Board
from .board_node import HEARD, BoardNode
from .fonts import chinese_fonts
from .look import palette
from .pages import pages_of


def prepare_kivy(state_dir: Path, screen: BoardScreen) -> None:
    """Say in the environment how Kivy shall run: it reads these when it is imported, and nothing afterwards."""
    home = state_dir / "kivy"
    home.mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "KIVY_NO_ARGS": "1",
        "KIVY_HOME": str(home),
        "KIVY_NO_FILELOG": "1",
        "KIVY_NO_CONSOLELOG": "1",
        "KIVY_LOG_MODE": "PYTHON",
        "KCFG_GRAPHICS_WIDTH": str(screen.width),
        "KCFG_GRAPHICS_HEIGHT": str(screen.height),
        "KCFG_GRAPHICS_FULLSCREEN": "1" if screen.fullscreen else "0",
        "KCFG_GRAPHICS_MULTISAMPLES": "0",  # shapes smooth their own edges; a box without a GPU pays for samples
        "KCFG_GRAPHICS_ALLOW_SCREENSAVER": "0",
        "KCFG_GRAPHICS_SHOW_CURSOR": "0",
        "KCFG_GRAPHICS_RESIZABLE": "0",
        "KCFG_KIVY_EXIT_ON_ESCAPE": "0",
    }


def theme_of(screen: BoardScreen) -> Theme:
    """Return the hall's colours. Raises BrokenConfig."""
    return load_theme(Path(screen.theme)) if screen.theme else Theme()


def show(file: DisplayFile, screen: BoardScreen, witness: Path | None) -> int:
    """Be a board until SIGTERM."""
    prepare_kivy(Path(file.state_dir), screen)
    from .screen.app import BoardApp  # noqa: PLC0415 - a voice has no Kivy, and Kivy reads its environment first

    pages = pages_of(screen)
    app = BoardApp(
        pages=pages,
        fonts=chinese_fonts(),
        palette=palette(theme_of(screen)),
        on_glass=lambda glass: thread.hand(lambda node: node.on_glass(glass)),
        witness=Witness(witness, name="board") if witness else None,
        technician=desk_of(
            file.technician,
            node=file.node,
            state_dir=Path(file.state_dir),
            devices=lambda: thread.node.link.devices if thread.node else (),
        ),
    )
    zones = (screen.zone, *screen.also)

    def make() -> BoardNode:
        boards = tuple(f"view/board/{zone}" for zone in zones)
        return BoardNode(
            bus=MqttBus(
                login=login_of(file),
                subscriptions=subscriptions(hall=file.hall, node=file.node, also=HEARD + boards),
                will=will(hall=file.hall, node=file.node, role=Role.DISPLAY),
            ),
            hall=file.hall,
            node=file.node,
            board=Board(zone=screen.zone, also=screen.also, most_rows=pages.arrangement.rows),
            pages=pages,
            folder=Path(screen.media.folder) if screen.media is not None else None,
            clock=time.monotonic,
            now=lambda: datetime.now(UTC),
            show=app.show_soon,
        )

    thread: NodeThread[BoardNode] = NodeThread(make=make, on_end=app.stop_soon)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: app.stop_soon())
    thread.start()
    try:
        app.run()
    finally:
        thread.stop()
    if thread.error is not None:
        raise thread.error
    return 0
