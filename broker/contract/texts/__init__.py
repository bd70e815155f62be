"""What screens, slips and voices say, in the hall's languages: one TOML file a language, one table a room."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from ..messages import Language


@cache
def texts(language: Language) -> Mapping[str, Mapping[str, str]]:
    """Return the texts of a language by table and key; braces are for `str.format`."""
    file = resources.files(__package__) / f"{language.value}.toml"
    tables: dict[str, dict[str, str]] = tomllib.loads(file.read_text(encoding="utf-8"))
    return tables
