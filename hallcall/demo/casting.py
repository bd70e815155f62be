"""Who plays in a run: every program with its command line, and its window's place and size."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from broker.contract.messages import Hall

from .desk import Desk
from .layout import Ports
from .programs import mosquitto_command

UNSEEN = {"SDL_VIDEODRIVER": "offscreen"}
# One machine plays all the boxes of a hall: screens drawn without a GPU must not take the processor from the others.
ASIDE = ("nice", "-n", "10")
ONE_CORE = {"LP_NUM_THREADS": "1"}


@dataclass(frozen=True, kw_only=True)
class Part:
    """One program to start."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


def cast(directory: Path, *, hall: Hall, ports: Ports, desk: Desk | None) -> list[Part]:
    """Return all programs of a run; with a desk, the panel too."""
    python, config, screens = sys.executable, directory / "config", str(directory / "screens")
    cables = [str(directory), str(len(hall.counters)), json.dumps(asdict(ports))]
    windows = {"kiosk": desk.kiosk.environment, "board": desk.board.environment} if desk is not None else {}
    parts = [
        Part(name="mosquitto", argv=mosquitto_command(config / "mosquitto.conf")),
        Part(name="cables", argv=[python, "-m", "hallcall.demo.cables", *cables]),
    ]
    for name, module in (
        ("dispatcher", "broker.dispatcher"),
        ("kiosk", "kiosk"),
        ("board", "display"),
        ("voice", "display"),
        ("counter", "counter"),
        ("web", "web"),
    ):
        argv = [python, "-m", module, "--config", str(config / f"{name}.toml")]
        if name in {"kiosk", "board"}:
            environment = {**windows.get(name, UNSEEN), **ONE_CORE}
            parts.append(Part(name=name, argv=[*ASIDE, *argv, "--witness", screens], environment=environment))
        else:
            parts.append(Part(name=name, argv=[*ASIDE, *argv] if name in {"voice", "web"} else argv))
    if desk is not None:
        size = [str(desk.panel.width), str(desk.panel.height)]
        argv = [*ASIDE, python, "-m", "hallcall.demo.panel", str(directory / "state" / "panel"), *size]
        parts.append(Part(name="panel", argv=argv, environment={**desk.panel.environment, **ONE_CORE}))
    return parts


def window_sizes(desk: Desk | None) -> Mapping[str, int]:
    """Return the settings of the kiosk's and the board's size: without a desk as they are in a hall."""
    if desk is None:
        return {"board_width": 1920, "board_height": 1080}
    return {
        "kiosk_width": desk.kiosk.width,
        "kiosk_height": desk.kiosk.height,
        "board_width": desk.board.width,
        "board_height": desk.board.height,
    }
