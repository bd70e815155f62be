"""Turns a text into what one kind of sign has glyphs for; pure.

Full-width letters become plain ones, a letter is tried in both cases, words of courtesy such as 号 are left out where
the sign has none. What remains and cannot be shown is named: it is never replaced by a letter that means another queue.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

_LEFT_OUT: Final = "\0"
_LEFT_OUTS: Final = re.compile(" *\0[ \0]*")
SPARE: Final = frozenset("号窗口请到柜台#.,:;·-–—→>/|")  # a number can be read without them


@dataclass(frozen=True, kw_only=True)
class Written:
    """`text` is what the sign will show; `lost` are the characters that it lacks; `cut` that it was too long."""

    text: str
    lost: str = ""
    cut: bool = False

    @property
    def is_whole(self) -> bool:
        return not self.lost and not self.cut


def written(
    text: str,
    *,
    has: Callable[[str], bool],
    fits: Callable[[str], bool],
    letters: Mapping[str, str] | None = None,
) -> Written:
    """Return `text` in the sign's own glyphs; of what does not fit the end is kept: there stand the digits.

    `letters` says what to show instead of a character, as the installer wants it.
    """
    shown, lost = "", ""
    for character in unicodedata.normalize("NFKC", text):
        wanted = (letters or {}).get(character, character)
        glyph = next((each for each in (wanted, wanted.upper(), wanted.lower()) if all(map(has, each))), None)
        if glyph is not None:
            shown += glyph
        elif character in SPARE or character == " ":
            shown += _LEFT_OUT
        else:
            lost += character
    whole = _LEFT_OUTS.sub(" " if has(" ") else "", shown).strip()
    shown = whole
    while shown and not fits(shown):
        shown = shown[1:]
    return Written(text=shown, lost=lost, cut=shown != whole)
