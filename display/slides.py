"""Which pictures and films lie in a board's folder, in the order of their names."""

from pathlib import Path
from typing import Final

PICTURES: Final = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
FILMS: Final = (".mp4", ".mkv", ".webm", ".mov")
MOST: Final = 200


def found(folder: Path) -> tuple[str, ...]:
    """Return their paths; a folder that is not there, or cannot be read, has none."""
    try:
        names = sorted(path for path in folder.iterdir() if path.suffix.lower() in (*PICTURES, *FILMS))
    except OSError:
        return ()
    return tuple(str(path) for path in names if not path.name.startswith("."))[:MOST]
