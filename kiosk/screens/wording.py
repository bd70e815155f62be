"""Days, times and waits, as a screen says them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from broker.contract.messages import Language, QueueRow
from broker.contract.texts import texts

from .. import shelves
from .layout import Said, Scene, Speech

WEEK: Final = 7  # days in which a weekday names one of them


def date(at: datetime, language: Language) -> str:
    table = texts(language)["kiosk"]
    if language is Language.ZH:
        return table["date"].format(month=at.month, day=at.day, weekday=table["weekdays"][at.weekday()])
    return table["date"].format(
        weekday=table["weekdays"].split()[at.weekday()], day=at.day, month=table["months"].split()[at.month - 1]
    )


def weekday(at: datetime, language: Language) -> str:
    days = texts(language)["kiosk"]["weekdays"]
    return days[at.weekday()] if language is Language.ZH else days.split()[at.weekday()]


def opens(scene: Scene, at: datetime, table: str) -> Said:
    """Return when numbers are given out again, in the first language, and in the second or empty."""
    speech = scene.speech
    at = at.astimezone(scene.at.tzinfo)
    days = (at.date() - scene.at.date()).days
    key = "opens" if days == 0 else "opens_on" if days < WEEK or table != "kiosk" else "opens_far"

    def said(language: Language) -> str:
        return texts(language)[table][key].format(
            day=date(at, language), time=f"{at:%H:%M}", weekday=weekday(at, language)
        )

    return said(speech.first), said(speech.second) if speech.second is not None else ""


def shelf_words(scene: Scene, shelf: shelves.Shelf) -> Said:
    if shelf.group is not None:
        return scene.speech.of_text(shelf.group.name)
    return scene.speech.both(f"class_{shelf.service_class.value}" if shelf.service_class is not None else "more")


def booked_words(scene: Scene) -> tuple[Said, Said]:
    """Return the booked time, and how coming now agrees with it."""
    booking, speech = scene.kiosk.booking, scene.speech
    if booking is None:
        return ("", ""), ("", "")
    zone = scene.at.tzinfo
    time = speech.both("booked", time=f"{booking.at.astimezone(zone):%H:%M}")
    called_from = booking.called_from or booking.at
    note = speech.both(f"booked_{booking.standing.value}", time=f"{called_from.astimezone(zone):%H:%M}")
    return time, note


def booked_sentence(scene: Scene) -> Said:
    """Return the same in one sentence."""
    booking, speech = scene.kiosk.booking, scene.speech
    if booking is None:
        return "", ""
    _, (first, second) = booked_words(scene)
    time = f"{booking.at.astimezone(scene.at.tzinfo):%H:%M}"
    said = speech.both("booked_with", time=time, note="{}")
    return said[0].format(first), said[1].format(second) if second else ""


def refusal(speech: Speech, reason: str, args: Mapping[str, str | int]) -> Said:
    """Return why the dispatcher refused, in the first language, and in the second or empty; a day as people say it."""

    def said(language: Language) -> str:
        named = {name: _day(value, language) if name == "day" else value for name, value in args.items()}
        return texts(language)["refusal"][reason].format(**named)

    return said(speech.first), said(speech.second) if speech.second is not None else ""


def _day(value: str | int, language: Language) -> str:
    try:
        return date(datetime.fromisoformat(str(value)), language)
    except ValueError:
        return str(value)


def ahead_figure(row: QueueRow | None) -> str:
    return "–" if row is None else str(row.waiting)


def wait_figure(low: int | None, high: int | None, table: Mapping[str, str]) -> str:
    """Return a range of minutes, or at once, or unknown."""
    if low is None or high is None:
        return table["unknown"]
    if high == 0:
        return table["now"]
    return str(low) if low == high else f"{low}–{high}"


def wait_caption(low: int | None, high: int | None) -> str:
    """Return the key of the words beneath `wait_figure`."""
    if low is None or high is None:
        return "waiting_time"
    return "no_waiting" if high == 0 else "minutes"
