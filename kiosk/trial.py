"""`python -m kiosk.trial --config kiosk.toml --touch-s N`: opens the kiosk's window, and says how it went.

One JSON object a line: first `window`, `renderer`, `frame_ms` and `crosses`, then `cross` for each that is shown and
`off_mm` for each that is touched; it ends when none is touched for N seconds (0: none is shown).
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from broker.config import KioskFile, load_node
from broker.panel import px_per_mm

from .prepared import prepare_kivy


def main() -> int:
    parser = argparse.ArgumentParser(prog="kiosk.trial", description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--touch-s", type=float, default=0)
    options = parser.parse_args()
    file = load_node(options.config, KioskFile)
    home = tempfile.TemporaryDirectory()
    prepare_kivy(file.screen, Path(home.name))
    from .screens.trial import TrialApp  # noqa: PLC0415 - Kivy reads its environment when it is imported

    screen = file.screen
    app = TrialApp(
        say=lambda **what: print(json.dumps(what), flush=True),  # noqa: T201 - another program reads it
        px_per_mm=px_per_mm(screen.width, screen.height, diagonal_in=screen.diagonal_in, dpi=screen.dpi),
        touch_s=options.touch_s,
    )
    with home:
        app.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
