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
    if not os.isatty(terminal) or os.tcgetpgrp(terminal) != os.getpgrp():
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
