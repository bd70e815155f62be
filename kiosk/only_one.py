"""One kiosk at a time on a state directory: a second one would give its numbers again, and take its printer."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path


class AlreadyRunning(RuntimeError):
    """Another kiosk works with this state directory."""


@contextlib.contextmanager
def only_one(state_dir: Path) -> Iterator[None]:
    """Hold the directory; what is held is free again when the program ends, however it ends. Raises AlreadyRunning."""
    state_dir.mkdir(parents=True, exist_ok=True)
    with (state_dir / "running").open("a", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunning(
                f"{state_dir}: a kiosk is running with this state directory; stop it first, or give this one its own"
            ) from error
        yield
