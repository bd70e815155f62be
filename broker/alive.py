"""Tells systemd that a program is ready and alive, where systemd asks for it (sd_notify(3)).

A program that hangs is ended and started anew by systemd: `Type=notify` and `WatchdogSec=` in its unit. Without
NOTIFY_SOCKET in the environment nothing is sent.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from typing import Final

READY: Final = "READY=1"
STILL_ALIVE: Final = "WATCHDOG=1"
STOPPING: Final = "STOPPING=1"
USUAL_S: Final = 1.0


def notify(message: str, environment: Mapping[str, str] = os.environ) -> None:
    """Send one message to systemd; who is not there hears nothing."""
    path = environment.get("NOTIFY_SOCKET", "")
    if not path:
        return
    address = "\0" + path[1:] if path.startswith("@") else path  # "@": in the abstract namespace
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        try:
            sock.connect(address)
            sock.send(message.encode())
        except OSError:  # systemd restarts just now; it will hear the next one
            return


async def keep_alive(ailment: Callable[[], str] = str, environment: Mapping[str, str] = os.environ) -> None:
    """Say READY once nothing ails the program, and after that that it lives, for as long as nothing does.

    Runs on the loop whose turning is the progress that counts; `ailment` says what else stands still, or nothing.
    """
    if not environment.get("NOTIFY_SOCKET"):
        return
    said, every_s = "", watchdog_s(environment)
    is_ready = False
    while True:
        wrong = ailment()
        if wrong != said:
            notify(f"STATUS={wrong or 'alive'}", environment)
            said = wrong
        if not wrong:
            notify(STILL_ALIVE if is_ready else f"{READY}\n{STILL_ALIVE}", environment)
            is_ready = True
        await asyncio.sleep(every_s)


def watchdog_s(environment: Mapping[str, str]) -> float:
    """Return how often to tell: a third of the time after which systemd loses its patience, once a second at most."""
    patience_us = environment.get("WATCHDOG_USEC", "")
    return min(USUAL_S, int(patience_us) / 3e6) if patience_us.isdecimal() and int(patience_us) else USUAL_S
