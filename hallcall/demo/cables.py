"""The far ends of the demo's cables, in one process: `python -m hallcall.demo.cables DIR WINDOWS PORTS [HOST]`.

WINDOWS: how many windows hang on each counter box, such as 4, or 2,2: the second box's lines are pads2 and signs2.
It hears what to do on stdin and says what was seen on stdout, one JSON object a line, in the machine's monotonic
milliseconds. Slips lie in DIR/slips, what the loudspeaker played in DIR/audio/hall.wav.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final, assert_never

from hardware.simulators.candle_signs import SignShows, SimulatedSigns
from hardware.simulators.escpos_printer import PrinterChanged, SimulatedPrinter, SlipPrinted, SlipTorn
from hardware.simulators.jtt905_keypad import Asking, SimulatedKeypad
from hardware.simulators.loudspeaker import Announced, NotSound, SimulatedLoudspeaker
from hardware.simulators.network_switch import SimulatedSwitch
from hardware.simulators.qsystem_pads import LampLit, SimulatedPads, TextShown

FIRST_SIGN: Final = 33  # address of counter 1's sign, as in files/counter.toml
SIGN_BAUD: Final = 57600
PAD_BAUD: Final = 19200


class Cables:
    def __init__(
        self, *, directory: Path, windows: Sequence[int], ports: dict[str, int], host: str, say: Callable[..., None]
    ) -> None:
        self._directory = directory
        self._say = say
        self._slips = len(list((directory / "slips").glob("*.bin")))
        lines = directory / "lines"
        numbers = range(1, sum(windows) + 1)
        self._pads: dict[int, SimulatedPads] = {}  # counter → the line on which its pad hangs
        self._lines: list[SimulatedPads | SimulatedSigns] = []
        for box, many in enumerate(windows, start=1):
            own = numbers[sum(windows[: box - 1]) :][:many]
            further = str(box) if box > 1 else ""
            pads = SimulatedPads(link=lines / f"pads{further}", addresses=own, report=self._pad_saw, baud=PAD_BAUD)
            signs = SimulatedSigns(
                link=lines / f"signs{further}",
                addresses=[FIRST_SIGN + number - 1 for number in own],
                report=self._sign_shows,
                baud=SIGN_BAUD,
            )
            self._pads |= dict.fromkeys(own, pads)
            self._lines += [pads, signs]
        self._keypads = {
            number: SimulatedKeypad(link=lines / f"keypad{number}", report=self._keypad_of(number))
            for number in numbers
        }
        self._printer = SimulatedPrinter(host=host, port=ports["printer"], report=self._printer_saw)
        tapes = len(list((directory / "audio").glob("hall*.wav")))
        self._speaker = SimulatedLoudspeaker(
            host=host,
            port=ports["speaker"],
            tape=directory / "audio" / (f"hall-{tapes + 1}.wav" if tapes else "hall.wav"),
            report=self._speaker_heard,
        )
        self._switch = SimulatedSwitch(to_host="127.0.0.1", to_port=ports["broker"], port=ports["switch"])

    async def run(self) -> None:
        """Plug everything in and obey stdin until it ends."""
        async with AsyncExitStack() as stack:
            for end in (*self._lines, *self._keypads.values(), self._printer, self._speaker, self._switch):
                await stack.enter_async_context(end)
            self._say(what="ready", tape_began_ms=self._speaker.started_monotonic_ms)
            orders = await _stdin_lines()
            while line := await orders.readline():
                await self._obey(json.loads(line))

    async def _obey(self, order: dict[str, object]) -> None:
        match order:
            case {"do": "press", "counter": int(counter), "key": str(key)}:
                self._say(what="pressed", counter=counter, key=key)
                self._pads[counter].press(counter, key)  # type: ignore[arg-type] # an unknown key is an error there
            case {"do": "rate", "counter": int(counter), "grade": int(grade)}:
                if self._keypads[counter].rate(grade):
                    self._say(what="rated", counter=counter, grade=grade)
            case {"do": "garble"}:
                self._pads[1].garble()
            case {"do": "unplug", "counter": int(counter)}:
                self._keypads[counter].cable.unplug()
                self._say(what="keypad_cable", counter=counter, plugged=False)
            case {"do": "plug", "counter": int(counter)}:
                self._keypads[counter].cable.plug()
                self._say(what="keypad_cable", counter=counter, plugged=True)
            case {"do": "end_paper"}:
                self._printer.end_paper()
            case {"do": "refill"}:
                self._printer.refill()
            case {"do": "cut"}:
                await self._switch.cut()
                self._say(what="network", up=False)
            case {"do": "mend"}:
                await self._switch.mend()
                self._say(what="network", up=True)
            case _:
                self._say(what="not_understood", order=order)

    def _pad_saw(self, seen: LampLit | TextShown) -> None:
        match seen:
            case LampLit():
                self._say(what="lamp", at=seen.monotonic_ms, counter=seen.address, lamp=seen.lamp, beep=seen.beep)
            case TextShown():
                self._say(what="pad_text", at=seen.monotonic_ms, counter=seen.address, text=seen.text)
            case _ as never:
                assert_never(never)

    def _sign_shows(self, seen: SignShows) -> None:
        counter = seen.address - FIRST_SIGN + 1
        self._say(what="sign", at=seen.monotonic_ms, counter=counter, text=seen.text, raw=seen.raw.hex())

    def _keypad_of(self, counter: int) -> Callable[[Asking], None]:
        return lambda seen: self._say(what="asking", at=seen.monotonic_ms, counter=counter, lit=seen.lit)

    def _printer_saw(self, seen: SlipPrinted | SlipTorn | PrinterChanged) -> None:
        match seen:
            case SlipPrinted():
                self._slips += 1
                path = self._directory / "slips" / f"{self._slips:03d}.bin"
                path.write_bytes(seen.raw)
                self._say(what="slip", at=seen.monotonic_ms, file=path.name, lines=seen.lines)
            case SlipTorn():
                self._say(what="torn", at=seen.monotonic_ms, lines=seen.lines)
            case PrinterChanged():
                self._say(what="printer", at=seen.monotonic_ms, online=seen.online, paper=seen.paper)
            case _ as never:
                assert_never(never)

    def _speaker_heard(self, heard: Announced | NotSound) -> None:
        match heard:
            case Announced():
                self._say(
                    what="announced",
                    at=heard.monotonic_ms,
                    start_s=heard.start_s,
                    end_s=heard.end_s,
                    overlapped=heard.overlapped,
                )
            case NotSound():
                self._say(what="not_sound", at=heard.monotonic_ms, reason=heard.reason)
            case _ as never:
                assert_never(never)


async def _stdin_lines() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def _plug_in(directory: Path, windows: Sequence[int], ports: dict[str, int], host: str) -> None:
    loop = asyncio.get_running_loop()

    def say(*, at: float | None = None, **what: object) -> None:
        now_ms = loop.time() * 1000
        sys.stdout.write(json.dumps({"ms": now_ms if at is None else at, **what}, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    await Cables(directory=directory, windows=windows, ports=ports, host=host, say=say).run()


def main(argv: list[str]) -> int:
    directory, windows, ports, *host = argv
    many = [int(each) for each in windows.split(",")]
    asyncio.run(_plug_in(Path(directory), many, json.loads(ports), *(host or ["127.0.0.1"])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
