"""The fonts that the kiosk writes with: the first of these that is installed."""

from pathlib import Path
from typing import Final

FONTS: Final = (
    (
        Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
        Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc"),
    ),
    (Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"), None),
)
NO_FONT: Final = "no Chinese font on this machine: apt install fonts-wqy-microhei (or fonts-noto-cjk)"


class NoFont(RuntimeError):
    """No font with Chinese characters is installed."""


def installed() -> tuple[Path, Path | None]:
    """Return the regular face and, if it has one, the bold one. Raises NoFont."""
    for regular, bold in FONTS:
        if regular.exists():
            return regular, bold if bold is not None and bold.exists() else None
    raise NoFont(NO_FONT)
