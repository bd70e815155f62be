"""A hall's theme: its colours and its logo, refused where people could not read them. Pure."""

from typing import Annotated, Final

from msgspec import Meta, Struct

Colour = Annotated[str, Meta(pattern=r"^#[0-9A-Fa-f]{6}$", description="such as #005A4E")]
WHITE: Final = "#FFFFFF"
AMBER: Final = "#FFC233"
LINEAR: Final = 0.04045  # below it the sRGB curve is a line
ACTION: Final = 7.0  # to one: contrast of numbers and of what one touches


class Theme(Struct, frozen=True, kw_only=True):
    """The hall's colours and logo on the kiosk, in a file that its `screen.theme` names. All keys may be left out."""

    brand: Annotated[Colour, Meta(description="ground of the main key; white stands on it")] = "#00574B"
    deep: Annotated[Colour | None, Meta(description="ground of the ticket's page; left out: a darker brand")] = None
    logo: Annotated[str, Meta(description="picture (PNG) at the top left, square; left out: a ticket")] = ""

    @property
    def dark(self) -> str:
        return self.deep or mixed(self.brand, "#000000", 0.34)


def faults(theme: Theme) -> dict[str, str]:
    """Return what is wrong with a theme, by key."""
    found = {}
    on_brand = contrast(WHITE, theme.brand)
    if on_brand < ACTION:
        found["brand"] = f"white on {theme.brand} stands out by {on_brand:.1f}:1 only; 7:1 is needed: take a darker one"
    on_deep = contrast(AMBER, theme.dark)
    if on_deep < ACTION:
        found["deep"] = (
            f"the number on {theme.dark} stands out by {on_deep:.1f}:1 only; 7:1 is needed: take a darker one"
        )
    return found


def mixed(first: str, second: str, share: float) -> str:
    """Return a colour between two: `share` of the second."""
    return "#" + "".join(
        f"{round(a + (b - a) * share):02X}" for a, b in zip(_parts(first), _parts(second), strict=True)
    )


def contrast(first: str, second: str) -> float:
    """Return by how much two colours stand out from each other: 1 to 21 (WCAG 2, contrast ratio)."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    shares = [part / 255 for part in _parts(colour)]
    r, g, b = (share / 12.92 if share <= LINEAR else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
