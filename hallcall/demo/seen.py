"""What the panel and the terminal show of the hall, and the mischief that both offer."""

from collections.abc import Mapping
from typing import Final

import msgspec

Act = Mapping[str, str | int | bool]
CROWD: Final = 30  # people whom one press sends


class CounterSeen(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    sign: str = ""
    lamp: str = "off"
    pad: str = ""
    asking: bool = False  # the keypad's rating keys are live
    plugged: bool = True  # the keypad's cable

    @property
    def somebody_waits(self) -> bool:
        """Whether the pad shows people in line: it does while the counter is free."""
        return not self.sign and self.pad.isdigit() and int(self.pad) > 0


class HallSeen(msgspec.Struct, frozen=True, kw_only=True):
    """All as somebody at the devices sees it; only `nodes` is hearsay: what the programs say of themselves."""

    zh: str
    en: str
    counters: tuple[CounterSeen, ...]
    nodes: Mapping[str, bool]  # name → is up
    is_open: bool = False  # every program is at its place
    kiosk: str = ""  # which screen stands on the kiosk
    slips: tuple[str, ...] = ()  # the last ones
    board: tuple[tuple[str, int], ...] = ()  # ticket and counter of each row
    printed: int = 0
    called: int = 0
    spoken: int | None = None  # None: it goes to a real loudspeaker, where nothing counts
    served: int = 0
    rated: int = 0
    waiting: int = 0  # have a slip, were not called
    people: int = 0  # virtual ones in the hall
    gone: int = 0
    expected: int | None = None  # of how many visitors, when they are counted
    lost: int = 0
    doubled: int = 0
    paper: bool = True
    network: bool = True
    clerks: bool = False  # the clerks are virtual
    messages: tuple[str, ...] = ()


class Mischief(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person may do to the hall; `amends` when it undoes what was done."""

    letter: str  # its key in the terminal
    zh: str
    en: str
    act: Act
    amends: bool = False


def mischief(seen: HallSeen) -> tuple[Mischief, ...]:
    """Return what can be done now: what is broken can be mended."""
    plugged = seen.counters[0].plugged
    number = seen.counters[0].number
    return (
        Mischief(letter="s", zh=f"来 {CROWD} 人", en=f"Send {CROWD} people", act={"act": "send"}),
        Mischief(letter="p", zh="缺纸", en="Paper out", act={"act": "end_paper"})
        if seen.paper
        else Mischief(letter="p", zh="装纸", en="Refill paper", act={"act": "refill"}, amends=True),
        Mischief(
            letter="u", zh=f"拔评价器 {number}", en=f"Unplug keypad {number}", act={"act": "unplug", "counter": number}
        )
        if plugged
        else Mischief(
            letter="u",
            zh=f"插上评价器 {number}",
            en=f"Plug in keypad {number}",
            act={"act": "plug", "counter": number},
            amends=True,
        ),
        Mischief(letter="d", zh="杀死调度", en="Kill the dispatcher", act={"act": "kill", "program": "dispatcher"}),
        Mischief(letter="n", zh="断网", en="Cut the network", act={"act": "cut"})
        if seen.network
        else Mischief(letter="n", zh="恢复网络", en="Mend the network", act={"act": "mend"}, amends=True),
    )


def clerks(seen: HallSeen) -> Mischief:
    """Return what hires the virtual clerks, or sends them home."""
    return Mischief(
        letter="a",
        zh="自动办理",
        en="Automatic clerks",
        act={"act": "auto", "on": not seen.clerks},
        amends=seen.clerks,
    )
