"""What leaves a box in warnings: no telephone, account or ID numbers, no free text that somebody typed.

Our programs log no names; what could still hold some is quoted payloads, hashes of persons, and long numbers.
"""

import re
from typing import Final

LONGEST: Final = 240  # characters of a warning
STRUCK: Final = "…"

_PAYLOAD: Final = re.compile(r"first bytes .*$", re.DOTALL)  # of a dropped message
_QUOTED: Final = re.compile(r"""b'(?:[^'\\]|\\.)*'|b"(?:[^"\\]|\\.)*"|(?<=[=: ])u?"[^"]{3,}"|\{.*\}""", re.DOTALL)
_CHINESE: Final = re.compile(
    r"[\u3400-\u9fff]+"
)  # our programs and the kernel log English: Chinese is somebody's words
_MAIL: Final = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
_HASH: Final = re.compile(r"\b[0-9a-fA-F]{16,}\b")
_DIGITS: Final = re.compile(r"\+?\d(?:[ -]?\d){6,}[Xx]?")  # 7 or more: telephone, account, ID card; also 138-0013-8000
_DAY: Final = re.compile(r"20\d\d-\d\d-\d\d(?: \d\d?)?")  # when a certificate ends


def struck(text: str) -> str:
    """Return a line of the journal as it may leave the box."""
    for pattern in (_PAYLOAD, _QUOTED, _MAIL, _HASH, _CHINESE):
        text = pattern.sub(STRUCK, text)
    text = _DIGITS.sub(lambda each: each.group() if _DAY.fullmatch(each.group()) else STRUCK, text)
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + STRUCK
