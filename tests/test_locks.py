"""A box gets the very versions that were tested here."""

import re
from pathlib import Path

import pytest

LOCKS = Path(__file__).parents[1] / "requirements"


def versions(name: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name_, version in re.findall(r"^([a-z0-9.-]+)==(\S+)", (LOCKS / name).read_text(), re.MULTILINE):
        found.setdefault(name_, set()).add(version)
    return found


@pytest.mark.parametrize("role", ["node", "dispatcher", "kiosk", "display", "counter", "web"])
def test_what_a_box_gets_was_tested_in_the_same_version(role: str) -> None:
    tested = versions("dev.txt")
    assert {
        name: found for name, found in versions(f"{role}.txt").items() if not found <= tested.get(name, set())
    } == {}


def test_a_node_has_what_every_role_has() -> None:
    of_roles = {
        name for role in ("dispatcher", "kiosk", "display", "counter", "web") for name in versions(f"{role}.txt")
    }
    assert set(versions("node.txt")) == of_roles


def test_tools_of_the_desk_go_to_no_box() -> None:
    assert {"pytest", "mypy", "ruff", "playwright"}.isdisjoint(versions("node.txt"))
