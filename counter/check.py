"""`hallcall counter --check`: tries the box's lines and login, and walks a technician through each key and lamp.

Ends with 0 where nothing is red, with 1 otherwise. The counter program must be stopped: a line has one master.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from broker.bus import LoginRefused, try_login
from broker.config import BrokenConfig, CounterFile, load_node, login_of
from broker.config import Keypad as KeypadConfig
from broker.config import PadLine as PadsConfig
from broker.contract.messages import Language
from broker.findings import Report, amber, check_texts, green, red, skipped
from broker.identity import Untrusted
from broker.pad_file import DESCRIBED, OWN_GRADES, load_pad
from hardware.devices import KeypadRating, Lamp, PadKey, PadPress, PortGone
from hardware.pad_frames import GRADES

from .wiring import Devices, connect, keypad_name, pad_name, sign_name

OPEN_S: Final = 3.0
POLLS_S: Final = 1.5  # all devices of a line have been asked three times by then
TRIAL: Final = "8888"
OWN_KEYS: Final = tuple(key.value for key in (PadKey.CALL, PadKey.START, PadKey.REDIRECT, PadKey.FINISH))


@dataclass
class Heard:
    """What the box's devices have said since the check began."""

    links: dict[str, str] = field(default_factory=dict)  # "" is up, else why it is not
    silent: dict[str, str] = field(default_factory=dict)  # devices that do not answer, and why
    pads: dict[int, set[PadKey]] = field(default_factory=dict)
    grades: dict[int, set[KeypadRating]] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def link(self, name: str, up: bool, reason: str) -> None:  # noqa: FBT001 - the line's callback
        self.links[name] = "" if up else reason
        self.news.set()

    def health(self, name: str, reason: str) -> None:
        self.silent[name] = reason
        self.news.set()

    def pressed(self, press: PadPress) -> None:
        self.pads.setdefault(press.address, set()).add(press.key)
        self.news.set()

    def rated(self, counter: int, rating: KeypadRating) -> None:
        self.grades.setdefault(counter, set()).add(rating)
        self.news.set()

    async def until(self, wanted: Callable[[], bool], seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not wanted():
                    self.news.clear()
                    await self.news.wait()
        return wanted()


class Walk:
    """From device to device; `attended` says whether somebody is there to press."""

    def __init__(self, file: CounterFile, report: Report, *, attended: bool, press_s: int) -> None:
        self._file = file
        self._report = report
        self._attended = attended
        self._press_s = press_s
        self._heard = Heard()

    async def make(self) -> None:
        await self._login()
        devices = connect(self._file, on_link=self._heard.link, on_sign=self._heard.health)
        async with _running(devices, self._heard):
            await self._lines(devices)
            for each in self._file.windows:
                if each.sign is not None:
                    await self._sign(devices, each.counter)
                if each.pad is not None:
                    await self._pad(devices, each.counter, each.pad)
                if each.keypad is not None:
                    await self._keypad(devices, each.counter, each.keypad)
            await asyncio.sleep(0.2)  # the last lamp goes out

    async def _login(self) -> None:
        where: dict[str, str | int] = {"host": self._file.broker.host, "port": self._file.broker.tcp_port}
        try:
            await try_login(login_of(self._file))
        except BrokenConfig as error:
            self._report.add("broker", red("broker_password", problem=str(error)))
        except Untrusted as error:
            self._report.add("broker", red(f"certificate_{error.flaw.fault}", **error.flaw.args))
        except LoginRefused:
            path = self._file.broker.proof
            self._report.add("broker", red("broker_refused", node=self._file.node, path=path, **where))
        except OSError as error:
            self._report.add("broker", red("broker_gone", problem=str(error), **where))
        else:
            self._report.add("broker", green("broker_ok", node=self._file.node, **where))

    async def _lines(self, devices: Devices) -> None:
        await self._heard.until(lambda: all(line.is_up for line in devices.lines), OPEN_S)
        await asyncio.sleep(POLLS_S)
        for name, reason in self._heard.links.items():
            self._report.add(name, red("line_gone", problem=reason) if reason else green("line_ok"))

    async def _sign(self, devices: Devices, counter: int) -> None:
        name = sign_name(counter)
        try:
            await devices.signs[counter].show(TRIAL)
        except ValueError as error:
            self._report.add(name, amber("sign_unreadable", problem=str(error)))
            return
        await asyncio.sleep(1.0)  # one that answers has answered by then
        if reason := self._heard.silent.get(name):
            self._report.add(name, red("silent", problem=reason))
            return
        self._report.add(name, green("sign_sent", text=TRIAL))

    async def _pad(self, devices: Devices, counter: int, address: int) -> None:
        name = pad_name(counter)
        if devices.pads is None or self._file.pads is None or not self._answers(name, "pads"):
            return
        await devices.pads.lamp(address, Lamp.GREEN, beep=True)
        with contextlib.suppress(ValueError):
            await devices.pads.text(address, TRIAL[:3])
        for key in _keys(self._file.pads, OWN_KEYS, {each.value for each in PadKey}):
            await self._ask(name, key, lambda: self._heard.pads.get(address, set()), PadKey(key), counter)
        await devices.pads.lamp(address, Lamp.OFF)

    async def _keypad(self, devices: Devices, counter: int, about: KeypadConfig) -> None:
        name = keypad_name(counter)
        if not self._answers(name, name):
            return
        for grade in _keys(about, OWN_GRADES, set(GRADES)):
            await devices.keypads[counter].ask()
            await self._ask(name, grade, lambda: self._heard.grades.get(counter, set()), GRADES[grade], counter)
        await devices.keypads[counter].rest()

    def _answers(self, name: str, line: str) -> bool:
        if self._heard.links.get(line):
            self._report.add(name, skipped("line_first"))
            return False
        if reason := self._heard.silent.get(name):
            self._report.add(name, red("silent", problem=reason))
            return False
        return True

    async def _ask(
        self,
        name: str,
        key: str,
        came: Callable[[], AbstractSet[PadKey | KeypadRating]],
        wanted: PadKey | KeypadRating,
        counter: int,
    ) -> None:
        if not self._attended:
            self._report.add(name, skipped("nobody_presses", key=key))
            return
        self._report.ask("press_now", self._press_s, key=key, counter=counter)
        if await self._heard.until(lambda: wanted in came(), self._press_s):
            self._report.add(name, green("key_ok", key=key))
        else:
            self._report.add(name, red("key_silent", key=key, others=self._others(counter) or "–"))

    def _others(self, counter: int) -> str:
        """Return the addresses at which something was pressed instead: the switches in a pad may be wrong."""
        mine = {each.pad for each in self._file.windows if each.counter == counter}
        return ", ".join(str(address) for address in sorted(set(self._heard.pads) - mine))


def _keys(about: PadsConfig | KeypadConfig, own: Sequence[str], all_of_kind: set[str]) -> Sequence[str]:
    if about.driver not in DESCRIBED:
        return own
    described = load_pad(Path(about.file), DESCRIBED[about.driver])
    return list(dict.fromkeys(each.means for each in described.keys if each.means in all_of_kind))


@contextlib.asynccontextmanager
async def _running(devices: Devices, heard: Heard) -> AsyncIterator[None]:
    async def hear_pads() -> None:
        while devices.pads is not None:
            with contextlib.suppress(PortGone):
                async for press in devices.pads.presses():
                    heard.pressed(press)

    async def hear_keypad(counter: int) -> None:
        while True:
            with contextlib.suppress(PortGone):
                async for rating in devices.keypads[counter].ratings():
                    heard.rated(counter, rating)

    work: list[asyncio.Task[None]] = [asyncio.create_task(line.run()) for line in devices.lines]
    work += [asyncio.create_task(hear_pads())]
    work += [asyncio.create_task(hear_keypad(each)) for each in devices.keypads]
    try:
        yield
    finally:
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)


