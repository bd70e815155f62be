"""`--report FILE`: one file for support, made of what was found and heard. Nobody's name or number is in it.

What is put in is listed here, and nothing else is: journals, notes, PINs, cards, keys and passwords are never opened.
Free text goes through `broker.discretion`; of hall.toml only its shape is told.
"""

import io
import json
import platform
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

import msgspec

from broker.ailments import Found
from broker.contract.messages import BoxFinding, BoxHealth, Language
from broker.discretion import struck
from broker.whole_hall import Hearing

from .sheet import as_json, as_text

SECRETS: Final = frozenset({"token", "code", "password", "secret", "pin", "key", "pins", "badges", "photos"})


def report(
    found: Sequence[Found],
    *,
    now: datetime,
    health: BoxHealth | None = None,
    heard: Hearing | None = None,
    files: Sequence[Path] = (),
) -> bytes:
    """Return the ZIP file."""
    bare = [Found(each.place, _bare(each.finding)) for each in found]
    parts: dict[str, str] = {
        "summary-en.txt": as_text(bare, Language.EN),
        "summary-zh.txt": as_text(bare, Language.ZH),
        "findings.json": _dump(as_json(bare, Language.EN)),
        "machine.json": _dump(_machine(now)),
        "configuration.json": _dump({path.name: configured(path) for path in files}),
    }
    if health is not None:
        parts["health.json"] = _dump(_struck(msgspec.to_builtins(health)))
    if heard is not None:
        parts["presences.json"] = _dump(_struck(msgspec.to_builtins(heard.nodes)))
        parts["warnings.json"] = _dump(_struck(msgspec.to_builtins(heard.logs)))
        parts["hall.json"] = _dump(_shape(heard))
    place = io.BytesIO()
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, date_time=now.timetuple()[:6]), text)
    return place.getvalue()


def configured(path: Path) -> object:
    """Return a node's or box's file without its secrets; of a hall's file, and of one that cannot be read, its keys."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return f"cannot be read: {struck(str(error))}"
    if "services" in tables:
        return {key: len(value) if isinstance(value, list | dict) else "…" for key, value in tables.items()}
    return _without_secrets(tables)


def _without_secrets(value: object) -> object:
    match value:
        case dict():
            return {key: "…" if key in SECRETS else _without_secrets(each) for key, each in value.items()}
        case list():
            return [_without_secrets(each) for each in value]
        case str():
            return struck(value)
        case bool() | int() | float():
            return value
        case _:  # TOML's dates
            return str(value)


def _bare(finding: BoxFinding) -> BoxFinding:
    args = {key: struck(value) if isinstance(value, str) else value for key, value in finding.args.items()}
    return msgspec.structs.replace(finding, args=args)


def _struck(value: object) -> object:
    """Return it with each text fit to leave; keys are ours."""
    match value:
        case Mapping():
            return {str(key): each if key in _OURS else _struck(each) for key, each in value.items()}
        case list() | tuple():
            return [_struck(each) for each in value]
        case str():
            return struck(value)
        case _:
            return value


_OURS: Final = frozenset({"first", "last", "last_day", "version", "program", "image", "run", "sha256"})  # never typed


def _shape(heard: Hearing) -> dict[str, object]:
    """Return how large the hall is, and who is in it; no names of services, counters or clerks."""
    if heard.hall is None:
        return {}
    hall = heard.hall.hall
    return {
        "hall": hall.id,
        "day": heard.hall.day,
        "services": len(hall.services),
        "counters": len(hall.counters),
        "zones": len(hall.zones),
        "clerks": len(hall.clerks),
        "nodes": {each.id: each.role.value for each in hall.nodes},
        "waiting": sum(each.waiting for each in heard.queues.queues) if heard.queues is not None else None,
    }


def _machine(now: datetime) -> dict[str, object]:
    wanted = ("hallcall", "msgspec", "paho-mqtt", "cryptography", "Kivy", "pyserial", "starlette", "uvicorn")
    versions = {each.name: each.version for each in distributions() if each.name in wanted}
    return {
        "made": now.isoformat(timespec="seconds"),
        "system": platform.platform(),
        "processor": platform.machine(),
        "python": platform.python_version(),
        "packages": dict(sorted(versions.items())),
    }


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n"
