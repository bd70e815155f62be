"""`hallcall sniff PORT`: fits a call pad or rating keypad that no document explains, and writes its file.

Listens at the device, or with --tap between an old host and its devices; asks for key after key; says what the frames
mean; and tries the file out: --try FILE.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from broker.contract.messages import Language
from broker.contract.texts import texts
from broker.pad_file import load_pad, pad_baud
from broker.strict_toml import BrokenConfig, TomlFile
from hardware.devices import Lamp, PortGone
from hardware.drivers.hid_pad import DOWN, EventDecoder
from hardware.drivers.pad_code import PadCode
from hardware.drivers.pad_codes import pad_code
from hardware.drivers.pad_line import PadLine
from hardware.guessing import Guess, NotUnderstood, Polling, Sample, Talk, guess, polling, presses, single, told
from hardware.line import Line
from hardware.pad_frames import PadKind
from hardware.sign_frames import Check

from .tapping import ODD_SPEEDS, SPEEDS, Ear, listening, speed

PAD_KEYS: Final = ("call", "start", "redirect", "finish", "recall", "no-show", "hold", "pause")
KEYPAD_KEYS: Final = ("very_satisfied", "satisfied", "average", "dissatisfied", "very_dissatisfied", "complaint")
LAMPS: Final = ("green", "red", "off")
QUIET_S: Final = 3.0
SETTLE_S: Final = 0.1
SKIP: Final = "s"


class Ended(EOFError):
    """Nobody types any more."""


class Dialogue:
    """Says and asks, in the technician's language."""

    def __init__(self, language: Language) -> None:
        self._table = texts(language)["sniff"]

    def say(self, key: str, /, **args: object) -> None:
        sys.stdout.write(self.text(key, **args) + "\n")
        sys.stdout.flush()

    def text(self, key: str, /, **args: object) -> str:
        return self._table[key].format(**args)

    def name(self, means: str) -> str:
        return f"{self._table.get(f'key_{means}', means)} ({means})"

    async def ask(self, key: str, /, **args: object) -> str:
        """Ask, and return what was typed. Raises Ended."""
        self.say(key, **args)
        line: str = await asyncio.to_thread(sys.stdin.readline)
        if not line:
            raise Ended
        return line.strip().lower()


