"""What this box's systemd is asked to do, by its own systemctl. Only root's units ask, no program of the hall."""

import subprocess
from datetime import UTC, datetime
from typing import Final

PATIENCE_S: Final = 60.0


class SystemdRefused(RuntimeError):
    """systemd did not do what it was asked; the text says what it answered."""


def systemctl(*words: str) -> str:
    """Return what systemctl says. Raises SystemdRefused."""
    asked = subprocess.run(
        ["systemctl", "--no-pager", "--no-ask-password", *words],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    if asked.returncode != 0:
        raise SystemdRefused(f"systemctl {' '.join(words)}: {asked.stderr.strip() or asked.returncode}")
    return asked.stdout


def started_at(unit: str) -> datetime | None:
    """Return since when a unit runs; None when it does not."""
    told = systemctl("show", "--timestamp=unix", "--property=ActiveEnterTimestamp", "--value", unit).strip()
    return datetime.fromtimestamp(int(told.removeprefix("@")), tz=UTC) if told.startswith("@") else None
