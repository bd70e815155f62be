"""Single keys from the terminal, without Enter; the terminal is given back as it was, whatever happens."""

import asyncio
import atexit
import os
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def keys(press: Callable[[str], None]) -> Iterator[None]:
    """Hand each key typed meanwhile to `press`. Where stdin is no terminal of ours, nothing is typed."""
    terminal = sys.stdin.fileno()
    if not _is_ours(terminal):
        yield
        return
    loop = asyncio.get_running_loop()
    before = termios.tcgetattr(terminal)

    def give_back() -> None:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)

    def read() -> None:
        typed = os.read(terminal, 64).decode(errors="ignore")
        if not typed:
            loop.remove_reader(terminal)
        for letter in typed:
            press(letter)

    atexit.register(give_back)
    try:
        tty.setcbreak(terminal)
        loop.add_reader(terminal, read)
        yield
    finally:
        loop.remove_reader(terminal)
        give_back()
        atexit.unregister(give_back)


def _is_ours(terminal: int) -> bool:
    """Tell whether it is a terminal whose foreground we are: changing it from the background would stop us."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
