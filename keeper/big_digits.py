"""Digits that are read across a room, made of what each text console can show. Pure."""

from typing import Final

_DOTS: Final = {  # three by five
    "0": "### #.# #.# #.# ###", "1": "..# ..# ..# ..# ..#", "2": "### ..# ### #.. ###", "3": "### ..# ### ..# ###",
    "4": "#.# #.# ### ..# ..#", "5": "### #.. ### ..# ###", "6": "### #.. ### #.# ###", "7": "### ..# ..# ..# ..#",
    "8": "### #.# ### #.# ###", "9": "### #.# ### ..# ###", " ": ". . . . .",
}  # fmt: skip
WIDE: Final = 3  # characters for a dot; a console's character is twice as high as it is wide
HIGH: Final = 2


def big(digits: str) -> str:
    """Return the digits as lines: 75 characters for six digits and the gap between them."""
    lines = []
    for row in range(5):
        dots = ".".join(_DOTS[each].split()[row] for each in digits)
        line = "".join(("#" if dot == "#" else " ") * WIDE for dot in dots).rstrip()
        lines += [line] * HIGH
    return "\n".join(lines)
