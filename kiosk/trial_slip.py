"""The slip that a technician reads, and nobody can take for a ticket: both languages, sizes, a QR code, the cut."""

from datetime import datetime

from .slip import Feed, Item, Line, Mark, Qr, Rule


def trial_slip(*, hall: str, node: str, at: datetime) -> list[Item]:
    """Return a test slip; `at` is aware."""
    return [
        Line("测试小票", 2, bold=True),
        Line("TEST SLIP", 2, bold=True),
        Line("不是排队号 · NOT A TICKET"),
        Mark(),
        Rule(),
        Line(f"{hall} / {node}"),
        Line(f"{at.astimezone():%Y-%m-%d %H:%M:%S}"),
        Line("营业厅 取号 等候 0123456789"),
        Line("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        Rule(),
        Qr("hallcall test"),
        Feed(1),
    ]
