"""Gives a whole hall a release: sends its bundles to the registrar, which hands them out stage by stage."""

import argparse
import getpass
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from broker.authority.keys import BadKey
from broker.authority.safe import WrongPassphrase
from broker.config import BrokenConfig
from broker.joining import words
from broker.joining.asking import NotAnswered, Refused, Registrar

from ..founding import authority
from ..founding.passphrase import NoPassphrase, from_file
from ..founding.technician import at_registrar

PIECE: Final = 2 << 20
_TAIL: Final = 1 << 16  # the signature, with the manifest in it, is the end of a bundle
_COMPATIBLE: Final = re.compile(rb"\ncompatible=hallcall-(\w+)\n")
_VERSION: Final = re.compile(rb"\nversion=(\S+)\n")


class NoBundle(ValueError):
    """A file is no bundle of ours."""


class Bundle(NamedTuple):
    path: Path
    arch: str
    version: str


def read(path: Path) -> Bundle:
    """Return what a bundle says of itself; whether its signature is good, each box judges. Raises NoBundle."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL))
            tail = file.read()
    except OSError as error:
        raise NoBundle(f"{path}: {error.strerror}") from error
    length = int.from_bytes(tail[-8:], "big")
    signature = tail[-8 - length : -8] if 0 < length < len(tail) - 8 else b""
    arch, version = _COMPATIBLE.search(signature), _VERSION.search(signature)
    if arch is None or version is None:
        raise NoBundle(f"{path}: this is no update bundle of Hallcall's; ./run bundle makes one, FILE.raucb")
    return Bundle(path, arch[1].decode(), version[1].decode())


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="hallcall update hall", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="bundles of one release, one a kind of box")
    parser.add_argument("--hall", type=Path, required=True, metavar="DIR", help="the hall's folder, with authority/")
    parser.add_argument("--dispatcher", default="", metavar="ADDRESS", help="left out: as the hall's folder says")
    parser.add_argument("--now", action="store_true", help="also while the hall is open")
    parser.add_argument("--back", action="store_true", help="each box to the release before the one given last")
    parser.add_argument("--stop", action="store_true", help="nobody else gets the release that is on its way")
    parser.add_argument("--passphrase-file", type=Path, help="its first line is the authority's passphrase")
    parser.add_argument("--port", type=int, default=words.PORT, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.back + options.stop + bool(options.files) > 1:
        parser.error("give a release, or --back, or --stop: one of them")
    try:
        bundles = read_all(options.files)
        passphrase = _passphrase(options.passphrase_file)
        with at_registrar(options.hall, passphrase=passphrase, host=options.dispatcher, port=options.port) as registrar:
            if options.back:
                told = registrar.tell("/rollout/back", words.Back(at_once=options.now), words.RolloutTold)
            elif options.stop:
                told = registrar.send("/rollout/stop", b"", words.RolloutTold)
            elif bundles:
                told = give(registrar, bundles, at_once=options.now)
            else:
                told = registrar.read("/rollout", words.RolloutTold)
    except (
        *(NoBundle, NoPassphrase, NotAnswered, Refused),
        *(WrongPassphrase, BadKey, authority.NoAuthority, BrokenConfig),
    ) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(in_words(told))
    return int(bool(told.alert))


def read_all(paths: Sequence[Path]) -> list[Bundle]:
    """Return the bundles of one release. Raises NoBundle."""
    bundles = [read(path) for path in paths]
    versions = {bundle.version for bundle in bundles}
    if len(versions) > 1:
        raise NoBundle(f"these are several releases: {', '.join(sorted(versions))}; give the bundles of one")
    if len({bundle.arch for bundle in bundles}) < len(bundles):
        raise NoBundle("two of these are for the same kind of machine; give one bundle for each kind")
    return bundles


def _passphrase(file: Path | None) -> str:
    if file is not None:
        return from_file(file)
    return getpass.getpass("passphrase of the hall's authority 营业厅证书机构的口令: ")


def give(registrar: Registrar, bundles: Sequence[Bundle], *, at_once: bool) -> words.RolloutTold:
    """Send bundles, and begin. Raises NotAnswered, Refused."""
    names: dict[str, str] = {}
    for bundle in bundles:
        names[bundle.arch] = f"hallcall-{bundle.version}-{bundle.arch}.raucb"
        _send(registrar, bundle.path, f"/releases/{names[bundle.arch]}")
    begin = words.Begin(version=bundles[0].version, packages=names, at_once=at_once)
    return registrar.tell("/rollout", begin, words.RolloutTold)


def _send(registrar: Registrar, path: Path, to: str) -> None:
    size = path.stat().st_size
    with path.open("rb") as file:
        at = 0
        while at < size:
            file.seek(at)
            at = registrar.send(f"{to}?at={at}", file.read(PIECE), words.GotSoFar).size
            sys.stderr.write(f"\r{path.name}: {at * 100 // size} %")
    sys.stderr.write("\n")


def in_words(told: words.RolloutTold) -> str:
    """Return how far the hall is, for a technician."""
    if not told.version:
        return "no release is on its way\n"
    lines = [f"back from release {told.version}" if told.back else f"release {told.version}"]
    if told.alert:
        lines.append(f"STOPPED: {told.alert}")
    elif not told.waits_for and not told.later:
        lines.append(
            "done, but for those that are switched off: they get it when they are back" if told.absent else "done"
        )
    elif told.quiet_from is not None:
        lines.append(f"boxes restart outside opening hours, from {told.quiet_from:%Y-%m-%d %H:%M} UTC")
    groups = (
        ("have left it" if told.back else "confirmed", told.done),
        ("at work", told.waits_for),
        ("later", told.later),
        ("switched off", told.absent),
        ("takes none", told.takes_none),
    )
    lines += [f"  {name:13}{', '.join(boxes)}" for name, boxes in groups if boxes]
    return "\n".join(lines) + "\n"
