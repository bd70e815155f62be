"""`hallcall kiosk --check`: tells a technician what works, device by device, as it goes.

Ends with 0 where nothing is red, with 1 otherwise.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from broker.config import BrokenConfig, KioskFile, load_node, load_theme
from broker.contract.messages import Language
from broker.findings import Report, check_texts

from .checks import beside, ears, hall, identity, paper, place, window
from .checks.finding import Bench, Check, green, red
from .only_one import AlreadyRunning, only_one
from .remembered import remembered_hall
from .template import load_template

CHECKS: Final = (
    Check("disk", place.disk, beside=True),
    Check("clock", place.clock, beside=True),
    Check("broker", hall.broker),
    Check("dispatcher", hall.dispatcher),
    Check("identity", identity.identity, beside=True),
    Check("offline", place.own_numbers, beside=True),
    Check("fonts", place.fonts, beside=True),
    Check("printer", paper.printer),
    Check("paper", paper.roll, beside=True),
    Check("speech", ears.speech),
    Check("keypad", ears.keypad),
    Check("scanner", beside.scanner),
    Check("id_cards", beside.id_cards),
    Check("screen", window.screen),
)


async def make(checks: Sequence[Check], bench: Bench, report: Report, *, is_running: bool) -> None:
    """Make the checks in order; one that breaks is a finding, and the others go on."""
    for check in checks:
        if is_running and not check.beside:
            continue
        try:
            async for finding in check.look(bench):
                report.add(check.device, finding)
        except Exception as error:
            logging.getLogger("kiosk").debug("check of %s", check.device, exc_info=True)
            report.add(check.device, red("broke", problem=f"{type(error).__name__}: {error}"))


def main(argv: Sequence[str] | None = None) -> int:
    options = _options(argv)
    logging.basicConfig(stream=sys.stderr, level=logging.CRITICAL, force=True)  # the findings say it
    report = Report(
        check_texts(options.lang, "check"),
        options.lang,
        as_json=options.json,
        write=_write,
        coloured=sys.stdout.isatty() and "NO_COLOR" not in os.environ,
    )
    try:
        file = load_node(options.config, KioskFile)
        if file.screen.theme:
            load_theme(Path(file.screen.theme))
        if file.slip.template:
            load_template(Path(file.slip.template))
    except BrokenConfig as error:
        report.add("config", red("config_broken", problem=str(error)))
        report.end("")
        return 1
    report.add("config", green("config_ok", path=str(options.config)))
    remembered = remembered_hall(Path(file.state_dir) / "hall.json")
    bench = Bench(
        file=file,
        path=options.config,
        now=lambda: datetime.now(UTC),
        clock=time.monotonic,
        hall=remembered.hall if remembered is not None else None,
        attended=not options.unattended,
        touch_s=options.touch_s,
        prints=not options.no_slip,
        ask=report.ask,
    )
    with contextlib.ExitStack() as held:
        is_running = False
        try:
            held.enter_context(only_one(bench.state_dir))
        except AlreadyRunning:
            is_running = True
            report.add("kiosk", red("running"))
        except OSError:
            pass  # the check of the disk says so
        asyncio.run(make(CHECKS, bench, report, is_running=is_running))
    return 0 if report.end(file.node) else 1


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    ours = Language.ZH if os.environ.get("LC_ALL", os.environ.get("LANG", "")).startswith("zh") else Language.EN
    parser = argparse.ArgumentParser(prog="hallcall kiosk --check", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="the kiosk's file")
    parser.add_argument("--lang", type=Language, choices=list(Language), default=ours, metavar="zh|en")
    parser.add_argument("--unattended", action="store_true", help="nobody is there to touch the screen")
    parser.add_argument("--touch-s", type=int, default=20, metavar="N", help="seconds for each cross (20)")
    parser.add_argument("--no-slip", action="store_true", help="print no test slip")
    parser.add_argument("--json", action="store_true", help="for a program: all findings at the end")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
