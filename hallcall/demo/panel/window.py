"""The panel's window: a card for each counter, the mischief, and what was counted.

Importing this module starts Kivy: its environment is set before, in `hallcall.demo.panel.__main__`.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from kivy.app import App
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.uix.widget import Widget
from kivy.utils import get_color_from_hex

from ..seen import Act, CounterSeen, HallSeen, clerks, mischief
from . import parts
from .parts import LIVE, MAIN, OFF, PLAIN, WRONG, Key, Plate, Sheet

LOOK_S: Final = 0.05
DRAWN_S: Final = 0.5  # by then the last state is on the glass
EDGE: Final = 24.0
GAP: Final = 16.0
MESSAGES: Final = 4
NAMES: Final = {"dispatcher": "调度", "kiosk": "取号机", "board": "大屏", "voice": "语音", "box": "窗口盒"}
GRADES: Final = ((1, "满意", "Good"), (2, "一般", "Fair"), (3, "不满意", "Poor"), (4, "投诉", "Complaint"))
LAMPS: Final = {"red": parts.ALERT, "green": parts.ALIVE}  # as they light on the pad; quick and slow look alike

Send = Callable[[Act], None]


class Postbox(Protocol):
    @property
    def ended(self) -> bool: ...

    def newest(self) -> HallSeen | None: ...


class Dot(Plate):
    def __init__(self, sheet: Sheet, x: float, y: float, size: float) -> None:
        super().__init__(sheet, x, y, size, size, radius=size / 2, fill=parts.SHUT, edge=0.1)

    def show(self, colour: str) -> None:
        self.paint(colour, colour)


class CounterCard(Plate):
    """What stands at one counter: its sign, its pad with lamp and three keys, and the customer's keypad."""

    def __init__(self, sheet: Sheet, number: int, x: float, y: float, w: float, *, send: Send) -> None:
        super().__init__(sheet, x, y, w, 376, radius=20, line=parts.LINE)
        left, inner = x + 12, w - 24
        half = (inner - 8) / 2
        self.words(14, 26, 24, fit=130).say(f"{number} 号窗口")
        self.words(w - 14, 28, 15, align=1, fit=90).say(f"Counter {number}", parts.MUTED)
        sign = Plate(sheet, left, y + 46, inner, 66, radius=12, fill=parts.NIGHT)
        self._sign = sign.words(inner / 2, 33, 46, align=0.5, fit=inner - 16)
        self._lamp = Dot(sheet, left + 4, y + 122, 14)
        self._pad = self.words(38, 129, 16, fit=w - 50)
        self._call = Key(sheet, left, y + 144, inner, 58, px=23, press=lambda: press("call"))
        self._start = Key(sheet, left, y + 208, half, 54, px=19, press=lambda: press("start"))
        self._finish = Key(sheet, left + half + 8, y + 208, half, 54, px=19, press=lambda: press("finish"))
        self._keypad = self.words(w / 2, 276, 14, align=0.5, fit=inner)
        self._grades = []
        for place, (grade, zh, en) in enumerate(GRADES):
            key = Key(
                sheet,
                left + (half + 8) * (place % 2),
                y + 288 + 41 * (place // 2),
                half,
                37,
                px=15,
                press=partial(send, {"act": "rate", "counter": number, "grade": grade}),
            )
            self._grades.append((key, zh, en))

        def press(name: str) -> None:
            send({"act": "press", "counter": number, "key": name})

        for each in (sign, self._lamp, self._call, self._start, self._finish, *(key for key, _, _ in self._grades)):
            self.add_widget(each)

    def show(self, seen: CounterSeen) -> None:
        self._sign.say(seen.sign or "–", parts.CALL if seen.sign else parts.NIGHT_MUTED)
        self._lamp.show(LAMPS.get(seen.lamp.partition(" ")[0], parts.LINE))
        self._pad.say(f"叫号器显示 Pad shows  {seen.pad or '–'}", parts.MUTED)
        self._call.show("呼叫", "Call", MAIN if seen.somebody_waits else PLAIN)
        self._start.show("开始", "Start", MAIN if seen.sign and seen.lamp != "green" else PLAIN)
        self._finish.show("完成·过号", "Finish", MAIN if seen.sign and seen.lamp == "green" else PLAIN)
        if not seen.plugged:
            self._keypad.say("评价器已拔下 keypad unplugged", parts.ALERT)
        elif seen.asking:
            self._keypad.say("请顾客评价 keypad asks", parts.BRAND)
        else:
            self._keypad.say("评价器 customer's keypad", parts.MUTED)
        for key, zh, en in self._grades:
            key.show(zh, en, LIVE if seen.asking and seen.plugged else OFF)


class Header(Plate):
    def __init__(self, sheet: Sheet, *, press: Callable[[], None]) -> None:
        super().__init__(sheet, 0, 0, parts.WIDTH, 64, radius=1, fill=parts.BRAND_DEEP)
        self._zh = self.words(EDGE, 23, 24, fit=300)
        self._en = self.words(EDGE, 48, 14, fit=300)
        self._dots: dict[str, tuple[Dot, parts.Words, parts.Words]] = {}
        self._clerks = Key(sheet, parts.WIDTH - EDGE - 190, 8, 190, 48, px=18, press=press)
        self.add_widget(self._clerks)

    def show(self, seen: HallSeen) -> None:
        self._zh.say(f"演示 · {seen.zh}", parts.WHITE)
        self._en.say(f"Demo · {seen.en}", parts.NIGHT_MUTED)
        offer = clerks(seen)
        self._clerks.show(
            f"{offer.zh}：{'开' if seen.clerks else '关'}",
            f"{offer.en}: {'on' if seen.clerks else 'off'}",
            LIVE if seen.clerks else PLAIN,
        )
        for place, (name, is_up) in enumerate(seen.nodes.items()):
            if name not in self._dots:
                x = 345 + place * 90
                dot = Dot(self.sheet, x, 17, 11)
                self.add_widget(dot)
                self._dots[name] = (dot, self.words(x + 17, 22, 17, fit=72), self.words(x + 17, 43, 13, fit=72))
            dot, chinese, english = self._dots[name]
            dot.show(parts.ALIVE if is_up else parts.GREY)
            plain = name.removesuffix("-1")
            chinese.say(NAMES.get(plain, plain), parts.WHITE if is_up else parts.NIGHT_MUTED)
            english.say(plain, parts.NIGHT_MUTED)


class Counted(Plate):
    """Lost and doubled, large; what else was counted, beside them."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__(sheet, EDGE, 76, parts.WIDTH - 2 * EDGE, 96, radius=20, line=parts.LINE)
        self._figures = [self.words(x, 40, 58, align=1, fit=110) for x in (120, 320)]
        for x, zh, en in ((130, "丢失", "lost"), (330, "重复", "doubled")):
            self.words(x, 29, 22, fit=90).say(zh)
            self.words(x, 54, 16, fit=90).say(en, parts.MUTED)
        self.words(24, 80, 15, fit=420).say("在线缆端清点 counted at the cables", parts.MUTED)
        names = (
            ("虚拟顾客", "virtual people"),
            ("已出票", "printed"),
            ("等候", "waiting"),
            ("已叫号", "called"),
            ("已办理", "served"),
            ("已评价", "rated"),
        )
        self._smaller = []
        for place, (zh, en) in enumerate(names):
            x = 458 + place * 91
            self._smaller.append(self.words(x, 28, 32, align=0.5, fit=84))
            self.words(x, 57, 17, align=0.5, fit=84).say(zh)
            self.words(x, 78, 14, align=0.5, fit=84).say(en, parts.MUTED)

    def show(self, seen: HallSeen) -> None:
        for words, count in zip(self._figures, (seen.lost, seen.doubled), strict=True):
            words.say(str(count), parts.ALERT if count else parts.BRAND)
        counts = (seen.people, seen.printed, seen.waiting, seen.called, seen.served, seen.rated)
        for words, count in zip(self._smaller, counts, strict=True):
            words.say(str(count))


class Panel(Widget):  # type: ignore[misc] # Kivy ships no types
    """The whole surface, for a window of a given size."""

    def __init__(self, width: float, height: float, *, send: Send) -> None:
        super().__init__()
        self._sheet = Sheet(width, height)
        self._send = send
        self._seen: HallSeen | None = None
        self._header = Header(self._sheet, press=self._hire)
        self._counted = Counted(self._sheet)
        self._cards: dict[int, CounterCard] = {}
        key_w = (parts.WIDTH - 2 * EDGE - 4 * 12) / 5
        self._mischief = [
            Key(
                self._sheet,
                EDGE + place * (key_w + 12),
                574,
                key_w,
                88,
                px=25,
                press=partial(self._make_mischief, place),
            )
            for place in range(5)
        ]
        below = Plate(self._sheet, EDGE, 676, parts.WIDTH - 2 * EDGE, 110, radius=16, line=parts.LINE)
        self._lines = [below.words(16, 16 + 26 * place, 17, fit=below.w - 32) for place in range(MESSAGES)]
        for each in (self._header, self._counted, *self._mischief, below):
            self.add_widget(each)

    def _make_mischief(self, place: int) -> None:
        if self._seen is not None:
            self._send(mischief(self._seen)[place].act)

    def _hire(self) -> None:
        if self._seen is not None:
            self._send(clerks(self._seen).act)

    def show(self, seen: HallSeen) -> None:
        self._seen = seen
        self._header.show(seen)
        self._counted.show(seen)
        width = (parts.WIDTH - 2 * EDGE - (len(seen.counters) - 1) * GAP) / len(seen.counters)
        for place, counter in enumerate(seen.counters):
            if counter.number not in self._cards:
                card = CounterCard(
                    self._sheet, counter.number, EDGE + place * (width + GAP), 184, width, send=self._send
                )
                self._cards[counter.number] = card
                self.add_widget(card)
            self._cards[counter.number].show(counter)
        for key, offer in zip(self._mischief, mischief(seen), strict=True):
            key.show(offer.zh, offer.en, WRONG if offer.amends else PLAIN)
        last = seen.messages[-MESSAGES:]
        for line, text in zip(self._lines, [*last, *[""] * (MESSAGES - len(last))], strict=True):
            line.say(text, parts.INK if last and text == last[-1] else parts.MUTED)


class PanelApp(App):  # type: ignore[misc] # Kivy ships no types
    title = "Hallcall 演示控制台 demo panel"

    def __init__(self, *, mail: Postbox, send: Send, picture: Path | None) -> None:
        """Stay open until the post ends; with `picture`, draw the last state that came, save it there, and end."""
        super().__init__()
        self._picture = picture
        self._leaving = False
        parts.register_font()
        self._mail = mail
        self._send = send
        self.panel: Panel | None = None

    def load_kv(self, filename: str | None = None) -> bool:  # noqa: ARG002 - Kivy's own signature
        """Load none: every place is given in design pixels."""
        return False

    def build(self) -> Widget:
        Window.clearcolor = get_color_from_hex(parts.PAPER)
        self.panel = Panel(*Window.size, send=self._send)
        Clock.schedule_interval(lambda _: self._look(), LOOK_S)
        return self.panel

    def stop_soon(self) -> None:
        """Close the window; from a signal."""
        Clock.schedule_once(lambda _: self.stop(), 0)

    def _take_picture(self, path: Path, _waited_s: float) -> None:
        taken = Window.screenshot(name=str(path))
        Path(taken).replace(path)
        self.stop()

    def _look(self) -> None:
        seen = self._mail.newest()
        if seen is not None and self.panel is not None:
            self.panel.show(seen)
        if self._mail.ended:
            if self._picture is None:
                self.stop()
            elif not self._leaving:
                self._leaving = True
                Clock.schedule_once(partial(self._take_picture, self._picture), DRAWN_S)
