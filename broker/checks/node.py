"""A node's file: each device on one address, each address on a line."""

from collections.abc import Iterator

from hardware.ports import parse

from ..pad_file import pad_findings
from ..sign_file import sign_findings
from ..strict_toml import Finding, TomlFile
from ..toml_lines import Place
from .agreement import unique


def counter_findings(file: TomlFile) -> Iterator[Finding]:
    yield from unique(file, "windows[].counter")
    yield from unique(file, "windows[].pad")
    yield from _has_line(file, "windows[].pad", "pads")
    yield from _has_badges(file)
    yield from pad_findings(file)
    yield from sign_findings(file)


def display_findings(file: TomlFile) -> Iterator[Finding]:
    if "screen" not in file.tables and "voice" not in file.tables:
        yield Finding(place=("screen",), text="neither [screen] nor [voice]; give one of them")


def web_findings(file: TomlFile) -> Iterator[Finding]:
    yield from unique(file, "boards[].id")
    yield from unique(file, "tablets[].counter")
    pages = file.tables.get("pages")
    if isinstance(pages, dict) and bool(pages.get("certificate")) != bool(pages.get("key")):
        there, missing = ("certificate", "key") if pages.get("certificate") else ("key", "certificate")
        text = f"https needs certificate and key; name the {missing} too, or leave both out for http"
        yield Finding(place=("pages", there), text=text)


def login_findings(file: TomlFile) -> Iterator[Finding]:
    """Yield what is missing to show the broker who this node is, or is there twice."""
    broker = file.tables.get("broker")
    if not isinstance(broker, dict):
        return
    wanted = ("authority", "certificate", "key")
    there = [key for key in wanted if broker.get(key)]
    if not there and not broker.get("password_file"):
        text = "neither a certificate (authority, certificate, key) nor a password_file; give one of them"
        yield Finding(place=("broker",), text=text)
    elif there and broker.get("password_file"):
        text = "a certificate and a password; the broker takes one of them: leave the other out"
        yield Finding(place=("broker", "password_file"), text=text)
    elif there and len(there) < len(wanted):
        missing = " and ".join(key for key in wanted if key not in there)
        yield Finding(place=("broker", there[0]), text=f"a certificate needs all of its files; name the {missing} too")


def port_findings(file: TomlFile) -> Iterator[Finding]:
    """Yield each cable's address that no port can be opened by."""
    for place, url in _ports(file.tables, ()):
        try:
            parse(url)
        except ValueError as error:
            yield Finding(place=place, text=str(error))


def _ports(part: object, place: Place) -> Iterator[tuple[Place, str]]:
    """Yield every text that is named `port`; an empty one means that there is none."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "port" and isinstance(value, str) and value:
                yield (*place, key), value
            else:
                yield from _ports(value, (*place, key))
    elif isinstance(part, list):
        for at, each in enumerate(part):
            yield from _ports(each, (*place, at))


def _has_badges(file: TomlFile) -> Iterator[Finding]:
    if file.tables.get("badges"):
        return
    for place, _ in file.select("windows[].card"):
        yield Finding(place=place, text="there is no `badges`, the file that says whose card is which; name it")


def _has_line(file: TomlFile, pattern: str, line: str) -> Iterator[Finding]:
    for place, _ in file.select(pattern):
        if line not in file.tables:
            yield Finding(place=place, text=f"there is no [{line}] with its serial line; add it or remove the key")
