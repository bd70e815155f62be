"""Policy packs: what the halls of one trade have in common, as defaults below a hall file.

A pack is `packs/NAME.toml`: `[[classes]]`, `[[needs]]`, `[policy]` and perhaps `[rating]` as a hall file writes them.
The hall file's own `[policy]` and `[rating]` override it key by key; its own `[[classes]]` or `[[needs]]` replace the
pack's whole list.
"""

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from enum import Enum
from functools import cache
from importlib import resources
from typing import Final

import msgspec
from msgspec.structs import replace

from .contract.messages import Hall
from .strict_toml import TomlFile


class Pack(Enum):
    SGCC = "sgcc"
    CSG = "csg"
    BANK = "bank"
    GOV = "gov"


TRADES: Final[Mapping[Pack, str]] = {
    Pack.SGCC: "State Grid's service halls (国家电网)",
    Pack.CSG: "Southern Grid's service halls (南方电网)",
    Pack.BANK: "bank branches",
    Pack.GOV: "government and tax service halls",
}


@cache
def tables(pack: Pack) -> Mapping[str, object]:
    """Return what a pack's file says."""
    file = resources.files(__package__) / "packs" / f"{pack.value}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


@cache
def without_pack() -> Mapping[str, object]:
    """Return what a hall has that says nothing: one class for everybody."""
    classes = next(field.default for field in msgspec.structs.fields(Hall) if field.name == "classes")
    plain = [msgspec.to_builtins(each) for each in classes]
    return {"classes": [{key: value for key, value in each.items() if value is not None} for each in plain]}


def on_its_pack(file: TomlFile) -> TomlFile:
    """Return a hall file on top of the pack that it names, or most nearly names: that it is none is said elsewhere."""
    close = get_close_matches(str(file.tables.get("pack")), [each.value for each in Pack], n=1)
    return file.on_top_of(tables(Pack(close[0])) if close else without_pack())


def with_needs_met(hall: Hall) -> Hall:
    """Return the hall without the needs that none of its counters and clerks meets: a pack's, which it cannot offer."""
    met = {need for counter in hall.counters for need in counter.meets}
    met |= {need for clerk in hall.clerks for need in clerk.meets}
    return replace(hall, needs=tuple(need for need in hall.needs if not need.at_counter or need.id in met))
