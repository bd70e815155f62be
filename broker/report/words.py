"""One language's words for one hall: names of services and classes, times of the hall's clock, spans of time."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from ..contract.messages import Hall, Language, Text

_MINUTE_S: Final = 60
_RANGE: Final = 3  # numbers in a row that are told as a range


class Words:
    """`table` is the table `why` of the language."""

    def __init__(self, table: Mapping[str, str], *, hall: Hall, language: Language) -> None:
        self._table = table
        self._zone = ZoneInfo(hall.timezone)
        name = partial(_in, language)
        self.hall_name = name(hall.name)
        self._services = {each.id: name(each.name) for each in hall.services}
        self._classes = {each.id: name(each.name) for each in hall.classes}

    def say(self, key: str, /, **blanks: object) -> str:
        return self._table[key].format(**blanks)

    def knows(self, key: str) -> bool:
        return key in self._table

    def service(self, service: str) -> str:
        return self._services.get(service, service)

    def priority(self, priority_class: str) -> str:
        return self._classes.get(priority_class, priority_class)

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self._zone)

    def clock(self, at: datetime) -> str:
        return f"{self.local(at):%H:%M}"

    def span(self, seconds: int) -> str:
        """Return how long something takes, as people say it."""
        minutes, rest = divmod(seconds, _MINUTE_S)
        if not minutes:
            return self.say("seconds", seconds=rest)
        if not rest:
            return self.say("minutes", minutes=minutes)
        return self.say("minutes_seconds", minutes=minutes, seconds=rest)

    def part(self, waited_s: int, target_s: int) -> str:
        """Return a wait beside the promised one."""
        if waited_s % _MINUTE_S or target_s % _MINUTE_S or not waited_s:
            return self.say("part", waited=self.span(waited_s), target=self.span(target_s))
        return self.say("part_minutes", waited=waited_s // _MINUTE_S, target=target_s // _MINUTE_S)

    def times(self, times: int) -> str:
        return self.say("once") if times == 1 else self.say("times", times=times)

    def listed(self, items: Iterable[object]) -> str:
        return self.say("between").join(str(each) for each in items)

    def in_parts(self, items: Iterable[str]) -> str:
        """Return items of which each has commas of its own."""
        return self.say("between_parts").join(items)

    def numbers(self, numbers: Iterable[int]) -> str:
        """Return numbers in their order, those in a row as a range."""
        rows: list[list[int]] = []
        for each in sorted(numbers):
            if rows and rows[-1][-1] == each - 1:
                rows[-1].append(each)
            else:
                rows.append([each])
        return self.listed(f"{row[0]}–{row[-1]}" if len(row) >= _RANGE else self.listed(row) for row in rows)

    def together(self, *sentences: str) -> str:
        return self.say("after").join(each for each in sentences if each)


def _in(language: Language, text: Text) -> str:
    return text.zh if language is Language.ZH else text.en
