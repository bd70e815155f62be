"""A board's file: which calls, on what screen, read from how far; what could not be read is refused."""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct

from .contract.messages import Id, Language
from .legibility import Panel, faults
from .strict_toml import Finding, Reading, TomlFile


class Media(Struct, frozen=True, kw_only=True):
    """Pictures and films in turn with the table of services: PNG, JPEG, WebP; MP4 where the machine plays it."""

    folder: Annotated[str, Meta(description="directory; what is put into it is shown at once, in order of its names")]
    seconds: Annotated[int, Meta(ge=5, le=300, description="how long each picture stays")] = 10


class BoardScreen(Struct, frozen=True, kw_only=True):
    """A TV board. Its size and the distance to whoever sits farthest decide how large everything is, and how many rows.

    A number and its window have 12.2 mm of height for each metre, other text 6.4 mm; what breaks that is refused.
    """

    zone: Annotated[Id, Meta(description="zone whose calls it shows")]
    also: Annotated[tuple[Id, ...], Meta(description="further zones whose calls it shows")] = ()
    width: Annotated[int, Meta(ge=480, le=7680, description="pixels; less than the height: it stands upright")] = 1920
    height: Annotated[int, Meta(ge=480, le=7680, description="pixels")] = 1080
    diagonal_in: Annotated[float, Meta(ge=10, le=200, description="the screen's diagonal, in inches")] = 55
    distance_m: Annotated[
        float, Meta(ge=1, le=50, description="from the screen to the farthest place from which it is read, in metres")
    ] = 8
    bottom_mm: Annotated[
        Annotated[int, Meta(ge=0, le=10_000)] | None,
        Meta(description="its lower edge above the floor: what hangs high is seen from below; left out: at eye height"),
    ] = None
    rows: Annotated[
        Annotated[int, Meta(ge=1, le=8)] | None, Meta(description="calls shown; left out: as many as can be read")
    ] = None
    characters: Annotated[
        int, Meta(ge=4, le=8, description="of the longest number; longer ones need wider rows to be read from there")
    ] = 4
    languages: Annotated[tuple[Language, ...], Meta(min_length=1, description="shown, the first one first")] = (
        Language.ZH,
        Language.EN,
    )
    fullscreen: Annotated[bool, Meta(description="no window frame")] = False
    theme: Annotated[str, Meta(description="file with the hall's colours; left out: Hallcall's own")] = ""
    media: Annotated[Media | None, Meta(description="left out: no pictures")] = None
    closed_light: Annotated[
        float, Meta(ge=0.1, le=1, description="share of the light while the hall is closed; spares panel and power")
    ] = 0.4


def panel_of(screen: BoardScreen) -> Panel:
    return Panel(
        width=screen.width,
        height=screen.height,
        diagonal_in=screen.diagonal_in,
        distance_m=screen.distance_m,
        bottom_mm=screen.bottom_mm,
        characters=screen.characters,
    )


def board_findings(file: TomlFile, where: str = "screen") -> Iterable[Finding]:
    """Return why people could not read the boards that stand at `where`, as `select` takes it."""
    for place, about in file.select(where):
        reading = Reading()
        screen = reading.structure(about, BoardScreen) if isinstance(about, dict) else None
        if screen is None or reading.findings or not isinstance(about, dict):
            continue
        for key, text in faults(panel_of(screen), screen.rows).items():
            yield Finding(place=(*place, key) if key in about else place, text=text)
