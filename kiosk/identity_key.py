"""The key of the hall's kiosks for hashing account and ID numbers: one line in a file that the kiosk alone may read."""

from pathlib import Path

from broker.config import BrokenConfig, KioskFile

from .identity import LEAST_KEY

_MAKE = "head -c 32 /dev/urandom | base64 > FILE"


def identity_key(file: KioskFile) -> bytes | None:
    """Return the key, None where the kiosk has none. Raises BrokenConfig."""
    if not file.identity_key_file:
        return None
    path = Path(file.identity_key_file)
    try:
        key = path.read_text(encoding="ascii").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenConfig(
            f"{path}: the key that hides account and ID numbers cannot be read: {error}; "
            f"make one for all kiosks of the hall with {_MAKE}"
        ) from error
    if len(key) < LEAST_KEY:
        raise BrokenConfig(
            f"{path}: the key that hides account and ID numbers has {len(key)} characters; it needs {LEAST_KEY}: "
            f"make one for all kiosks of the hall with {_MAKE}"
        )
    return key.encode()
