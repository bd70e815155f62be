"""Who the customer is: does the hall ask for it, and does this kiosk have the key that hides numbers."""

from collections.abc import AsyncIterator

from broker.config import BrokenConfig

from ..identity_key import identity_key
from .finding import Bench, Finding, green, red


async def identity(bench: Bench) -> AsyncIterator[Finding]:
    """Say nothing where nobody is asked and no key is named."""
    asked = bench.hall.identity if bench.hall is not None else None
    try:
        key = identity_key(bench.file)
    except BrokenConfig as error:
        yield red("identity_broken", problem=str(error))
        return
    if key is not None:
        yield green("identity_ok", path=bench.file.identity_key_file)
    elif asked is not None:
        yield red("identity_no_key", path=str(bench.path))
