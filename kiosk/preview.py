"""`hallcall slip preview`: the slip as a picture, drawn from the very bytes that the printer would get."""

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from PIL import Image, ImageOps

from broker.config import BrokenConfig, load_hall
from broker.contract.messages import Counter, Hall, Language, Need, Node, PriorityClass, Role, Service, Text, Zone
from broker.contract.messages import TicketTaken as Taken
from hardware.drivers.escpos_layout import Paper
from hardware.simulators.escpos_commands import Splitter
from hardware.simulators.escpos_paper import Typesetter
from hardware.simulators.escpos_picture import slip_picture

from .paper import DOTS_A_MM, slip_bytes, slip_mm, unprintable
from .scanned import code_of
from .template import SlipKind, load_template, shipped
from .written import Occasion, written

WIDTHS: Final = {58: 384, 80: 576}
EDGE: Final = 32  # of white around the print
EXAMPLE: Final = Hall(
    id="example",
    name=Text(zh="城东供电营业厅", en="Chengdong Service Hall"),
    zones=(Zone(id="main", name=Text(zh="二区", en="zone 2")),),
    services=(
        Service(id="new", name=Text(zh="用电报装", en="New connection"), prefix="B", zone="main"),
        Service(id="pay", name=Text(zh="电费缴纳", en="Pay a bill"), prefix="A", zone="main"),
    ),
    counters=(Counter(number=1, zone="main", skills=("new", "pay")),),
    nodes=(Node(id="kiosk-1", role=Role.KIOSK),),
    classes=(
        PriorityClass(id="courtesy", name=Text(zh="老弱病残孕优先", en="Courtesy")),
        PriorityClass(id="ordinary", name=Text(zh="普通", en="Ordinary")),
    ),
    needs=(Need(id="low", name=Text(zh="需要低位窗口", en="Low counter needed")),),
)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="hallcall slip preview", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the PNG file")
    parser.add_argument(
        "--kind", type=SlipKind, choices=list(SlipKind), default=SlipKind.TICKET, metavar="ticket|return"
    )
    parser.add_argument("--late", action="store_true", help="of a return that comes too late for its old place")
    parser.add_argument("--code", action="store_true", help="with the small code for a kiosk's scanner")
    parser.add_argument("--template", type=Path, help="left out: the shipped one")
    parser.add_argument("--hall", type=Path, help="a hall.toml, for its names and rules; left out: an example")
    parser.add_argument("--lang", type=Language, choices=list(Language), default=Language.ZH, metavar="zh|en")
    parser.add_argument("--width", type=int, choices=WIDTHS, default=80, help="of the paper, in mm")
    parser.add_argument("--large", action="store_true", help="large print")
    parser.add_argument("--reprint", action="store_true", help="a copy, with its mark")
    parser.add_argument("--offline", action="store_true", help="issued while the dispatcher was away")
    parser.add_argument("--priority", action="store_true", help="of the hall's highest class, with a need")
    parser.add_argument("--url", default="", help="with a QR code that holds this")
    options = parser.parse_args(argv)
    try:
        template = load_template(options.template) if options.template is not None else shipped(options.kind)
        hall = load_hall(options.hall) if options.hall is not None else EXAMPLE
    except BrokenConfig as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command line
        return 1
    paper = Paper(width_dots=WIDTHS[options.width])
    items = written(template, _occasion(hall, options), width_dots=paper.width_dots)
    raw = slip_bytes(items, paper=paper)
    picture_of(raw, width_dots=paper.width_dots).save(options.out, optimize=True)
    if boxes := unprintable(items, paper):
        text = f"{boxes}: printed as an empty box, no font here has it; write the name without it"
        print(text, file=sys.stderr)  # noqa: T201 - a command line
    length_mm = slip_mm(items, paper)
    print(f"{options.out}: {len(raw)} bytes, {length_mm} mm of paper")  # noqa: T201 - a command line
    return 0


def picture_of(raw: bytes, *, width_dots: int) -> Image.Image:
    """Return what a printer makes of a slip's bytes, with the paper's white edges."""
    typesetter = Typesetter(width_dots=width_dots)
    steps = [typesetter.step(command) for command in Splitter().feed(raw)]
    picture = slip_picture([step.piece for step in steps if step.piece is not None], width_dots=width_dots)
    return ImageOps.expand(picture, (EDGE, EDGE, EDGE, 12 * DOTS_A_MM), fill=255)


def _occasion(hall: Hall, options: argparse.Namespace) -> Occasion:
    service = hall.services[0]
    at = datetime(2026, 11, 23, 9, 42, tzinfo=ZoneInfo(hall.timezone))
    return Occasion(
        hall=hall,
        service=service,
        zone=next(each for each in hall.zones if each.id == service.zone),
        taken=Taken(
            id="preview",
            visit=f"2026-11-23-{service.prefix}014",
            ticket=f"{service.prefix}014",
            service=service.id,
            ahead=6,
            wait_low_min=15,
            wait_high_min=25,
            issued_at=at,
            priority_class=hall.classes[0].id if options.priority else "ordinary",
        ),
        at=at,
        language=options.lang,
        needs=tuple(each.id for each in hall.needs[:1]) if options.priority else (),
        url=options.url,
        code="" if options.url or not options.code else code_of(f"2026-11-23-{service.prefix}014"),
        after_next=options.kind is SlipKind.RETURN and not options.late,
        large=options.large,
        reprint=options.reprint,
        offline=options.offline,
    )


if __name__ == "__main__":
    sys.exit(main())
