"""The board's page is for televisions and Android boxes of 2015 too: its script says nothing that they cannot read."""

import re
from pathlib import Path

import pytest

import web

SCRIPT = Path(web.__path__[0]) / "static" / "board.js"
NEWER = {
    "arrow function": r"=>",
    "let or const": r"^\s*(let|const)\b",
    "template": r"`",
    "class": r"^\s*class\b",
    "spread": r"\.\.\.",
    "async": r"\b(async|await)\b",
    "for of": r"\bfor\s*\([^)]*\bof\b",
    "fetch": r"\bfetch\(",
    "optional chain": r"\?\.[a-z]",
    "newer call": r"\.(includes|padStart|replaceChildren|append|remove|closest|matchAll|flat|flatMap|fromEntries)\(",
}


def code() -> str:
    """Return the script without its comments and texts."""
    text = re.sub(r"/\*.*?\*/", "", SCRIPT.read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = (re.sub(r'"[^"\n]*"', '""', line) for line in text.splitlines())
    return "\n".join(re.sub(r"//.*$", "", line) for line in lines)


@pytest.mark.parametrize("what", sorted(NEWER))
def test_the_script_has_nothing_that_came_after_2015(what: str) -> None:
    found = re.search(NEWER[what], code(), flags=re.MULTILINE)
    assert found is None, found
