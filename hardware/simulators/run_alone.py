"""One simulated device at a technician's desk: `hallcall simulate-device printer --listen 127.0.0.9:9100`.

What the device does comes out as JSON lines; what a person does to it is typed, one command a line.
"""

import argparse
import asyncio
import dataclasses
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Thread
from typing import Final, Literal, get_args

from .alpha_signs import SimulatedAlphaSigns
from .candle_signs import SimulatedSigns
from .escpos_printer import SimulatedPrinter, SlipPrinted
from .jtt905_keypad import SimulatedKeypad
from .led_bars import SimulatedBars
from .line_keypad import SimulatedTactileKeypad
from .line_scanner import SimulatedScanner
from .loudspeaker import SimulatedLoudspeaker
from .modbus_panels import SimulatedPanels
from .qsystem_pads import KeyName, SimulatedPads

Act = Callable[[Sequence[str]], None]
Simulated = (
    SimulatedPads
    | SimulatedKeypad
    | SimulatedSigns
    | SimulatedPanels
    | SimulatedAlphaSigns
    | SimulatedBars
    | SimulatedPrinter
    | SimulatedLoudspeaker
    | SimulatedScanner
    | SimulatedTactileKeypad
)
Device = Literal[
    "printer",
    "pads",
    "keypad",
    "sign",
    "modbus-sign",
    "alpha-sign",
    "led-bar",
    "loudspeaker",
    "scanner",
    "tactile-keypad",
]
DEVICES: Final[tuple[Device, ...]] = get_args(Device)
KEYS: Final[tuple[KeyName, ...]] = get_args(KeyName)


def main(argv: Sequence[str] | None = None) -> int:
    options = _options(argv)
    try:
        asyncio.run(_run(options))
    except OSError as error:
        print(f"{error}: is another program there already?", file=sys.stderr)  # noqa: T201 - a command line
        return 1
    return 0


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="hallcall simulate-device", description=__doc__)
    parser.add_argument("device", choices=DEVICES)
    parser.add_argument("--listen", metavar="HOST:PORT", help="printer, loudspeaker: where to take connections")
    parser.add_argument("--link", type=Path, help="the path that programs open as their serial port")
    parser.add_argument("--baud", type=int, help="default: 9600, sign 57600")
    parser.add_argument("--out", type=Path, help="folder for slip-1.bin, slip-2.bin … or hall.wav")
    parser.add_argument("--paper-mm", type=float, default=50_000.0, help="how much paper is left on the roll")
    options = parser.parse_args(argv)
    on_network = options.device in {"printer", "loudspeaker"}
    if options.listen is None and (options.link is None or options.device == "loudspeaker"):
        parser.error(f"{options.device} needs {'--listen HOST:PORT' if on_network else '--link PATH'}")
    if options.listen is not None and (not on_network or not options.listen.rpartition(":")[2].isdecimal()):
        parser.error("--listen HOST:PORT is for printer and loudspeaker")
    return options


async def _run(options: argparse.Namespace) -> None:
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
    device, acts = _device(options)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, stopped.set)

    def typed() -> None:
        for line in _typed_lines(sys.stdin.fileno()):
            loop.call_soon_threadsafe(_obey, line.split(), acts)
        if sys.stdin.isatty():  # started by another program, without a keyboard: run until it stops us
            loop.call_soon_threadsafe(stopped.set)

    async with device:
        _say({"ready": options.device, "at": _place(device)})
        Thread(target=typed, name="keyboard", daemon=True).start()
        await stopped.wait()


def _typed_lines(keyboard: int) -> Iterator[str]:
    """Read without Python's own buffer: its lock would abort a program that ends while we wait for a key."""
    pending = b""
    while chunk := os.read(keyboard, 4096):
        *lines, pending = (pending + chunk).split(b"\n")
        for line in lines:
            yield line.decode(errors="replace")


def _place(device: Simulated) -> str:
    match device:
        case SimulatedLoudspeaker() | SimulatedPrinter(link=None):
            return f"{device.host}:{device.port}"
        case SimulatedPrinter():
            return str(device.link)
        case _:
            return str(device.cable.link)


def _obey(words: Sequence[str], acts: dict[str, Act]) -> None:
    """Find the act with the longest name at the front of `words`, and do it."""
    for length in range(len(words), 0, -1):
        act = acts.get(" ".join(words[:length]))
        if act is None:
            continue
        try:
            act(words[length:])
        except (ValueError, IndexError) as error:
            _say({"refused": str(error)})
        return
    if words:
        _say({"commands": sorted(acts)})


