"""The cards and PINs by which clerks say at a window who they are: a file that is not for everybody on the box."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from .checks.agreement import unique
from .contract.messages import Id
from .strict_toml import BrokenConfig, Finding, Reading, TomlFile


class Badge(Struct, frozen=True, kw_only=True):
    """How one clerk signs in. A clerk with several cards has several badges."""

    clerk: Annotated[Id, Meta(description="id of the clerk, as hall.toml has it")]
    card: Annotated[str, Meta(max_length=64, description="what the reader sends for the card; left out: no card")] = ""
    pin: Annotated[
        str, Meta(pattern=r"^$|^\d{4,8}$", description="4 to 8 digits, typed on a pad with digits; left out: none")
    ] = ""


class BadgeFile(Struct, frozen=True, kw_only=True):
    """Cards and PINs. It holds secrets: `chmod 640`, for its owner and its group (on a box, `hallcall`)."""

    badges: Annotated[tuple[Badge, ...], Meta(min_length=1)]


def load_badges(path: Path) -> BadgeFile:
    """Read the file. Raises BrokenConfig, whose text is every error of the file."""
    file = TomlFile(path)
    reading = Reading()
    read = reading.structure(file.tables, BadgeFile)
    findings = [*reading.findings, *_findings(file)]
    if read is None or findings:
        raise BrokenConfig("\n".join(file.worded(findings)))
    if path.stat().st_mode & (stat.S_IWGRP | stat.S_IRWXO):
        raise BrokenConfig(f"{path}: others may read or write it, and it holds cards and PINs; chmod 640 {path}")
    return read


def _findings(file: TomlFile) -> Iterator[Finding]:
    yield from unique(file, "badges[].card")
    yield from unique(file, "badges[].pin")
    for place, badge in file.select("badges[]"):
        if isinstance(badge, dict) and not badge.get("card") and not badge.get("pin"):
            yield Finding(place=place, text="neither card nor pin; give one of them")
