"""What is known of a ticket printer: a profile, saved by `hallcall printer probe`, below a kiosk's `[printer]`."""

from enum import Enum
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from .strict_toml import BrokenConfig, Reading, TomlFile


class ChineseEncoding(Enum):
    GB18030 = "gb18030"
    GBK = "gbk"
    GB2312 = "gb2312"
    UTF_8 = "utf-8"


class Knife(Enum):
    FEED = "feed"  # GS V 66: feeds to the knife by itself
    FULL = "full"  # GS V 0
    OLD = "old"  # ESC i
    NONE = "none"  # torn off by hand


class PrinterProfile(Struct, frozen=True, kw_only=True):
    """What one kind of printer understands; `hallcall printer probe` finds it out."""

    encoding: Annotated[ChineseEncoding, Meta(description="encoding of Chinese text")] = ChineseEncoding.GB18030
    width_dots: Annotated[int, Meta(ge=200, le=832, description="printable dots: 384 on 58 mm, 576 on 80 mm")] = 576
    knife: Annotated[Knife, Meta(description="how it cuts: feed (GS V 66), full (GS V 0), old (ESC i), none")] = (
        Knife.FEED
    )
    native_qr: Annotated[bool, Meta(description="it draws QR codes itself; false: they are sent as dots")] = True
    answers: Annotated[
        bool | None,
        Meta(description="it says how it is; false: never, it prints on trust; left out: found out, but not on serial"),
    ] = None
    clears: Annotated[bool, Meta(description="it knows DLE DC4 8, which empties its memory")] = True


def load_profile(path: Path) -> PrinterProfile:
    """Read a printer's profile. Raises BrokenConfig, whose text is every error of the file."""
    file = TomlFile(path)
    reading = Reading()
    profile = reading.structure(file.tables, PrinterProfile)
    if profile is None:
        raise BrokenConfig("\n".join(file.worded(reading.findings)))
    return profile


def on_its_profile(file: TomlFile) -> TomlFile:
    """Return a kiosk's file on top of the profile that its `[printer]` names. Raises BrokenConfig for a bad profile."""
    printer = file.tables.get("printer")
    path = printer.get("profile") if isinstance(printer, dict) else None
    if not isinstance(path, str) or not path:
        return file
    load_profile(Path(path))
    return file.on_top_of({"printer": TomlFile(Path(path)).tables})


def profile_text(profile: PrinterProfile, *, about: str) -> str:
    """Return a profile as a file; `about` is its first line."""
    lines = [
        f"# {about}",
        f'encoding = "{profile.encoding.value}"',
        f"width_dots = {profile.width_dots}",
        f'knife = "{profile.knife.value}"',
        f"native_qr = {str(profile.native_qr).lower()}",
        f"clears = {str(profile.clears).lower()}",
    ]
    if profile.answers is not None:
        lines.append(f"answers = {str(profile.answers).lower()}")
    return "\n".join([*lines, ""])
