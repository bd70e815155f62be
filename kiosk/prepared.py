"""Prepares Kivy for a kiosk's window: before anything imports it."""

import logging
import os
from pathlib import Path

from broker.config import KioskScreen


def prepare_kivy(screen: KioskScreen, home: Path) -> None:
    """Set what Kivy reads when it is imported, and its settings of before the window opens; `home` is its folder."""
    os.environ["KIVY_NO_ARGS"] = "1"
    os.environ["KIVY_NO_CONSOLELOG"] = "1"
    os.environ["KIVY_NO_FILELOG"] = "1"
    os.environ["KIVY_LOG_MODE"] = "PYTHON"
    home.mkdir(parents=True, exist_ok=True)
    os.environ["KIVY_HOME"] = str(home)
    logging.getLogger("kivy").addFilter(lambda record: record.levelno >= logging.WARNING)  # it greets at length
    from kivy.config import Config  # noqa: PLC0415

    Config.set("graphics", "width", str(screen.width))
    Config.set("graphics", "height", str(screen.height))
    Config.set("graphics", "fullscreen", "auto" if screen.fullscreen else "0")
    Config.set("graphics", "resizable", "0")
    Config.set("graphics", "multisamples", "0")  # shapes are smooth by themselves; it would halve the frames
    Config.set("graphics", "show_cursor", "0" if screen.fullscreen else "1")
    Config.set("graphics", "allow_screensaver", "0")
    Config.set("kivy", "exit_on_escape", "0")
    Config.set("kivy", "pause_on_minimize", "0")
    Config.set("input", "mouse", "mouse,disable_multitouch")
    if screen.touch:
        Config.set("input", "further", screen.touch)
