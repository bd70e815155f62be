"""The hall in a terminal: a live picture of it, or plain lines where nobody watches live, as in a CI's log."""

import sys
import time
from types import TracebackType
from typing import Final, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from .seen import CounterSeen, HallSeen, clerks, mischief

REFRESH_S: Final = 0.25
BAR: Final = 20
MESSAGES: Final = 5
LINE_ENDS: Final = (2, 4)  # the keys' lines: each fits 80 columns
SCREENS: Final = {
    "": "尚未开机 not on yet",
    "home": "首页 home",
    "confirm": "确认 confirm",
    "taking": "取号中 taking a number",
    "ticket": "号码 ticket",
    "no_paper": "缺纸 no paper",
    "refused": "不能取号 refused",
    "away": "暂停服务 out of service",
}
LAMPS: Final = {
    "off": "灭 off",
    "red": "红 red",
    "green": "绿 green",
    "red fast": "红闪 red, blinks",
    "green fast": "绿闪 green, blinks",
}


class PlainLines:
    """One line for each notable thing, with the seconds since the start."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None: ...

    def say(self, text: str) -> None:
        sys.stdout.write(f"{time.monotonic() - self._began_s:6.1f} s  {text}\n")
        sys.stdout.flush()

    def news(self, text: str) -> None:
        self.say(text)

    def show(self, seen: HallSeen) -> None:
        """Draw nothing: every change was a line."""


class LiveView:
    """The hall as it is now, redrawn in place; what is said stays above it."""

    def __init__(self, *, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._live = Live(console=self._console, auto_refresh=False)
        self._seen: HallSeen | None = None
        self._drawn_s = 0.0

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._seen is not None:
            self._live.update(picture(self._seen))
        self._live.stop()

    def say(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)

    def news(self, text: str) -> None:
        """Say nothing: it stands among the last messages."""

    def show(self, seen: HallSeen) -> None:
        self._seen = seen
        now_s = time.monotonic()
        if now_s - self._drawn_s >= REFRESH_S:
            self._drawn_s = now_s
            self._live.update(picture(seen), refresh=True)


def picture(seen: HallSeen) -> RenderableType:
    """Return the whole hall as it is now."""
    return Group(
        Rule(Text(f"{seen.zh} {seen.en}", style="bold"), style="green"),
        _nodes(seen),
        _counters(seen),
        _floor(seen),
        Rule(style="bright_black"),
        *_messages(seen),
        _keys(seen),
    )


def _nodes(seen: HallSeen) -> Text:
    line = Text("营业中 open   " if seen.is_open else "启动中 starting   ", style="green" if seen.is_open else "yellow")
    for name, is_up in seen.nodes.items():
        line.append(f"{'●' if is_up else '○'} {name}  ", style="green" if is_up else "bright_black")
    if not seen.network:
        line.append("网络断开 network cut", style="bold red")
    return line


def _counters(seen: HallSeen) -> Table:
    table = Table(box=None, padding=(0, 2), header_style="bright_black")
    for head in ("窗口 counter", "显示屏 sign", "灯 lamp", "叫号器 pad", "评价器 keypad"):
        table.add_column(head, no_wrap=True)
    for each in seen.counters:
        table.add_row(
            str(each.number),
            Text(each.sign or "–", style="bold yellow" if each.sign else "bright_black"),
            LAMPS.get(each.lamp, each.lamp),
            each.pad or "–",
            _keypad(each),
        )
    return table


def _keypad(counter: CounterSeen) -> Text:
    if not counter.plugged:
        return Text("已拔下 unplugged", style="red")
    return Text("请评价 asks", style="green") if counter.asking else Text("–", style="bright_black")


def _floor(seen: HallSeen) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bright_black", no_wrap=True)
    table.add_column()
    kiosk = Text(SCREENS.get(seen.kiosk, seen.kiosk))
    if not seen.paper:
        kiosk.append("   打印机缺纸 printer out of paper", style="red")
    table.add_row("取号机 kiosk", kiosk)
    table.add_row("小票 slips", "  ".join(seen.slips) or "–")
    rows = "   ".join(f"{ticket} ➜ {counter}" for ticket, counter in seen.board)
    table.add_row("大屏 board", Text(rows or "–", style="yellow" if rows else "bright_black"))
    spoken = "" if seen.spoken is None else f"播报 spoken {seen.spoken}   "
    table.add_row(
        "已计 counted",
        f"出票 printed {seen.printed}   叫号 called {seen.called}   {spoken}评价 rated {seen.rated}",
    )
    people = f"厅内 inside {seen.people}   等候 waiting {seen.waiting}"
    if seen.expected is not None:
        gone = min(seen.gone, seen.expected)
        done = BAR * gone // max(1, seen.expected)
        people += f"   {'━' * done}{'╌' * (BAR - done)} {gone}/{seen.expected}"
    table.add_row("顾客 people", people)
    wrong = Text()
    for words, count in (("丢失 lost", seen.lost), ("重复 doubled", seen.doubled)):
        wrong.append(f"{words} {count}   ", style="bold red" if count else "bold green")
    wrong.append("在线缆端清点 counted at the cables", style="bright_black")
    table.add_row("", wrong)
    return table


def _messages(seen: HallSeen) -> list[Text]:
    last = seen.messages[-MESSAGES:]
    return [Text(text, no_wrap=True, overflow="ellipsis") for text in (*last, *[""] * (MESSAGES - len(last)))]


def _keys(seen: HallSeen) -> Text:
    offers = (*mischief(seen), clerks(seen))
    line = Text(style="bright_black")
    for place, offer in enumerate(offers):
        line.append(f"{offer.letter} ", style="bold")
        line.append(f"{offer.zh} {offer.en}", style="red" if offer.amends and offer.letter != "a" else "")
        line.append("\n" if place in LINE_ENDS else "   ")
    return line.append("q", style="bold").append(" 结束 quit")