def _device(options: argparse.Namespace) -> tuple[Simulated, dict[str, Act]]:
    device: Device = options.device
    baud = options.baud or (57600 if device == "sign" else 9600)
    host, _, port = (options.listen or "127.0.0.1:0").rpartition(":")
    match device:
        case "printer":
            return _printer(options, host, int(port), baud)
        case "pads":
            pads = SimulatedPads(link=options.link, report=_report, baud=baud)
            return pads, {
                "press": lambda words: pads.press(int(words[0]), _key(words[1])),
                "garble": lambda _words: pads.garble(),
                "unplug": lambda _words: pads.cable.unplug(),
                "plug": lambda _words: pads.cable.plug(),
            }
        case "keypad":
            keypad = SimulatedKeypad(link=options.link, report=_report, baud=baud)
            return keypad, {
                "rate": lambda words: _say({"live": keypad.rate(int(words[0]))}),
                "garble": lambda _words: keypad.garble(),
                "unplug": lambda _words: keypad.cable.unplug(),
                "plug": lambda _words: keypad.cable.plug(),
            }
        case "sign":
            signs = SimulatedSigns(link=options.link, report=_report, baud=baud)
            return signs, {
                "unplug": lambda _words: signs.cable.unplug(),
                "plug": lambda _words: signs.cable.plug(),
            }
        case "modbus-sign":
            panels = SimulatedPanels(link=options.link, report=_report, baud=baud)
            return panels, {
                "power off": lambda words: panels.power_off(int(words[0])),
                "power on": lambda words: panels.power_on(int(words[0])),
                "unplug": lambda _words: panels.cable.unplug(),
                "plug": lambda _words: panels.cable.plug(),
            }
        case "alpha-sign":
            return SimulatedAlphaSigns(link=options.link, report=_report, baud=baud), {}
        case "led-bar":
            return SimulatedBars(link=options.link, report=_report, baud=baud), {}
        case "tactile-keypad":
            felt = SimulatedTactileKeypad(link=options.link, baud=baud)
            return felt, {
                "press": lambda words: felt.press(words[0]),
                "hold": lambda words: felt.press(words[0], times=20),
                "garble": lambda _words: felt.garble(),
                "unplug": lambda _words: felt.cable.unplug(),
                "plug": lambda _words: felt.cable.plug(),
            }
        case "scanner":
            scanner = SimulatedScanner(link=options.link, baud=baud)
            return scanner, {
                "scan": lambda words: scanner.scan(" ".join(words)),
                "cut off": lambda words: scanner.cut_off(" ".join(words)),
                "garble": lambda _words: scanner.garble(),
                "unplug": lambda _words: scanner.cable.unplug(),
                "plug": lambda _words: scanner.cable.plug(),
            }
        case "loudspeaker":
            tape = options.out / "hall.wav" if options.out else None
            return SimulatedLoudspeaker(host=host, port=int(port), tape=tape, report=_report), {}


def _printer(options: argparse.Namespace, host: str, port: int, baud: int) -> tuple[SimulatedPrinter, dict[str, Act]]:
    def printed(seen: object) -> None:
        if options.out is not None and isinstance(seen, SlipPrinted):
            (options.out / f"slip-{seen.number}.bin").write_bytes(seen.raw)
        _report(seen)

    printer = SimulatedPrinter(
        host=host,
        port=port,
        link=None if options.listen else options.link,
        baud=baud,
        report=printed,
        paper_mm=options.paper_mm,
    )

    def mute(words: Sequence[str]) -> None:
        printer.is_mute = words[:1] != ["off"]

    return printer, {
        "paper out": lambda words: printer.end_paper(after_mm=float(words[0]) if words else 0.0),
        "refill": lambda words: printer.refill(float(words[0]) if words else 50_000.0),
        "cover open": lambda _words: printer.open_cover(),
        "cover close": lambda _words: printer.close_cover(),
        "jam": lambda words: printer.jam_cutter(jammed=words[:1] != ["off"]),
        "mute": mute,
    }


def _key(word: str) -> KeyName:
    for key in KEYS:
        if key == word:
            return key
    raise ValueError(f"{word!r} is no key of a pad: {', '.join(KEYS)}")


def _report(seen: object) -> None:
    if not dataclasses.is_dataclass(seen) or isinstance(seen, type):
        return
    fields = {name: value for name, value in vars(seen).items() if name != "pieces"}
    _say({"report": type(seen).__name__} | fields)


def _say(words: dict[str, object]) -> None:
    print(json.dumps(words, ensure_ascii=False, default=_plain), flush=True)  # noqa: T201 - its output is the point


def _plain(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
