"""The machine a keeper looks at: files under a root, and what commands print. Nothing is changed on it."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PATIENCE_S: Final = 3.0  # of a command; a keeper must not hang on one


@dataclass(frozen=True, kw_only=True)
class Machine:
    """`root` is / but in tests, `commands` is where commands are looked for."""

    root: Path = Path("/")
    commands: str = os.environ.get("PATH", os.defpath)

    def text(self, name: str | Path) -> str:
        """Return a file's text without its last line end; empty where it cannot be read."""
        try:
            return (self.root / str(name).lstrip("/")).read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return ""

    def number(self, name: str | Path) -> int | None:
        text = self.text(name)
        with contextlib.suppress(ValueError):
            return int(text, 0)
        return None

    def paths(self, pattern: str) -> Iterator[Path]:
        """Yield what matches, as paths under the root."""
        for path in sorted(self.root.glob(pattern.lstrip("/"))):
            yield Path("/") / path.relative_to(self.root)

    def real(self, name: str) -> Path:
        """Return where a file lies for programs of this system."""
        return self.root / name.lstrip("/")

    def output(self, *command: str) -> str | None:
        """Return what a command prints; None where it is not there, fails or hangs."""
        try:
            ran = subprocess.run(
                command,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=PATIENCE_S,
                check=False,
                stdin=subprocess.DEVNULL,
                env={"PATH": self.commands, "LC_ALL": "C.UTF-8"},
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return ran.stdout if ran.returncode == 0 else None
