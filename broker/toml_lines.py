"""On which line each key of a TOML file stands; tomllib does not say. Only for text that tomllib has accepted."""

import re
import tomllib
from typing import Final

Place = tuple[str | int, ...]  # ("services", 0, "prefix")

_KEY_PART = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*')"""
_KEY: Final = re.compile(rf"{_KEY_PART}(?:[ \t]*\.[ \t]*{_KEY_PART})*")
_STRING: Final = re.compile(r'''"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\])*"|\'[^\']*\'''', re.DOTALL)
_SCALAR: Final = re.compile(r"[^,\]}\n#]+")
_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")


def lines_of(text: str) -> dict[Place, int]:
    """Return the line of every key, table and list item; a table is where its header stands first."""
    return _Scan(text).lines


class _Scan:
    def __init__(self, text: str) -> None:
        self.lines: dict[Place, int] = {}
        self._text = text
        self._at = 0
        self._lists: dict[Place, int] = {}  # how many [[tables]] so far
        table: Place = ()
        while self._skip_blank():
            if self._take("[["):
                table = self._header(is_list=True)
            elif self._take("["):
                table = self._header(is_list=False)
            else:
                self._pair(table)

    def _header(self, *, is_list: bool) -> Place:
        self._skip_blank()
        *parents, last = self._key()
        place: Place = ()
        for part in parents:
            place = self._inside((*place, part))
        place = (*place, last)
        if is_list:
            self._note(place)
            self._lists[place] = self._lists.get(place, 0) + 1
        place = self._inside(place)
        self._note(place)
        self._skip_blank()
        self._at += 2 if is_list else 1
        return place

    def _inside(self, place: Place) -> Place:
        """Go on in the newest of a list of tables."""
        self._note(place)
        count = self._lists.get(place)
        return place if count is None else (*place, count - 1)

    def _pair(self, table: Place) -> None:
        place = table
        for part in self._key():
            place = (*place, part)
            self._note(place)
        self._skip_blank()
        self._take("=")
        self._skip_blank()
        self._value(place)

    def _value(self, place: Place) -> None:
        if self._take("["):
            self._items(place)
        elif self._take("{"):
            while self._skip_blank() and not self._take("}"):
                self._pair(place)
                self._skip_blank()
                self._take(",")
        else:
            token = _STRING.match(self._text, self._at) or _SCALAR.match(self._text, self._at)
            self._at = token.end() if token else len(self._text)

    def _items(self, place: Place) -> None:
        index = 0
        while self._skip_blank() and not self._take("]"):
            self._note((*place, index))
            self._value((*place, index))
            self._skip_blank()
            self._take(",")
            index += 1

    def _key(self) -> list[str]:
        match = _KEY.match(self._text, self._at)
        if match is None:
            self._at = len(self._text)
            return [""]
        self._at = match.end()
        parts: list[str] = []
        inner: object = tomllib.loads(match.group() + " = 0")
        while isinstance(inner, dict):
            parts.extend(inner)
            inner = inner[parts[-1]]
        return parts

    def _note(self, place: Place) -> None:
        self.lines.setdefault(place, self._text.count("\n", 0, self._at) + 1)

    def _take(self, token: str) -> bool:
        found = self._text.startswith(token, self._at)
        self._at += len(token) if found else 0
        return found

    def _skip_blank(self) -> bool:
        """Skip spaces, line ends and comments; say whether anything is left."""
        blank = _BLANK.match(self._text, self._at)
        self._at = blank.end() if blank else self._at
        return self._at < len(self._text)
