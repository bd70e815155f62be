"""`hallcall sign try …`: a technician at a sign, before the hall opens. Says byte by byte what is sent."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from broker.sign_file import load_sign
from hardware.devices import Port, PortGone
from hardware.drivers import candle_sign
from hardware.drivers.line_signs import SignCode
from hardware.drivers.sign_codes import sign_code
from hardware.ports import open_port
from hardware.sign_frames import GenericSign
from hardware.sign_kinds import KINDS, SignKind

LISTEN_S: Final = 1.0  # longer than any sign may take


def try_out(arguments: Sequence[str]) -> int:
    """Show a text on one sign, and say what was sent, what came back and what could not be shown."""
    options = _options().parse_args(arguments)
    if options.driver is None:
        options.driver = SignKind.GENERIC if options.file else SignKind.CANDLE
    try:
        described = load_sign(options.file) if options.file else None
        code = sign_code(options.driver, characters=options.characters, described=described)
        frames = list(_frames(code, options))
        asyncio.run(_send(frames, code, _with_baud(options, described)))
    except (PortGone, ValueError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command line
        return 1
    return 0


def set_address(arguments: Sequence[str]) -> int:
    """Give a Candle panel its address; without --old plug in only that one."""
    parser = argparse.ArgumentParser(prog="hallcall sign address", description=set_address.__doc__)
    parser.add_argument("--port", required=True, help="serial:DEVICE?baud=N; nothing else may hold it")
    parser.add_argument("--old", type=_number, help="its address so far; left out: whichever is on the line")
    parser.add_argument("new", type=_number, help="32 to 127 (0x20 to 0x7f)")
    options = parser.parse_args(arguments)
    options.driver, options.characters = SignKind.CANDLE, 0
    try:
        frames = [candle_sign.set_address_frame(options.old, options.new)]
        frames += candle_sign.CandleCode().shown(options.new, str(options.new), blinks=3)
        asyncio.run(_send(frames, candle_sign.CandleCode(), _with_baud(options, None)))
    except (PortGone, ValueError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    print(f"it should now blink {options.new} three times")  # noqa: T201
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hallcall sign try", description=try_out.__doc__)
    parser.add_argument("text", help='such as "A012 3"; "" clears the sign')
    parser.add_argument("--port", help="serial:DEVICE?baud=N or spi:DEVICE; left out: only says what would be sent")
    parser.add_argument("--driver", type=SignKind, choices=SignKind, metavar="KIND", help=", ".join(_kinds()))
    parser.add_argument("--file", type=Path, help="generic-sign: the file that describes its frames")
    parser.add_argument("--address", type=_number, help="such as 33 or 0x21; left out: the first that the kind has")
    parser.add_argument("--blinks", type=int, default=0, help="blink so often; some signs flash until the next text")
    parser.add_argument("--brightness", type=int, choices=range(101), metavar="PERCENT")
    parser.add_argument("--characters", type=int, default=0, help="room on the sign; left out: as the driver's signs")
    return parser


def _kinds() -> Sequence[str]:
    return [kind.value for kind in SignKind]


def _number(text: str) -> int:
    return int(text, 0)


def _frames(code: SignCode, options: argparse.Namespace) -> Sequence[bytes]:
    written = code.written(options.text)
    if written.lost:
        print(f"this sign has no {' '.join(written.lost)}")  # noqa: T201
    if written.cut:
        print("this sign is too short for the whole")  # noqa: T201
    print(f"people read: {written.text!r}")  # noqa: T201
    address = options.address
    if address is None:
        address = max(1, KINDS[options.driver].addresses[0])
    frames = list(code.begun(address))
    if options.brightness is not None:
        dimmed = code.dimmed(address, options.brightness)
        if not dimmed:
            print("this sign cannot be dimmed")  # noqa: T201
        frames += dimmed
    return [*frames, *code.shown(address, written.text, blinks=options.blinks)]


def _with_baud(options: argparse.Namespace, described: GenericSign | None) -> str:
    port: str = options.port or ""
    baud = described.baud if described is not None else KINDS[SignKind(options.driver)].baud
    return f"{port}?baud={baud}" if port.startswith("serial:") and "baud=" not in port else port


async def _send(frames: Sequence[bytes], code: SignCode, port_url: str) -> None:
    port = await open_port(port_url) if port_url else None
    try:
        for frame in frames:
            print(f"{'sent' if port else 'would send'}: {frame.hex(' ').upper()}")  # noqa: T201
            if port is not None:
                await port.write(frame)
                if code.answer_s:
                    await _listen(port, code, frame)
                await asyncio.sleep(max(code.gap_s, 0.01))
        if port is not None:
            await asyncio.sleep(LISTEN_S / 2)  # a cable that is closed too early may drop the rest
    finally:
        if port is not None:
            await port.close()


async def _listen(port: Port, code: SignCode, frame: bytes) -> None:
    heard = b""
    try:
        async with asyncio.timeout(LISTEN_S):
            while (reply := code.reply(frame, heard)) is None:
                heard += await port.read()
    except TimeoutError:
        said = f"only {heard.hex(' ').upper()}, which is no answer to this" if heard else "nothing"
        raise PortGone(
            f"within {LISTEN_S:g} s came {said}: check the sign's power, its wires (swapped?), its address and speed"
        ) from None
    print(f"answer: {heard.hex(' ').upper()}{': ' + reply if reply else ': done'}")  # noqa: T201
