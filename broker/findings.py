"""What a technician's check has found, worded and shown: a line for each finding as it comes, or JSON at the end."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from .contract.messages import Language
from .contract.texts import texts
from .reasons import all_worded


def check_texts(language: Language, *rooms: str) -> dict[str, str]:
    """Return the texts of a check: those of its rooms, and `certificate_…` for what can be wrong with one."""
    tables = texts(language)
    own = {key: text for room in rooms for key, text in tables[room].items()}
    return {**own, **{f"certificate_{key}": text for key, text in tables["certificate"].items()}}


class Light(Enum):
    GREEN = "green"
    AMBER = "amber"  # it works; somebody should look at it
    RED = "red"  # customers would suffer
    SKIPPED = "skipped"


COLOURS: Final = {Light.GREEN: "32", Light.AMBER: "33", Light.RED: "31", Light.SKIPPED: "2"}


@dataclass(frozen=True)
class Finding:
    """`key` is a text of the check's table, which says what is the matter and what to do."""

    light: Light
    key: str
    args: tuple[tuple[str, str | float], ...] = ()


def green(key: str, /, **args: str | float) -> Finding:
    return Finding(Light.GREEN, key, tuple(args.items()))


def amber(key: str, /, **args: str | float) -> Finding:
    return Finding(Light.AMBER, key, tuple(args.items()))


def red(key: str, /, **args: str | float) -> Finding:
    return Finding(Light.RED, key, tuple(args.items()))


def skipped(key: str, /, **args: str | float) -> Finding:
    return Finding(Light.SKIPPED, key, tuple(args.items()))


@dataclass(frozen=True)
class Line:
    """One finding, worded."""

    device: str
    light: Light
    text: str


class Report:
    """Says each finding as it comes, or all of them as JSON at the end; `table` has its texts in that language.

    A device whose name has no text of its own (`device_…`) is told by it.
    """

    def __init__(
        self,
        table: Mapping[str, str],
        language: Language,
        *,
        as_json: bool,
        write: Callable[[str], object],
        coloured: bool,
    ) -> None:
        self._table = table
        self._language = language
        self._as_json = as_json
        self._write = write
        self._coloured = coloured
        self.lines: list[Line] = []

    def add(self, device: str, finding: Finding) -> None:
        text = self._table[finding.key].format(**all_worded(dict(finding.args), self._language))
        self.lines.append(Line(device, finding.light, text))
        if not self._as_json:
            named = self._table.get(f"device_{device}", device)
            self._write(f"{self._lamp(finding.light)} {named}  {text}\n")

    def ask(self, key: str, seconds: int, /, **args: str | float) -> None:
        """Tell whoever stands there what to do now."""
        if not self._as_json:
            self._write(f"       {self._table[key].format(seconds=seconds, **args)}\n")

    def end(self, node: str) -> bool:
        """Return whether nothing is red."""
        reds = sum(line.light is Light.RED for line in self.lines)
        ambers = sum(line.light is Light.AMBER for line in self.lines)
        if self._as_json:
            findings = [{"device": each.device, "light": each.light.value, "text": each.text} for each in self.lines]
            whole = {"node": node, "ok": not reds, "findings": findings}
            self._write(json.dumps(whole, ensure_ascii=False, indent=1) + "\n")
        else:
            key = "sum_red" if reds else "sum_amber" if ambers else "sum_green"
            self._write(self._table[key].format(reds=reds, ambers=ambers) + "\n")
        return not reds

    def _lamp(self, light: Light) -> str:
        word = f"[{self._table[f'light_{light.value}']}]"
        return f"\x1b[{COLOURS[light]}m{word}\x1b[0m" if self._coloured else word