def main(argv: Sequence[str]) -> int:
    options = _options(argv)
    logging.basicConfig(stream=sys.stderr, level=logging.CRITICAL, force=True)  # the findings say it
    report = Report(
        check_texts(options.lang, "check", "counter_check"),
        options.lang,
        as_json=options.json,
        write=_write,
        coloured=sys.stdout.isatty() and "NO_COLOR" not in os.environ,
    )
    try:
        file = load_node(options.config, CounterFile)
    except BrokenConfig as error:
        report.add("config", red("config_broken", problem=str(error)))
        report.end("")
        return 1
    report.add("config", green("config_ok", path=str(options.config)))
    asyncio.run(Walk(file, report, attended=not options.unattended, press_s=options.press_s).make())
    return 0 if report.end(file.node) else 1


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _options(argv: Sequence[str]) -> argparse.Namespace:
    ours = Language.ZH if os.environ.get("LC_ALL", os.environ.get("LANG", "")).startswith("zh") else Language.EN
    parser = argparse.ArgumentParser(prog="hallcall counter --check", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="the box's file")
    parser.add_argument("--lang", type=Language, choices=list(Language), default=ours, metavar="zh|en")
    parser.add_argument("--unattended", action="store_true", help="nobody is there to press keys")
    parser.add_argument("--press-s", type=int, default=20, metavar="N", help="seconds for each key (20)")
    parser.add_argument("--json", action="store_true", help="for a program: all findings at the end")
    return parser.parse_args(argv)
