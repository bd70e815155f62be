"""How text stands in a terminal. Pure."""

from unicodedata import east_asian_width


def columns(text: str) -> int:
    """Return how many columns a text takes: Chinese characters two; dashes and arrows one, unlike on a slip."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def filled(text: str, wide: int) -> str:
    """Return a text with blanks up to a column."""
    return text + " " * max(0, wide - columns(text))
