"""How old the hall's last copy is; only the dispatcher's box makes any."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from msgspec import structs

from broker.ailments import found
from broker.contract.messages import BoxHealth, Role
from broker.last_copy import last_copy

LAST: Final = "/var/lib/hallcall/last-copy.json"
OLD: Final = timedelta(hours=26)  # a stick that is changed every morning may come late
TOO_OLD: Final = timedelta(days=7)


def look(health: BoxHealth, last: Path, nodes: tuple[str, ...], *, now: datetime) -> BoxHealth:
    """Look at what the last copy left behind."""
    if Role.DISPATCHER.value not in nodes:
        return health
    known = last_copy(last)
    age = now - known.made_at if known.made_at is not None else None
    if age is None:
        finding = found("copy_none")
    elif age > OLD:
        finding = found("copy_too_old" if age > TOO_OLD else "copy_old", days=max(1, age.days))
    elif known.wrong:
        finding = found("copy_failed", wrong=known.wrong)
    else:
        finding = found("copy_ok", hours=round(age.total_seconds() / 3600, 1))
    return structs.replace(health, findings=(*health.findings, finding))
