"""The demo's directory: configuration, logins and ports, written anew for each run."""

import json
import secrets
import shutil
import socket
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final

from broker import mosquitto
from broker.config import load_hall
from broker.contract.messages import Hall

OURS: Final = ("slips", "screens", "audio", "journal", "config", "state", "logs", "lines")
OUR_FILES: Final = ("calls.jsonl", "mqtt.log", "summary.json")
SETTINGS: Final = {"kiosk_width": 1280, "kiosk_height": 800}  # where the caller gives none
NODE_FILES: Final = ("dispatcher", "kiosk", "board", "voice", "counter", "web", "desk")


class NotOurs(ValueError):
    """The directory holds something else: give an empty or a new one."""


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Loopback ports of one run."""

    broker: int
    switch: int
    printer: int
    speaker: int
    web: int
    touch: int  # UDP


def free_ports() -> Ports:
    with (
        socket.create_server(("127.0.0.1", 0)) as broker,
        socket.create_server(("127.0.0.1", 0)) as switch,
        socket.create_server(("127.0.0.1", 0)) as printer,
        socket.create_server(("127.0.0.1", 0)) as speaker,
        socket.create_server(("127.0.0.1", 0)) as web,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as touch,
    ):
        touch.bind(("127.0.0.1", 0))
        numbers = [each.getsockname()[1] for each in (broker, switch, printer, speaker, web, touch)]
    return Ports(**dict(zip(("broker", "switch", "printer", "speaker", "web", "touch"), numbers, strict=True)))


def clear(directory: Path) -> None:
    """Make room for a run where an earlier one lies. Raises NotOurs when anything else lies there."""
    directory.mkdir(parents=True, exist_ok=True)
    foreign = [each.name for each in directory.iterdir() if each.name not in {*OURS, *OUR_FILES}]
    if foreign:
        raise NotOurs(f"{directory} holds other things ({', '.join(foreign[:3])}): give an empty or a new directory")
    for name in OURS:
        shutil.rmtree(directory / name, ignore_errors=True)
        (directory / name).mkdir()
    for name in OUR_FILES:
        (directory / name).unlink(missing_ok=True)


def lay_out(directory: Path, *, ports: Ports, settings: dict[str, object]) -> Hall:
    """Write all configuration under `directory/config`; return the hall. `settings` fill the templates' `$names`."""
    config = directory / "config"
    templates = files("hallcall.demo") / "files"
    for name in ("hall.toml", "pins.toml"):
        (config / name).write_text((templates / name).read_text(encoding="utf-8"), encoding="utf-8")
    values = {
        "dir": directory,
        **SETTINGS,
        **{f"{name}_port": port for name, port in asdict(ports).items()},
        **settings,
    }
    for name in NODE_FILES:
        filled = Template((templates / f"{name}.toml").read_text(encoding="utf-8")).substitute(values)
        (config / f"{name}.toml").write_text(filled, encoding="utf-8")
    hall = load_hall(config / "hall.toml")
    passwords = {name: secrets.token_urlsafe(18) for name in ["dispatcher", *(node.id for node in hall.nodes)]}
    for name, password in passwords.items():
        (config / f"{name}.password").write_text(password + "\n", encoding="utf-8")
        (config / f"{name}.password").chmod(0o600)
    lines = [mosquitto.password_line(name, password) for name, password in passwords.items()]
    (config / mosquitto.PASSWORD_FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")
    (config / mosquitto.ACL_FILE).write_text(mosquitto.acl(hall), encoding="utf-8")
    (config / mosquitto.CONF_FILE).write_text(
        mosquitto.broker_conf(port=ports.broker, directory=config), encoding="utf-8"
    )
    (config / "ports.json").write_text(json.dumps(asdict(ports)) + "\n", encoding="utf-8")
    return hall
