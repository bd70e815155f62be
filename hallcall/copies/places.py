"""Where a dispatcher's box keeps what a copy must hold."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

DISPATCHER: Final = "dispatcher"
REGISTRAR: Final = "registrar"


@dataclass(frozen=True, kw_only=True)
class Places:
    """The paths of a box; all below `root` for a box whose disk is mounted elsewhere."""

    root: Path = Path("/")
    journal_dir: Path | None = None  # of a hall that stands elsewhere, such as a demo
    hall_file: Path | None = None

    @property
    def journal(self) -> Path:
        return self.journal_dir or self.root / f"var/lib/hallcall/state/{DISPATCHER}"

    @property
    def hall(self) -> Path:
        return self.hall_file or self.etc / "hall.toml"

    @property
    def etc(self) -> Path:
        return self.root / "etc/hallcall"

    @property
    def registrar(self) -> Path:
        return self.root / f"var/lib/hallcall/state/{REGISTRAR}"

    @property
    def tls(self) -> Path:
        return self.root / "var/lib/hallcall/tls"

    @property
    def last(self) -> Path:
        """What became of the last copy, for the keeper."""
        return self.root / "var/lib/hallcall/last-copy.json"

    @property
    def closed(self) -> dict[str, Path]:
        """What belongs into the sealed part, by its name there: keys, PINs, what the registrar knows."""
        return {"etc": self.etc, "registrar": self.registrar, "tls": self.tls}
