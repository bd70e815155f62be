"""`python -m hallcall.demo.panel DIR WIDTH HEIGHT [PICTURE]`: states in on stdin, acts out on stdout, JSON lines.

The window ends when stdin does; closed by a person, the program ends with 0.
"""

import json
import logging
import os
import signal
import sys
from pathlib import Path

import msgspec

from ..seen import Act, HallSeen

CHUNK = 1 << 16


class Mail:
    """Whole lines from a pipe that is never waited for."""

    def __init__(self, pipe: int) -> None:
        os.set_blocking(pipe, False)
        self._pipe = pipe
        self._half = b""
        self.ended = False

    def newest(self) -> HallSeen | None:
        """Return the last state that came since the last time."""
        lines: list[bytes] = []
        while (chunk := self._read()) is not None:
            *whole, self._half = (self._half + chunk).split(b"\n")
            lines += whole
        return msgspec.json.decode(lines[-1], type=HallSeen) if lines else None

    def _read(self) -> bytes | None:
        try:
            chunk = os.read(self._pipe, CHUNK)
        except BlockingIOError:
            return None
        self.ended = not chunk
        return chunk or None


def send(act: Act) -> None:
    sys.stdout.write(json.dumps(act) + "\n")
    sys.stdout.flush()


def prepare_kivy(home: Path, width: int, height: int) -> None:
    """Say in the environment how Kivy shall run: it reads these when it is imported."""
    home.mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "KIVY_NO_ARGS": "1",
        "KIVY_HOME": str(home),
        "KIVY_NO_FILELOG": "1",
        "KIVY_NO_CONSOLELOG": "1",
        "KIVY_LOG_MODE": "PYTHON",
        "KCFG_GRAPHICS_WIDTH": str(width),
        "KCFG_GRAPHICS_HEIGHT": str(height),
        "KCFG_GRAPHICS_RESIZABLE": "0",
        "KCFG_GRAPHICS_MULTISAMPLES": "0",
        "KCFG_GRAPHICS_MAXFPS": "20",
        "KCFG_KIVY_EXIT_ON_ESCAPE": "0",
        "KCFG_INPUT_MOUSE": "mouse,disable_multitouch",
    }


def main(argv: list[str]) -> int:
    directory, width, height, *picture = argv
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    prepare_kivy(Path(directory), int(width), int(height))
    from .window import PanelApp  # noqa: PLC0415 - Kivy reads its environment when it is imported

    app = PanelApp(mail=Mail(sys.stdin.fileno()), send=send, picture=Path(picture[0]) if picture else None)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: app.stop_soon())
    app.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
