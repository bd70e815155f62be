"""`hallcall doctor`: what is broken here, or in the whole hall, and what to do about it.

Ends with 0 where all is well, 1 where something is to be looked at, 2 where something is broken.
"""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from broker.ailments import found
from broker.bus import LoginRefused, try_login
from broker.config import BrokenConfig, SupervisorFile, load_node, login_of
from broker.contract.messages import BoxFinding, Language
from broker.identity import Untrusted
from broker.whole_hall import Hearing, whole_hall

from ..desk import HallAway, NoLogin, supervisor_here
from .hearing import bus_of, listen
from .here import PLACE, TLS, Here, language_of
from .report_file import report
from .services import credentials
from .sheet import RED, Sheet
from .trying import to_try, tried


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    logging.basicConfig(level=logging.CRITICAL, force=True)  # the findings say it
    sheet = Sheet(
        language=options.lang,
        as_json=options.json,
        coloured=sys.stdout.isatty() and "NO_COLOR" not in os.environ,
        write=_write,
        hint=sys.stderr.write if sys.stderr.isatty() else lambda _: None,
    )
    try:
        return examine(options, sheet)
    except (BrokenConfig, HallAway, NoLogin) as error:
        sys.stderr.write(f"hallcall doctor: {error}\n")
        return RED
    except KeyboardInterrupt:
        return RED
    except BrokenPipeError:  # whoever read along has seen enough
        sys.stdout = None
        return RED


def examine(options: argparse.Namespace, sheet: Sheet) -> int:
    """Look, say what was found, and write the report that was asked for."""
    heard: Hearing | None = None
    files: list[Path] = []
    health = None
    if options.hall:
        heard = hear_hall(options, sheet)
    else:
        here = Here(
            sheet=sheet, place=options.directory, tls_dir=options.tls_dir, only=options.config, live=options.live
        )
        here.look()
        health = here.health
        files = [path for path, _ in here.nodes]
        files += [path for path in (options.directory / "box.toml", options.directory / "hall.toml") if path.exists()]
    ended = sheet.end()
    if options.report is not None:
        now = datetime.now(UTC)
        told = report(sheet.found, now=now, health=health, heard=heard, files=files)
        try:
            options.report.write_bytes(told)
        except OSError as error:
            sys.stderr.write(f"hallcall doctor: {options.report} cannot be written: {error.strerror}\n")
            return RED
        if not options.json:
            sheet.say("report_written", path=str(options.report), size=len(told) // 1024 + 1)
    return ended


def hear_hall(options: argparse.Namespace, sheet: Sheet) -> Hearing:
    """Ask the broker what the whole hall tells. Raises BrokenConfig and NoLogin."""
    path = options.config if options.config is not None else supervisor_here(options.directory)
    with credentials(path.stem, options.tls_dir) as environment:
        os.environ.update(environment)  # for as long as this program runs
        file = load_node(path, SupervisorFile)
        sheet.looking("broker")
        door = at_the_door(file, sheet.language)
        sheet.add("", door)
        if door.key != "broker_ok":
            return Hearing()
        heard = asyncio.run(listen(bus_of(file), file.hall))
        for each in whole_hall(heard, sheet.language, now=datetime.now(UTC), own=file.node):
            sheet.add(each.place, each.finding)
        if options.test:
            asyncio.run(try_devices(options, sheet, file, heard))
    return heard


async def try_devices(options: argparse.Namespace, sheet: Sheet, file: SupervisorFile, heard: Hearing) -> None:
    """Have each device tried that no customer is at. Raises HallAway."""
    nodes = to_try(heard.nodes.values(), options.node)
    if not nodes and options.node:
        sheet.add(options.node, found("node_gone", node=options.node, role="–"))
    sheet.looking("test")
    async for finding in tried(file, nodes, sheet.language, device=options.device, press_s=options.press):
        sheet.add(str(finding.args.get("node", "")), finding)


def at_the_door(file: SupervisorFile, language: Language) -> BoxFinding:
    """Return whether the broker lets us in, and else why not."""
    where: dict[str, str | float] = {"host": file.broker.host, "port": file.broker.tcp_port, "node": file.node}
    try:
        asyncio.run(try_login(login_of(file)))
    except Untrusted as error:
        return found("broker_refused", problem=error.flaw.said(language), **where)
    except LoginRefused as error:
        return found("broker_refused", problem=str(error), **where)
    except OSError as error:
        return found("broker_gone", problem=str(error), **where)
    return found("broker_ok", **where)


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="hallcall doctor", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hall", action="store_true", help="the whole hall, from any box with a supervisor's file")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="only this node's file; with --hall the supervisor's"
    )
    parser.add_argument(
        "--live", action="store_true", help="stop programs, try their devices by hand, start them again (as root)"
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write a ZIP for support, without personal data")
    parser.add_argument("--lang", type=Language, choices=list(Language), default=language_of(), metavar="zh|en")
    parser.add_argument("--json", action="store_true", help="for a program: all findings at the end")
    parser.add_argument("--directory", type=Path, default=PLACE, help=f"the box's files ({PLACE})")
    parser.add_argument("--tls-dir", type=Path, default=TLS, help=f"its certificates ({TLS})")
    trying = parser.add_argument_group("with --hall")
    trying.add_argument("--test", action="store_true", help="try all devices that no customer is at")
    trying.add_argument("--node", default="", metavar="NODE", help="of this program only")
    trying.add_argument("--device", default="", metavar="DEVICE", help="this one only, such as printer or sign-3")
    trying.add_argument(
        "--press", type=int, choices=range(61), default=0, metavar="SECONDS", help="so long for each key: who presses?"
    )
    options = parser.parse_args(arguments)
    if (options.test and not options.hall) or ((options.node or options.device or options.press) and not options.test):
        parser.error("--test goes with --hall; --node, --device and --press go with --test")
    return options