def main(argv: Sequence[str]) -> int:
    options = _options().parse_args(argv)
    dialogue = Dialogue(options.lang)
    try:
        if options.try_file is not None:
            asyncio.run(_try(options, dialogue))
        elif options.port.startswith("evdev:"):
            asyncio.run(_fit_usb(options, dialogue))
        else:
            asyncio.run(_fit(options, dialogue))
    except Ended:
        dialogue.say("ended")
        return 1
    except NotUnderstood as error:
        dialogue.say("not_understood", problem=str(error))
        return 1
    except (PortGone, ValueError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command line
        return 1
    except KeyboardInterrupt:
        return 1
    return 0


def _options() -> argparse.ArgumentParser:
    ours = Language.ZH if os.environ.get("LC_ALL", os.environ.get("LANG", "")).startswith("zh") else Language.EN
    parser = argparse.ArgumentParser(prog="hallcall sniff", description=__doc__)
    parser.add_argument("port", metavar="PORT", help="/dev/ttyUSB0, tcp:HOST:PORT, or evdev:DEVICE for a USB keypad")
    parser.add_argument("--tap", metavar="PORT", default="", help="where the old host is plugged in instead")
    parser.add_argument("--for", dest="kind", choices=("pad", "keypad"), default="keypad", help="default: keypad")
    parser.add_argument("--baud", help="such as 9600, or 9600&parity=E; left out: all usual ones are tried")
    parser.add_argument("--all-speeds", action="store_true", help="try the unusual ones as well")
    parser.add_argument("--scan-s", type=float, default=4.0, metavar="N", help="seconds for each speed (4)")
    parser.add_argument("--quiet-s", type=float, default=QUIET_S, metavar="N", help="seconds to learn the polls (3)")
    parser.add_argument("--out", type=Path, help="the file to write; left out: it is shown")
    parser.add_argument("--try", dest="try_file", type=Path, metavar="FILE", help="talk to the device by this file")
    parser.add_argument("--address", type=int, default=1, help="with --try: whom to talk to (1)")
    parser.add_argument("--lang", type=Language, choices=list(Language), default=ours, metavar="zh|en")
    return parser


def _port(text: str) -> str:
    return text if ":" in text.partition("/")[0] else f"serial:{text}"


async def _fit(options: argparse.Namespace, dialogue: Dialogue) -> None:
    device, host = _port(options.port), _port(options.tap) if options.tap else ""
    at = options.baud or ""
    has_speed = device.startswith("serial:") and "baud=" not in device
    if has_speed and not at:
        dialogue.say("scan_tap" if host else "scan")
        at = await speed(
            device,
            host,
            speeds=(*SPEEDS, *ODD_SPEEDS) if options.all_speeds else SPEEDS,
            each_s=options.scan_s,
            tell=lambda each, score: dialogue.say("scanned", speed=each, score=score),
        )
        if not at:
            raise NotUnderstood(dialogue.text("silence"))
        dialogue.say("speed", speed=at)
    query = f"?baud={at}" if has_speed else ""
    keys = PAD_KEYS if options.kind == "pad" else KEYPAD_KEYS

    def show(talk: Talk) -> None:
        sys.stdout.write(f"  {'→' if talk.from_host else '←'} {talk.frame.hex(' ').upper()}\n")
        sys.stdout.flush()

    async with listening(device + query, host + query if host else "", show=_say_nothing if host else show) as ear:
        how = None
        if host:
            dialogue.say("quiet", seconds=f"{options.quiet_s:g}")
            ear.take()
            await asyncio.sleep(options.quiet_s)
            how = polling(ear.take())
            if how is not None:
                dialogue.say("polled", many=len(how.polls), first=how.polls[0].hex(" ").upper())
        samples = await _press_all(ear, dialogue, keys, how)
        whole, key_names = _understood(samples, how)
        dialogue.say("frame", frame=whole.frame, check=whole.check.value)
        for means in key_names:
            dialogue.say("key", key=dialogue.name(means), sends=whole.keys[means].hex(" ").upper())
        if whole.left_out:
            dialogue.say("left_out", many=whole.left_out)
        shown = await _told(ear, dialogue, options.kind, how) if host else {}
    text = _toml(whole, key_names, how, shown, baud=at.partition("&")[0])
    _write(text, options.out, dialogue)
    dialogue.say(
        "done_keypad" if options.kind == "keypad" else "done_pad",
        port=device + query,
        file=options.out or "FILE.toml",
        address=next(iter(whole.addresses.values()), 1),
    )


def _say_nothing(_talk: Talk) -> None:
    """Keep quiet: polls would fill the screen."""


async def _press_all(ear: Ear, dialogue: Dialogue, keys: Sequence[str], how: Polling | None) -> list[Sample]:
    samples: list[Sample] = []
    for key in keys:
        samples += await _press(ear, dialogue, "press", key, how)
    if samples and how is None:
        first = samples[0].key
        samples += await _press(ear, dialogue, "second", first, how, device=1)
    return samples


async def _press(
    ear: Ear, dialogue: Dialogue, question: str, key: str, how: Polling | None, *, device: int = 0
) -> list[Sample]:
    """Ask for a key until something came, or until the technician says that there is no such key."""
    while True:
        ear.take()
        typed = await dialogue.ask(question, key=dialogue.name(key))
        await asyncio.sleep(SETTLE_S)  # for the last press to arrive
        talks = ear.take()
        if typed == SKIP:
            return []
        if how is not None:
            came = presses(talks, how, key)
        else:
            came = [Sample(key=key, frame=single(each.frame), device=device) for each in talks if not each.from_host]
        if came or question == "second":
            dialogue.say("came", many=len(came), first=came[0].frame.hex(" ").upper() if came else "–")
            return came
        dialogue.say("nothing_came")


def _understood(samples: Sequence[Sample], how: Polling | None) -> tuple[Guess, list[str]]:
    """Return the guess, and the keys that were pressed; what polled devices say otherwise helps with addresses."""
    if not samples:
        raise NotUnderstood("no key was pressed")
    names = list(dict.fromkeys(each.key for each in samples))
    if how is None:
        return guess(samples), names
    idle = [Sample(key="", frame=answer, device=how.device(poll)) for poll in how.polls for answer in how.answers[poll]]
    try:
        return guess([*samples, *idle]), names
    except NotUnderstood:
        return guess(samples), names


async def _told(ear: Ear, dialogue: Dialogue, kind: str, how: Polling | None) -> dict[str, bytes]:
    """Let the old host show each thing once, and keep its frame."""
    shown: dict[str, bytes] = {}
    for what in ("ask", "rest") if kind == "keypad" else LAMPS:
        ear.take()
        if await dialogue.ask(f"do_{what}") == SKIP:
            continue
        await asyncio.sleep(SETTLE_S)
        frames = told(ear.take(), how)
        if frames:
            shown[what] = frames[-1]
            dialogue.say("host_said", frame=frames[-1].hex(" ").upper())
        else:
            dialogue.say("host_silent")
    return shown


def _toml(found: Guess, names: Sequence[str], how: Polling | None, shown: Mapping[str, bytes], *, baud: str) -> str:
    lines = ["# written by hallcall sniff", f'press = "{found.frame}"']
    if found.check.value != "none":
        lines.append(f'check = "{found.check.value}"')
    if how is not None:
        lines.append(f'poll = "{_poll(found, how)}"')
        if "" in found.keys:
            lines.append(f'nothing = "{found.frame.replace("{key}", found.keys[""].hex(" ").upper())}"')
        elif answers := sorted(set().union(*how.answers.values())):
            lines.append(f'nothing = "{answers[0].hex(" ").upper()}"')
    lines += [f'{what} = "{shown[what].hex(" ").upper()}"' for what in ("ask", "rest") if what in shown]
    if baud.isdecimal():
        lines.append(f"baud = {baud}")
    lamps = [f'  {{ lamp = "{lamp}", frame = "{shown[lamp].hex(" ").upper()}" }},' for lamp in LAMPS if lamp in shown]
    if lamps:
        lines += ["lamps = [", *lamps, "]"]
    keys = [f'  {{ sends = "{found.keys[name].hex(" ").upper()}", means = "{name}" }},' for name in names]
    return "\n".join([*lines, "keys = [", *keys, "]"]) + "\n"


def _poll(found: Guess, how: Polling) -> str:
    """Describe the poll: of several devices with their address in its place, of one just as it is."""
    if len(how.polls) > 1:
        with suppress(NotUnderstood):
            of_all = guess([Sample(key="", frame=each, device=number) for number, each in enumerate(how.polls)])
            if of_all.check in (found.check, Check.NONE):
                return of_all.frame
    return how.polls[0].hex(" ").upper()


def _write(text: str, out: Path | None, dialogue: Dialogue) -> None:
    if out is None:
        sys.stdout.write(text)
        return
    out.write_text(text, encoding="utf-8")
    try:
        load_pad(out, PadKind.FRAMED if "press" in TomlFile(out).tables else PadKind.HID)
    except BrokenConfig as broken:
        raise NotUnderstood(str(broken)) from broken
    dialogue.say("written", file=out)


# A USB keypad ---------------------------------------------------------------------------------------------------------


async def _fit_usb(options: argparse.Namespace, dialogue: Dialogue) -> None:
    codes: dict[str, int] = {}
    async with listening(options.port, "", show=lambda _talk: None) as ear:
        for key in PAD_KEYS if options.kind == "pad" else KEYPAD_KEYS:
            ear.take()
            typed = await dialogue.ask("press", key=dialogue.name(key))
            await asyncio.sleep(SETTLE_S)
            pressed = [code for talk in ear.take() for code, value in EventDecoder().feed(talk.frame) if value == DOWN]
            if typed != SKIP and pressed:
                codes[key] = pressed[-1]
    if not codes:
        raise NotUnderstood(dialogue.text("silence"))
    keys = [f'  {{ code = {code}, means = "{key}" }},' for key, code in codes.items()]
    _write("\n".join(["# written by hallcall sniff", "keys = [", *keys, "]"]) + "\n", options.out, dialogue)


# Trying a file --------------------------------------------------------------------------------------------------------


async def _try(options: argparse.Namespace, dialogue: Dialogue) -> None:
    """Talk to a device by its file: say what is pressed, and show what is typed."""
    described = load_pad(options.try_file, PadKind.FRAMED)
    code = pad_code(described)
    device = _port(options.port)
    if device.startswith("serial:") and "baud=" not in device:
        device += f"?baud={options.baud or pad_baud(described)}"
    line = Line(device, on_link=lambda up, reason: dialogue.say("up" if up else "down", reason=reason))
    pads = PadLine(
        line,
        code,
        addresses=(options.address,),
        on_health=lambda _address, reason: dialogue.say("dead", reason=reason) if reason else dialogue.say("alive"),
    )
    work = [
        asyncio.create_task(line.run()),
        asyncio.create_task(_say_presses(pads, dialogue)),
        asyncio.create_task(_say_ratings(pads, options.address, dialogue)),
    ]
    try:
        with suppress(Ended):
            while (typed := await dialogue.ask("try")) not in {"q", "quit"}:
                await _show(pads, code, options.address, typed, dialogue)
    finally:
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
    dialogue.say("discarded", many=pads.discarded_bytes)


async def _show(pads: PadLine, code: PadCode, address: int, typed: str, dialogue: Dialogue) -> None:
    lamp = next((each for each in Lamp if each.value == typed), None)
    frames: Sequence[bytes] = ()
    if typed in {"ask", "rest"}:
        frames = code.asking(address, lit=typed == "ask")
        pads.ask(address, lit=typed == "ask")
    elif lamp is not None:
        frames = code.lamp(address, lamp)
        await pads.lamp(address, lamp)
    elif typed:
        frames = code.text(address, typed)
        await pads.text(address, typed)
    for frame in frames:
        dialogue.say("sent", frame=frame.hex(" ").upper())
    if typed and not frames:
        dialogue.say("cannot", what=typed)


async def _say_presses(pads: PadLine, dialogue: Dialogue) -> None:
    while True:
        with suppress(PortGone):
            async for press in pads.presses():
                dialogue.say("pressed", key=dialogue.name(press.key.value), address=press.address)


async def _say_ratings(pads: PadLine, address: int, dialogue: Dialogue) -> None:
    while True:
        with suppress(PortGone):
            async for rating in pads.keypad(address).ratings():
                dialogue.say("pressed", key=dialogue.name(rating.name.lower()), address=address)
