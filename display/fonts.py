"""Which fonts of this machine the board draws with: Chinese first, and bold figures."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

# Single-face files first: of a collection Kivy opens the first face only, which in Noto's is the Japanese one.
_SHARE: Final = "/usr/share/fonts"
KNOWN: Final = (
    (f"{_SHARE}/opentype/noto/NotoSansCJKsc-Regular.otf", f"{_SHARE}/opentype/noto/NotoSansCJKsc-Bold.otf"),
    (f"{_SHARE}/opentype/noto/NotoSansSC-Regular.otf", f"{_SHARE}/opentype/noto/NotoSansSC-Bold.otf"),
    (f"{_SHARE}/truetype/wqy/wqy-microhei.ttc", ""),
)


class NoFont(RuntimeError):
    """There is no Chinese font on this machine: apt install fonts-wqy-microhei."""


@dataclass(frozen=True, kw_only=True)
class Fonts:
    text: str
    bold: str  # empty: the family has none


def chinese_fonts(known: tuple[tuple[str, str], ...] = KNOWN) -> Fonts:
    """Return the best font files here. Raises NoFont."""
    for text, bold in known:
        if Path(text).exists():
            return Fonts(text=text, bold=bold if bold and Path(bold).exists() else "")
    raise NoFont("there is no Chinese font on this machine: apt install fonts-wqy-microhei")
