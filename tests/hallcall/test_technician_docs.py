"""The technician's manual: both languages type the same, and what it points to is there."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs/technician"
BLOCK = re.compile(r"^```(sh|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = sorted(FOLDER.glob("*.md"))


def typed(name: str) -> list[str]:
    found: list[str] = []
    for kind, body in BLOCK.findall((FOLDER / name).read_text(encoding="utf-8")):
        lines = body.splitlines()
        found += [lines[0].removeprefix("$ ").partition(" --lang ")[0]] if kind == "console" else lines
    return found


def test_both_manuals_type_the_same_commands() -> None:
    assert typed("README.md") == typed("README.zh-CN.md")
    assert len(typed("README.md")) > 5


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_points_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not link.startswith("http") and not (page.parent / link).exists()] == []


@pytest.mark.parametrize("name", ["handover.md", "handover.zh-CN.md"])
def test_a_check_list_fits_one_page(name: str) -> None:
    assert len((FOLDER / name).read_text(encoding="utf-8").splitlines()) <= 45
