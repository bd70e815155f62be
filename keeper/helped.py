"""Whether somebody outside the hall is let in to help just now: nobody shall forget it."""

from pathlib import Path
from typing import Final

from msgspec import structs

from broker.ailments import found
from broker.contract.messages import BoxHealth
from broker.help_file import OPEN, open_tunnel

OPENED: Final = str(OPEN)


def look(health: BoxHealth, opened: Path) -> BoxHealth:
    """Look whether a help tunnel is open."""
    tunnel = open_tunnel(opened)
    if tunnel is None:
        return health
    until = tunnel.until.astimezone().strftime("%Y-%m-%d %H:%M")
    return structs.replace(health, findings=(*health.findings, found("help_open", until=until, who=tunnel.who)))
