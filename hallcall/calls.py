"""`hallcall calls`: how soon calls are seen and heard, zone by zone, and whether sign, board and voice are at one."""

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from broker.bus import Bus, Letter, MqttBus
from broker.config import BrokenConfig, SupervisorFile, load_node, login_of
from broker.contract import wire
from broker.contract.messages import HallView, Language, Medium, Presence, Reached, Text
from broker.contract.texts import texts
from broker.reasons import worded
from broker.report.slip import width

from .desk import HALL_WAIT_S, HallAway

TOPICS: Final = (("view/hall", ""), ("node/{}", "+"))
QUIET_S: Final = 0.5  # what the broker has kept comes in one go
LIVE_S: Final = 2.0
AWAY: Final = "the hall does not answer: check [broker] in the node file, and the dispatcher"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The hall and its nodes, as the broker keeps them."""

    hall: HallView | None = None
    nodes: dict[str, Presence] = field(default_factory=dict)

    def heard(self, message: object) -> "Seen":
        match message:
            case HallView():
                return Seen(hall=message, nodes=self.nodes)
            case Presence():
                return Seen(hall=self.hall, nodes={**self.nodes, message.node: message})
            case _:
                return self

    def reached(self) -> list[tuple[Presence, Reached]]:
        """Return what each node says of a zone, sign before row before sound."""
        order = list(Medium)
        told = [(node, each) for node in self.nodes.values() for each in node.reached]
        return sorted(told, key=lambda one: (one[1].zone, order.index(one[1].medium), one[0].node))

    @property
    def is_parted(self) -> bool:
        return any(each.parted for _, each in self.reached())


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="hallcall calls", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="the supervisor's node file")
    parser.add_argument("--live", action="store_true", help="again and again, when something changed; Ctrl-C ends it")
    parser.add_argument("--lang", choices=[each.value for each in Language], default="zh")
    parser.add_argument("--json", action="store_true", help="as data")
    options = parser.parse_args(arguments)

    def said(seen: Seen) -> str:
        return as_json(seen) if options.json else as_text(seen, Language(options.lang))

    try:
        file = load_node(options.config, SupervisorFile)
        bus = MqttBus(
            login=login_of(file),
            subscriptions=[wire.topic(file.hall, pattern, level) for pattern, level in TOPICS],
        )
        with contextlib.suppress(KeyboardInterrupt):
            seen = asyncio.run(look(bus, file.hall, lambda now: _say(said(now)), live=options.live))
            return int(seen.is_parted)
    except (BrokenConfig, HallAway) as error:
        sys.stderr.write(f"hallcall calls: {error}\n")
        return 2
    return 0


async def look(bus: Bus, hall: str, say: Callable[[Seen], None], *, live: bool = False) -> Seen:
    """Gather what the nodes of a hall tell, and say it: once, or `live` for ever. Raises HallAway."""
    seen, news = Seen(), asyncio.Event()

    def hear(letter: Letter) -> None:
        nonlocal seen
        with contextlib.suppress(wire.BadMessage):
            seen = seen.heard(wire.decode(hall, letter.topic, letter.payload).message)
            news.set()

    bus.listen(on_letter=hear, on_state=lambda _: None)
    running = asyncio.create_task(bus.run())
    try:
        async with asyncio.timeout(HALL_WAIT_S):
            while seen.hall is None or not await _is_quiet(news):
                await news.wait()
        say(seen)
        while live:
            told = seen
            await asyncio.sleep(LIVE_S)
            if _without_signs_of_life(seen) != _without_signs_of_life(told):
                say(seen)
    except TimeoutError as error:
        raise HallAway(AWAY) from error
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return seen


async def _is_quiet(news: asyncio.Event) -> bool:
    news.clear()
    try:
        async with asyncio.timeout(QUIET_S):
            await news.wait()
    except TimeoutError:
        return True
    return False


def _without_signs_of_life(seen: Seen) -> object:
    return seen.hall, [(node.node, node.up, each) for node, each in seen.reached()]


def as_text(seen: Seen, language: Language) -> str:
    """Return a block for each zone: a line for each node that shows or says its calls, and what has parted."""
    words = texts(language)["calls"]
    if seen.hall is None:
        return f"{words['nobody']}\n"
    lines = [words["title"].format(hall=_in(seen.hall.hall.name, language)), ""]
    of_zones = seen.reached()
    wide = max([width(each.node) for each, _ in of_zones] or [0])
    media = max(width(words[medium.value]) for medium in Medium)
    for zone in seen.hall.hall.zones:
        lines.append(_in(zone.name, language))
        for medium in Medium:
            label = words[medium.value] + " " * (media - width(words[medium.value]))
            told = [(node, each) for node, each in of_zones if (each.zone, each.medium) == (zone.id, medium)]
            lines += [f"  {label}  {node.node:{wide}}  {_figures(node, each, words)}" for node, each in told]
            lines += [f"  {' ' * media}  ! {worded(each.parted, language)}" for _, each in told if each.parted]
            if not told:
                lines.append(f"  {label}  {words['nobody']}")
    lines += ["", words["parted"] if seen.is_parted else words["at_one"], words["legend"]]
    return "\n".join(lines) + "\n"


def _figures(node: Presence, each: Reached, words: Mapping[str, str]) -> str:
    if not node.up:
        return words["away"]
    if not each.calls:
        return words["none_yet"]
    return words["figures"].format(p50=each.p50_ms, p99=each.p99_ms, worst=each.worst_ms, calls=each.calls)


def _in(text: Text, language: Language) -> str:
    return text.zh if language is Language.ZH else text.en


def as_json(seen: Seen) -> str:
    reached = [{"node": node.node, "up": node.up, **msgspec.to_builtins(each)} for node, each in seen.reached()]
    hall = seen.hall.hall.id if seen.hall is not None else None
    plain = {"hall": hall, "parted": seen.is_parted, "reached": reached}
    return msgspec.json.format(msgspec.json.encode(plain), indent=2).decode() + "\n"


def _say(said: str) -> None:
    sys.stdout.write(said)
    sys.stdout.flush()
